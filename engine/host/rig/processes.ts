import { durationMs } from './duration.ts'
import { type Life, livesOf } from './lives.ts'
import { type Integral, integralFrom, type Pieces, piecesOf } from './load.ts'
import type { Rig, RigProcess } from './schema.ts'
import { type ShortChildren, shortChildren } from './short-children.ts'

/** CPU time of processes that draw the same watts per core in every domain. */
export type Group = { readonly app: string | null; readonly cores: RigProcess['cores'] }

export type ProcessState = Omit<Life, 'pid'> & {
  readonly givenPid: number | null
  /** 0 until it starts. */
  pid: number
  /** Own CPU time since the rig's start or its own, core · ms. */
  readonly own: Integral
  readonly pastCpuMs: number
  readonly group: number
  readonly children: ShortChildren | null
  readonly parent: ProcessState | null
  phase: 'waiting' | 'alive' | 'zombie' | 'ended'
  awakeAtStartMs: number
  /** CPU time of declared children that were waited for. */
  waitedForMs: number
}

/** Group 0 is what has no process of its own: background. */
export function groupsOf(rig: Rig): Group[] {
  const groups: Group[] = [{ app: null, cores: 'performance' }]
  for (const { app = null, cores } of rig.processes) {
    if (indexOfGroup(groups, app, cores) < 0) groups.push({ app, cores })
  }
  return groups
}

export function processesOf(rig: Rig, groups: readonly Group[], awake: (pieces: Pieces) => Pieces): ProcessState[] {
  const states: ProcessState[] = []
  for (const { pid, ...life } of livesOf(rig)) {
    const { spec } = life
    states.push({
      ...life,
      givenPid: pid,
      pid: pid ?? 0,
      own: integralFrom(awake(piecesOf(spec.load, rig)), Math.max(0, life.startMs)),
      pastCpuMs: durationMs(spec.pastCpu),
      group: indexOfGroup(groups, spec.app ?? null, spec.cores),
      children: shortChildren(spec),
      parent: states.findLast((state) => state.spec.name === spec.parent && state.stopMs > life.startMs) ?? null,
      phase: 'waiting',
      awakeAtStartMs: 0,
      waitedForMs: 0,
    })
  }
  return states
}

function indexOfGroup(groups: readonly Group[], app: string | null, cores: Group['cores']): number {
  return groups.findIndex((group) => group.app === app && group.cores === cores)
}
