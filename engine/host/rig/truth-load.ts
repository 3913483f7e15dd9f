import { burstOf } from './bursts.ts'
import { recurrence, type Span } from './calendar.ts'
import { durationMs } from './duration.ts'
import type { Rig } from './schema.ts'
import type { Load } from './schema-load.ts'

/**
 * The integral of a load over an interval, for the truth of rigs: the interval is cut at every moment where the load may bend, and within a
 * cut the load is linear, so its middle value times the length is exact. The counters' running integrals (load.ts) share none of this.
 */
export function exactIntegral(load: Load, rig: Rig, spans: readonly Span[]): number {
  let sum = 0
  for (const { fromMs, toMs } of spans) {
    const inner = bendsOf(load, rig, fromMs, toMs).filter((atMs) => atMs > fromMs && atMs < toMs)
    const cuts = [fromMs, ...new Set(inner.toSorted((a, b) => a - b)), toMs]
    for (let index = 1; index < cuts.length; index++) {
      const [startMs, endMs] = [cuts[index - 1] ?? 0, cuts[index] ?? 0]
      sum += valueAt(load, rig, (startMs + endMs) / 2) * (endMs - startMs)
    }
  }
  return sum
}

/** The load at one moment, straight from its declaration. */
export function valueAt(load: Load, rig: Rig, atMs: number): number {
  if (typeof load === 'number') return load
  if ('steps' in load) return stepAt(load.steps, atMs)
  if ('ramp' in load) return rampAt(load.ramp, atMs)
  if ('wave' in load) {
    const { period, high, low = 0, duty = 0.5 } = load.wave
    return atMs % durationMs(period) < Math.round(durationMs(period) * duty) ? high : low
  }
  if ('bursts' in load) {
    const burst = burstOf(load.bursts, Math.floor(atMs / durationMs(load.bursts.every)))
    return burst !== null && burst.fromMs <= atMs && atMs < burst.toMs ? burst.value : 0
  }
  if ('sum' in load) return load.sum.reduce<number>((sum, part) => sum + valueAt(part, rig, atMs), 0)
  return cachedRecurrence(load, rig)(atMs).inside ? valueAt(load.load, rig, atMs) : 0
}

const times = new WeakMap<object, number[]>()

/** Read once: what servers do makes thousands of steps. */
function timesOf(steps: readonly [string, number][]): number[] {
  const known = times.get(steps) ?? steps.map(([at]) => durationMs(at))
  times.set(steps, known)
  return known
}

function stepAt(steps: readonly [string, number][], atMs: number): number {
  const stepsMs = timesOf(steps)
  let [before, after] = [-1, stepsMs.length]
  while (after - before > 1) {
    const middle = (before + after) >> 1
    if ((stepsMs[middle] as number) <= atMs) before = middle
    else after = middle
  }
  return steps[before]?.[1] ?? 0
}

function rampAt(ramp: readonly [string, number][], atMs: number): number {
  const index = ramp.findLastIndex(([at]) => durationMs(at) <= atMs)
  const [before, after] = [ramp[index], ramp[index + 1]]
  if (before === undefined) return 0
  if (after === undefined) return before[1]
  const share = (atMs - durationMs(before[0])) / (durationMs(after[0]) - durationMs(before[0]))
  return before[1] * (1 - share) + after[1] * share
}

/** Every moment in the interval where the load may jump or change its slope. */
function bendsOf(load: Load, rig: Rig, fromMs: number, toMs: number): number[] {
  if (typeof load === 'number') return []
  if ('steps' in load) return timesOf(load.steps)
  if ('ramp' in load) return load.ramp.map(([at]) => durationMs(at))
  if ('sum' in load) return load.sum.flatMap((part) => bendsOf(part, rig, fromMs, toMs))
  if ('wave' in load) {
    const periodMs = durationMs(load.wave.period)
    const highMs = Math.round(periodMs * (load.wave.duty ?? 0.5))
    return slots(periodMs, fromMs, toMs).flatMap((slot) => [slot * periodMs, slot * periodMs + highMs])
  }
  if ('bursts' in load) {
    return slots(durationMs(load.bursts.every), fromMs, toMs).flatMap((slot) => {
      const burst = burstOf(load.bursts, slot)
      return burst === null ? [] : [burst.fromMs, burst.toMs]
    })
  }
  const edges: number[] = []
  const isInside = cachedRecurrence(load, rig)
  for (let atMs = isInside(fromMs).untilMs; atMs < toMs; atMs = isInside(atMs).untilMs) edges.push(atMs)
  return [...edges, ...bendsOf(load.load, rig, fromMs, toMs)]
}

function slots(lengthMs: number, fromMs: number, toMs: number): number[] {
  const first = Math.floor(fromMs / lengthMs)
  return Array.from({ length: Math.ceil(toMs / lengthMs) - first + 1 }, (_, index) => first + index)
}

const recurrences = new WeakMap<object, ReturnType<typeof recurrence>>()

function cachedRecurrence(load: Extract<Load, { from: string }>, rig: Rig): ReturnType<typeof recurrence> {
  const known = recurrences.get(load) ?? recurrence(rig, load)
  recurrences.set(load, known)
  return known
}
