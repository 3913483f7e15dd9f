import type { LookAnswer, LookRequest } from '../../processes/macos-look.ts'
import { durationMs } from './duration.ts'
import { FIRST_IDLE_PID } from './lives.ts'
import type { Machine, ShortChild } from './machine.ts'
import { parentPid, programOf, ticks } from './proc-text.ts'
import type { ProcessState } from './processes.ts'

/** A Mach tick of Apple's chips is 125/3 ns. */
const TIMEBASE = { numerator: 125, denominator: 3 } as const
const TICKS_PER_MS = 24_000
/** Start times of rigs have steps of 10 ms. */
const TICKS_PER_START = 240_000
/** Numbers are never given out twice, and a parent's is smaller: room for the children of each process. */
const IDS_PER_PROCESS = 10_000_000
const MOST_COMM = 15
const WRAP = 2 ** 32
const IDLE_START_TICKS = 100

type Described = LookAnswer['processes'][number]
type Usage = LookAnswer['usages'][number]['usage']
type Found =
  | { readonly kind: 'process'; readonly process: ProcessState }
  | { readonly kind: 'child'; readonly parent: ProcessState; readonly child: ShortChild }
  | { readonly kind: 'idle'; readonly number: number }

/** Looks as engine/vendor/libproc.ts answers them: each process is described when it is new, and times are one's own processes'. */
export function macLooks(machine: Machine): (request: LookRequest) => LookAnswer {
  const { meterUid, cpu, uptime, idleProcesses } = machine.rig
  const ids = new Map(machine.processes.map((process, index) => [process, (index + 1) * IDS_PER_PROCESS]))
  let seen: ReadonlySet<number> = new Set()

  function found(): ReadonlyMap<number, Found> {
    const all = new Map<number, Found>()
    for (const [pid, process] of machine.living()) {
      all.set(pid, { kind: 'process', process })
      const child = process.children === null ? null : machine.shortChild(process)
      if (child !== null) all.set(child.pid, { kind: 'child', parent: process, child })
    }
    for (let number = 0; number < idleProcesses; number++) all.set(FIRST_IDLE_PID + number, { kind: 'idle', number })
    return all
  }

  function isForeign(uid: number): boolean {
    return meterUid !== 0 && uid !== meterUid
  }

  /** A process that ended and was not waited for has no description any more, and its times still. */
  function described(pid: number, one: Found | undefined): Described[] {
    if (one === undefined) return []
    if (one.kind === 'child') return [describedChild(pid, one.parent, one.child)]
    if (one.kind === 'idle') return [describedIdle(pid, one.number)]
    const { process } = one
    if (process.phase !== 'alive') return []
    const { uid, bundleId = null, cwd } = process.spec
    const { exe, args } = pid === 1 ? { exe: '/sbin/launchd', args: [] } : programOf(process, machine.atMs)
    return [
      {
        pid,
        uniqueId: `${ids.get(process) ?? 0}`,
        parentId: `${parentId(process)}`,
        ppid: parentPid(process),
        uid,
        isZombie: false,
        comm: process.spec.comm ?? exe.slice(exe.lastIndexOf('/') + 1).slice(0, MOST_COMM),
        path: exe,
        bundleId,
        words: isForeign(uid) ? [] : [exe, ...args],
        workingDirectory: isForeign(uid) ? null : cwd,
      },
    ]
  }

  function describedChild(pid: number, parent: ProcessState, child: ShortChild): Described {
    const { uid, cwd, children } = parent.spec
    const comm = children?.comm ?? 'sh'
    const id = (ids.get(parent) ?? 0) + 1 + child.startTicks
    const path = `/bin/${comm}`
    const [words, workingDirectory] = isForeign(uid) ? [[], null] : [[path], cwd]
    const parentId = `${ids.get(parent) ?? 0}`
    return {
      pid,
      uniqueId: `${id}`,
      parentId,
      ppid: parent.pid,
      uid,
      isZombie: false,
      comm,
      path,
      bundleId: null,
      words,
      workingDirectory,
    }
  }

  /** Root's, as most sleepers of a Mac are. */
  function describedIdle(pid: number, number: number): Described {
    const uniqueId = `${(machine.processes.length + 1) * IDS_PER_PROCESS + number}`
    const path = '/usr/libexec/idle'
    const own = { words: [], workingDirectory: null, bundleId: null, isZombie: false }
    return { ...own, pid, uniqueId, parentId: `${IDS_PER_PROCESS}`, ppid: 1, uid: 0, comm: 'idle', path }
  }

  function parentId({ parent, pid }: ProcessState): number {
    if (pid === 1) return 0
    return (parent?.phase === 'alive' ? ids.get(parent) : undefined) ?? IDS_PER_PROCESS
  }

  function usage(one: Found | undefined): Usage {
    if (one === undefined) return 'gone'
    if (isForeign(uidOf(one))) return 'denied'
    if (one.kind === 'idle') return usageOf('idle', IDLE_START_TICKS, 0, 0, 0)
    if (one.kind === 'child') {
      const { parent, child } = one
      return usageOf('child', child.startTicks, child.cpuMs, 0, child.cpuMs * wattsPerCore(machine, parent))
    }
    const { process } = one
    const ownMs = process.pastCpuMs + process.own.total
    const childMs = process.waitedForMs + machine.childCpuMs(process).endedMs
    const image = programOf(process, machine.atMs).exe
    return usageOf(image, process.startTicks, ownMs, childMs, ownMs * wattsPerCore(machine, process))
  }

  function cpuTicks() {
    const busyMs = machine.busyMs('performance') + machine.busyMs('efficiency')
    const beforeMs = durationMs(uptime) * cpu.logicalCpus
    const busyTicks = ticks(busyMs)
    const system = Math.floor(busyTicks / 10)
    const idle = ticks(beforeMs + Math.max(0, machine.awakeMs() * cpu.logicalCpus - busyMs))
    return { user: (busyTicks - system) % WRAP, system: system % WRAP, idle: idle % WRAP, nice: 0 }
  }

  return ({ all, describe, times }) => {
    const now = found()
    const isWhole = all || seen.size === 0
    const fresh = [...now.keys()].filter((pid) => isWhole || !seen.has(pid))
    const gone = isWhole ? [] : [...seen].filter((pid) => !now.has(pid))
    seen = new Set(now.keys())
    return {
      cpuTicks: cpuTicks(),
      timebase: TIMEBASE,
      performanceLevels: cpu.efficiency === undefined ? 1 : 2,
      isWhole,
      gone,
      processes: [...new Set([...fresh, ...describe])].flatMap((pid) => described(pid, now.get(pid))),
      usages: [...new Set([...fresh, ...times])].map((pid) => ({ pid, usage: usage(now.get(pid)) })),
    }
  }
}

function uidOf(one: Found): number {
  if (one.kind === 'idle') return 0
  return one.kind === 'child' ? one.parent.spec.uid : one.process.spec.uid
}

/** When a process began, as its times tell it. */
export function macStartTicks({ startTicks }: Pick<ProcessState, 'startTicks'>): number {
  return startTicks * TICKS_PER_START
}

function usageOf(image: string, startTicks: number, ownMs: number, childMs: number, energyMj: number): Usage {
  return {
    image,
    startTicks: `${macStartTicks({ startTicks })}`,
    ownTicks: `${Math.floor(ownMs * TICKS_PER_MS)}`,
    childTicks: `${Math.floor(childMs * TICKS_PER_MS)}`,
    energyNj: `${Math.floor(energyMj * 1e6)}`,
  }
}

/** The kernel counts what its work on the cores drew. */
function wattsPerCore(machine: Machine, { group }: ProcessState): number {
  return machine.zones.find(({ spec }) => spec.zone === 'package-0')?.weightsW[group] ?? 0
}

/** As engine/vendor/accelerators.ts answers: a client for each process that uses the GPU, with its time since it began. */
export function acceleratorsAnswer(machine: Machine) {
  const accelerators = machine.cards.map(({ users }) => ({
    className: 'AGXAcceleratorG16G',
    clients: users
      .map(({ process, busy }, index) => ({ process, busy, index }))
      .filter(({ process }) => process.phase === 'alive')
      .map(({ process, busy, index }) => ({
        id: `${FIRST_CLIENT + index}`,
        creator: `pid ${process.pid}, ${process.spec.name.slice(0, MOST_COMM)}`,
        usage: [{ API: 'Metal', accumulatedGPUTime: `${Math.floor(busy.total * 1e6)}` }],
        time: null,
      })),
  }))
  return { accelerators }
}

/** Registry entries are numbered from 4294967296 on. */
const FIRST_CLIENT = 2 ** 32 + 1_000
