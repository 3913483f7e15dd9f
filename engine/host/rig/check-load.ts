import { isLocal } from './calendar.ts'
import type { Mistake } from './check.ts'
import { durationMs } from './duration.ts'
import type { JsonPath } from './json-lines.ts'
import type { Rig } from './schema.ts'
import type { Load, Window } from './schema-load.ts'

const MOST_PERIODS = 1_000_000
export const TOO_OFTEN = 'expected at least "1ms", and at most a million periods in the rig’s duration'

/** Truth looks at every period of a load. */
export function isTooOften(rig: Rig, every: string): boolean {
  const everyMs = durationMs(every)
  return everyMs === 0 || durationMs(rig.duration) / everyMs > MOST_PERIODS
}

/** What the schema cannot say of a load: order of times, lengths that fit. */
export function checkLoad(rig: Rig, load: Load, path: JsonPath): Mistake[] {
  if (typeof load === 'number') return []
  if ('steps' in load) return checkPoints(load.steps, [...path, 'steps'])
  if ('ramp' in load) return checkPoints(load.ramp, [...path, 'ramp'])
  if ('wave' in load) {
    return isTooOften(rig, load.wave.period) ? [{ path: [...path, 'wave', 'period'], expected: TOO_OFTEN }] : []
  }
  if ('bursts' in load) return checkBursts(rig, load.bursts, [...path, 'bursts'])
  if ('sum' in load) return load.sum.flatMap((part, index) => checkLoad(rig, part, [...path, 'sum', index]))
  return [...checkWindow(rig, load, path), ...checkLoad(rig, load.load, [...path, 'load'])]
}

/** The largest value that a load can ever have. */
export function largest(load: Load): number {
  if (typeof load === 'number') return load
  if ('steps' in load) return Math.max(...load.steps.map(([, value]) => value))
  if ('ramp' in load) return Math.max(...load.ramp.map(([, value]) => value))
  if ('wave' in load) return Math.max(load.wave.high, load.wave.low ?? 0)
  if ('bursts' in load) return Math.max(...load.bursts.between)
  if ('sum' in load) return load.sum.reduce<number>((sum, part) => sum + largest(part), 0)
  return largest(load.load)
}

function checkPoints(points: readonly [string, number][], path: JsonPath): Mistake[] {
  return points.flatMap(([at], index) => {
    const before = points[index - 1]
    if (before === undefined || durationMs(before[0]) < durationMs(at)) return []
    return [{ path: [...path, index, 0], expected: `expected a time after ${before[0]}` }]
  })
}

function checkBursts(rig: Rig, bursts: Extract<Load, { bursts: unknown }>['bursts'], path: JsonPath): Mistake[] {
  const everyMs = durationMs(bursts.every)
  const [shortestMs, longestMs] = [durationMs(bursts.lasts[0]), durationMs(bursts.lasts[1])]
  if (isTooOften(rig, bursts.every)) return [{ path: [...path, 'every'], expected: TOO_OFTEN }]
  if (shortestMs > longestMs || longestMs > everyMs) {
    return [{ path: [...path, 'lasts'], expected: `expected [shortest, longest], at most every (${bursts.every})` }]
  }
  if (bursts.between[0] <= bursts.between[1]) return []
  return [{ path: [...path, 'between'], expected: 'expected [smallest, largest]' }]
}

export function checkWindow(rig: Rig, window: Window, path: JsonPath): Mistake[] {
  if (isLocal(window) !== window.to.includes(':')) {
    return [{ path: [...path, 'to'], expected: 'expected from and to to be both local times or both durations' }]
  }
  if (isLocal(window)) {
    const isDaily = window.every === undefined || window.every === '24h' || window.every === '1d'
    return isDaily ? [] : [{ path: [...path, 'every'], expected: 'expected "24h": local times recur daily' }]
  }
  if (window.days !== undefined) return [{ path: [...path, 'days'], expected: 'expected local times beside days' }]
  const everyMs = durationMs(window.every ?? '24h')
  const [fromMs, toMs] = [durationMs(window.from), durationMs(window.to)]
  if (isTooOften(rig, window.every ?? '24h')) return [{ path: [...path, 'every'], expected: TOO_OFTEN }]
  return fromMs < toMs && toMs <= everyMs ? [] : [{ path: [...path, 'to'], expected: 'expected from < to ≤ every' }]
}
