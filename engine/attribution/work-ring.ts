import type { AppId, ModelId } from '../../contract/ids.ts'

/** What one model did and held in an interval, as far as servers and the metering proxy told by its end. */
export type ModelWork = {
  readonly model: ModelId
  readonly app: AppId
  /** Work done: w_p · prompt tokens + deltas (attribution.md §4), images by step, audio by seconds; 0 where none is known. */
  readonly work: number
  /** Requests at work on it; `null` where nobody tells. */
  readonly inFlight: number | null
  /** Memory that it holds; `null` where it is not told. */
  readonly residentBytes: number | null
  readonly isLoading: boolean
}

/** One tick's work. Of an app that is listed in `idleApps` it is known that nothing was in flight all through the interval. */
export type WorkSample = {
  readonly fromMs: number
  readonly toMs: number
  readonly models: readonly ModelWork[]
  readonly idleApps: readonly AppId[]
}

/** The same over the interval of a reading, of one app. */
export type AppWork = {
  readonly models: readonly ModelWork[]
  /** Nothing was in flight in any part of the interval: what the app burnt was idle (attribution.md §3, spin). */
  readonly wasIdle: boolean
}

export const NO_WORK: AppWork = { models: [], wasIdle: false }

const KEPT_MS = 15 * 60_000

/** Keeps what models did for 15 minutes, so that a late reading is divided over exactly what it covers. */
export interface WorkRing {
  push(sample: WorkSample): void
  between(app: AppId, fromMs: number, toMs: number): AppWork
  clear(): void
}

export function createWorkRing(): WorkRing {
  let samples: WorkSample[] = []

  return {
    push(sample) {
      samples.push(sample)
      const oldest = samples[0] as WorkSample
      if (oldest.toMs < sample.toMs - 2 * KEPT_MS)
        samples = samples.filter((kept) => kept.toMs >= sample.toMs - KEPT_MS)
    },
    between(app, fromMs, toMs) {
      const models = new Map<ModelId, { -readonly [K in keyof ModelWork]: ModelWork[K] }>()
      let idleMs = 0
      for (let index = samples.length - 1; index >= 0; index--) {
        const sample = samples[index] as WorkSample
        if (sample.toMs <= fromMs) break
        const overlapMs = Math.min(toMs, sample.toMs) - Math.max(fromMs, sample.fromMs)
        if (overlapMs <= 0) continue
        const part = overlapMs / (sample.toMs - sample.fromMs)
        if (sample.idleApps.includes(app)) idleMs += overlapMs
        for (const one of sample.models) {
          if (one.app !== app) continue
          const known = models.get(one.model)
          if (known === undefined) {
            models.set(one.model, { ...one, work: one.work * part })
            continue
          }
          known.work += one.work * part
          // Walking back in time: what is newest stands, but whoever had requests in any part of the interval had some.
          known.inFlight = mostOf(known.inFlight, one.inFlight)
          known.residentBytes = mostOf(known.residentBytes, one.residentBytes)
          known.isLoading ||= one.isLoading
        }
      }
      return { models: [...models.values()], wasIdle: idleMs > 0 && idleMs >= (toMs - fromMs) * 0.95 }
    },
    clear() {
      samples = []
    },
  }
}

function mostOf(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}
