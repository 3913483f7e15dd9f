import type Database from 'better-sqlite3'
import { type Histogram, medianOf, unpackHistogramInto } from '../histogram.ts'
import type { WorkQuestion } from './work-range.ts'

/** The newest of one model: of hundreds a median is as good as of all. */
export const MODEL_PACES = `
  SELECT output_tokens AS tokens, duration_ms AS durationMs, first_ms AS firstMs
  FROM request WHERE model_id = ? AND ended_ms >= ? AND ended_ms < ? ORDER BY ended_ms DESC LIMIT 500`
export const FIRST_BINS = `
  SELECT model_id AS model, bins FROM request_histogram WHERE start_s >= ? AND start_s < ? AND what = 'first_ms'`

const DAY_S = 86_400

export type Pace = {
  /** Tokens ÷ time between the first token and the last. */
  readonly tokensPerS: number | null
  /** Median time to the first token. */
  readonly ttftMs: number | null
}

type Kept = { readonly tokens: number | null; readonly durationMs: number; readonly firstMs: number | null }

/**
 * How fast models answered: of requests that are kept, else, where they are not, of their histograms by the day. Relies on the index
 * `request_by_model` and the primary key of `request_histogram`.
 */
export function modelPaces(db: Database.Database, { fromS, toS }: WorkQuestion): (model: number) => Pace {
  const kept = db.prepare<number[], Kept>(MODEL_PACES)
  let folded: ReadonlyMap<number, Histogram> | null = null
  const foldedFirst = (model: number) => {
    folded ??= firstsByModel(db, fromS - (fromS % DAY_S), toS)
    return medianOf(folded.get(model) ?? new Map())
  }
  return (model) => {
    const requests = kept.all(model, fromS * 1_000, toS * 1_000)
    const firsts = requests.flatMap(({ firstMs }) => firstMs ?? []).sort((a, b) => a - b)
    return { tokensPerS: paceOf(requests), ttftMs: firsts[Math.floor(firsts.length / 2)] ?? foldedFirst(model) }
  }
}

function firstsByModel(db: Database.Database, fromS: number, toS: number): ReadonlyMap<number, Histogram> {
  const byModel = new Map<number, Histogram>()
  for (const { model, bins } of db.prepare<number[], { model: number; bins: Uint8Array }>(FIRST_BINS).all(fromS, toS)) {
    const histogram = byModel.get(model) ?? new Map()
    byModel.set(model, histogram)
    unpackHistogramInto(histogram, bins)
  }
  return byModel
}

function paceOf(requests: readonly Kept[]): number | null {
  let tokens = 0
  let ms = 0
  for (const { tokens: written, durationMs, firstMs } of requests) {
    const writingMs = durationMs - (firstMs ?? 0)
    if (written === null || writingMs <= 0) continue
    tokens += written
    ms += writingMs
  }
  return ms > 0 ? (1_000 * tokens) / ms : null
}
