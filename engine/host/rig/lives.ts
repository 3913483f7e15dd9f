import { type Span, windowsOf } from './calendar.ts'
import { durationMs, signedDurationMs } from './duration.ts'
import { Process, type Rig, type RigEvent, type RigProcess } from './schema.ts'

/** One process from its start to its end; a declaration with `alive` has several lives, each with its own pid. */
export type Life = {
  readonly spec: RigProcess
  /** `null` where the machine gives out the next number when it starts. */
  readonly pid: number | null
  /** Since the rig's start; -Infinity where it was there before, Infinity where it outlives the rig. */
  readonly startMs: number
  readonly stopMs: number
  /** Dead, and not yet waited for, until then. */
  readonly reapedMs: number
  readonly startTicks: number
}

const FIRST_PID = 1_000
/** Sleepers that are always there stand above all numbers that are given out. */
export const FIRST_IDLE_PID = 200_000

const INIT: Life = {
  spec: Process.parse({ name: 'systemd', exe: '/usr/lib/systemd/systemd', uid: 0 }),
  pid: 1,
  startMs: Number.NEGATIVE_INFINITY,
  stopMs: Number.POSITIVE_INFINITY,
  reapedMs: Number.POSITIVE_INFINITY,
  startTicks: 1,
}

/** In the order of their starts; the first is process 1, which every machine has. */
export function livesOf(rig: Rig): Life[] {
  return [INIT, ...declaredLives(rig)]
}

function declaredLives(rig: Rig): Life[] {
  const taken = new Set(rig.processes.flatMap((spec) => spec.pid ?? []))
  let lastPid = FIRST_PID
  const nextPid = () => {
    do lastPid += 7
    while (taken.has(lastPid))
    return lastPid
  }
  const spans = rig.processes.flatMap((spec) => spansOf(rig, spec).map((span) => ({ spec, ...span })))
  return spans
    .toSorted((a, b) => a.fromMs - b.fromMs)
    .map(({ spec, fromMs, toMs }, index): Life => {
      const isOld = fromMs === Number.NEGATIVE_INFINITY
      const pid = spec.pid ?? (isOld ? nextPid() : null)
      const startTicks = isOld ? 500 + index : Math.floor((durationMs(rig.uptime) + fromMs) / 10)
      return { spec, pid, startMs: fromMs, stopMs: toMs, reapedMs: toMs + durationMs(spec.zombieFor), startTicks }
    })
}

function spansOf(rig: Rig, spec: RigProcess): Span[] {
  if (spec.alive !== undefined) return windowsOf(rig, spec.alive)
  const fromMs = spec.start === undefined ? Number.NEGATIVE_INFINITY : durationMs(spec.start)
  const toMs = spec.stop === undefined ? Number.POSITIVE_INFINITY : durationMs(spec.stop)
  return [{ fromMs, toMs }]
}

export type Happening =
  | { readonly kind: 'suspend'; readonly atMs: number; readonly forMs: number; readonly resetsCounters: boolean }
  | { readonly kind: 'clockStep'; readonly atMs: number; readonly byMs: number }
  | { readonly kind: 'stall'; readonly atMs: number; readonly forMs: number }

/** What befalls the machine's clocks, in order, recurring events written out. Faults are files' business: faults.ts. */
export function happeningsOf(rig: Rig): Happening[] {
  const happenings = rig.events.flatMap((event) => timesOf(rig, event).flatMap((atMs) => happening(event, atMs) ?? []))
  return happenings.toSorted((a, b) => a.atMs - b.atMs)
}

function happening(event: RigEvent, atMs: number): Happening | null {
  if ('suspend' in event) {
    return { kind: 'suspend', atMs, forMs: durationMs(event.suspend), resetsCounters: event.counters === 'reset' }
  }
  if ('clockStep' in event) return { kind: 'clockStep', atMs, byMs: signedDurationMs(event.clockStep) }
  if ('stall' in event) return { kind: 'stall', atMs, forMs: durationMs(event.stall) }
  return null
}

export function timesOf(rig: Rig, event: { at: string; every?: string | undefined }): number[] {
  const firstMs = durationMs(event.at)
  if (event.every === undefined) return [firstMs]
  const everyMs = durationMs(event.every)
  const times: number[] = []
  for (let atMs = firstMs; atMs < durationMs(rig.duration); atMs += everyMs) times.push(atMs)
  return times
}

/** When the machine is asleep. */
export function sleepsOf(rig: Rig): Span[] {
  return happeningsOf(rig).flatMap((event) =>
    event.kind === 'suspend' ? { fromMs: event.atMs, toMs: event.atMs + event.forMs } : [],
  )
}
