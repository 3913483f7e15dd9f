import { FAULTS, type FileText } from './branch.ts'
import { durationMs } from './duration.ts'
import { timesOf } from './lives.ts'
import type { Machine } from './machine.ts'
import { devicePath, energyPath } from './powercap-branch.ts'
import type { FaultKind } from './schema.ts'
import type { ZoneState } from './zones.ts'

type Fault = {
  readonly kind: FaultKind
  readonly fromMs: number
  readonly toMs: number
  readonly matches: (path: string) => boolean
}

export interface Faults {
  /** `read` with the faults that the rig declares for this path, while they last. */
  wrap(path: string, read: () => FileText): () => FileText
  /** When faults begin and end. */
  edgesMs(): readonly number[]
}

const TEXTS = {
  empty: '',
  zero: '0\n',
  huge: '99999999999999999999999999\n',
  garbage: 'cpu \0\u00ff) -1 1e999 NaN\n:(\n',
} as const

export function faultsOf(machine: Machine): Faults {
  const faults: Fault[] = machine.rig.events.flatMap((event) => {
    if (!('fault' in event)) return []
    const lengthMs = event.for === undefined ? Number.POSITIVE_INFINITY : durationMs(event.for)
    const matches = matcher(event.path ?? zonePath(machine, event.zone ?? ''))
    return timesOf(machine.rig, event).map((fromMs) => ({
      kind: event.fault,
      fromMs,
      toMs: fromMs + lengthMs,
      matches,
    }))
  })
  return {
    edgesMs: () => faults.flatMap(({ fromMs, toMs }) => [fromMs, toMs]),
    wrap(path, read) {
      const mine = faults.filter((fault) => fault.matches(devicePath(path)))
      if (mine.length === 0) return read
      let stuck: FileText | null = null
      return () => {
        const fault = mine.find(({ fromMs, toMs }) => machine.atMs >= fromMs && machine.atMs < toMs)
        if (fault?.kind !== 'stuck') stuck = null
        if (fault === undefined) return read()
        if (fault.kind === 'stuck') {
          stuck ??= read()
          return stuck
        }
        return faultText(fault.kind)
      }
    },
  }
}

function faultText(kind: Exclude<FaultKind, 'stuck'>): FileText {
  if (kind === 'empty' || kind === 'zero' || kind === 'huge' || kind === 'garbage') return TEXTS[kind]
  return FAULTS[kind]
}

function matcher(pattern: string): (path: string) => boolean {
  const wanted = devicePath(pattern)
  if (!wanted.endsWith('*')) return (path) => path === wanted
  const beginning = wanted.slice(0, -1)
  return (path) => path.startsWith(beginning)
}

/** "package-0", or "package-0/core" for a child. */
export function zoneKey(zone: ZoneState, zones: readonly ZoneState[]): string {
  const parent = zones.find(({ id }) => id === zone.parent)
  return parent === undefined ? zone.spec.zone : `${parent.spec.zone}/${zone.spec.zone}`
}

function zonePath(machine: Machine, key: string): string {
  const zone = machine.zones.find((other) => zoneKey(other, machine.zones) === key)
  if (zone === undefined) throw new Error(`no zone ${key}: checked when the rig was read`)
  return energyPath(zone)
}
