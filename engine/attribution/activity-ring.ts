import type { AppId } from '../../contract/ids.ts'
import type { ActivitySample } from '../processes/sampler.ts'

/** What was done in an interval, by app: CPU ms. `coveredMs` is the part of it that samples cover. */
export type Activity = {
  readonly totalMs: number
  readonly coveredMs: number
  readonly apps: readonly { readonly app: AppId; readonly amount: number }[]
}

const KEPT_MS = 15 * 60_000
/** A source is read right before the processes are: ends this close are the same tick. */
const SAME_TICK_MS = 50

/** Keeps the activity of the last 15 minutes tick by tick, so that a late reading is attributed over exactly what it covers. */
export interface ActivityRing {
  push(sample: ActivitySample): void
  between(fromMs: number, toMs: number): Activity
  clear(): void
}

export function createActivityRing(): ActivityRing {
  let samples: ActivitySample[] = []

  function overlapping(fromMs: number, toMs: number): Activity {
    const amounts = new Map<AppId, number>()
    let totalMs = 0
    let coveredMs = 0
    for (let i = samples.length - 1; i >= 0; i--) {
      const sample = samples[i] as ActivitySample
      if (sample.atMs <= fromMs) break
      const overlapMs = Math.min(toMs, sample.atMs) - Math.max(fromMs, sample.atMs - sample.intervalMs)
      if (overlapMs <= 0) continue
      const part = overlapMs / sample.intervalMs
      coveredMs += overlapMs
      totalMs += sample.busyMs * part
      for (const app of sample.apps) amounts.set(app.app, (amounts.get(app.app) ?? 0) + app.cpuMs * part)
    }
    return { totalMs, coveredMs, apps: [...amounts].map(([app, amount]) => ({ app, amount })) }
  }

  return {
    push(sample) {
      samples.push(sample)
      const oldest = samples[0] as ActivitySample
      if (oldest.atMs < sample.atMs - 2 * KEPT_MS)
        samples = samples.filter((kept) => kept.atMs >= sample.atMs - KEPT_MS)
    },
    between(fromMs, toMs) {
      const newest = samples.at(-1)
      if (newest === undefined) return { totalMs: 0, coveredMs: 0, apps: [] }
      const isNewest =
        Math.abs(newest.atMs - toMs) <= SAME_TICK_MS &&
        Math.abs(newest.atMs - newest.intervalMs - fromMs) <= SAME_TICK_MS
      if (!isNewest) return overlapping(fromMs, toMs)
      return {
        totalMs: newest.busyMs,
        coveredMs: toMs - fromMs,
        apps: newest.apps.map((app) => ({ app: app.app, amount: app.cpuMs })),
      }
    },
    clear() {
      samples = []
    },
  }
}
