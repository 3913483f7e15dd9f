import type Database from 'better-sqlite3'
import type { Output } from '../../../contract/history.ts'
import type { ResolutionS } from '../resolutions.ts'
import { cover } from './cover.ts'
import { total } from './delivered.ts'
import type { WorkRange } from './work-range.ts'

/** What was computed elsewhere is told by its tokens alone, apart from the rest. */
const SUMS = `
  sum(iif(is_remote = 0, output_tokens, NULL)) AS tokens, sum(iif(is_remote = 1, output_tokens, NULL)) AS remoteTokens,
  sum(iif(is_remote = 0, requests, NULL)) AS requests, sum(iif(is_remote = 0, images, NULL)) AS images,
  sum(iif(is_remote = 0, audio_ms, NULL)) AS audioMs`
const WHERE = 'WHERE resolution_s = ? AND start_s >= ? AND start_s < ?'
export const OUTPUT_BY_START = `SELECT start_s AS startS, ${SUMS} FROM output ${WHERE} GROUP BY start_s`
/** In the order of the rows, so that nothing is sorted; the rest is summed here. */
export const OUTPUT_BY_APP = `SELECT app_id AS app, ${SUMS} FROM output ${WHERE} GROUP BY start_s, app_id`

export const NO_OUTPUT: Output = { tokens: null, remoteTokens: null, requests: null, images: null, audioS: null }

type Totals = {
  readonly tokens: number | null
  readonly remoteTokens: number | null
  readonly requests: number | null
  readonly images: number | null
  readonly audioMs: number | null
}

/** By the app's row id. Relies on the primary key of `output`. */
export function outputsByApp(db: Database.Database, { segments }: WorkRange): ReadonlyMap<number, Output> {
  const rows = db.prepare<number[], Totals & { app: number }>(OUTPUT_BY_APP)
  const all = segments.flatMap(({ resolutionS, fromS, toS }) => rows.all(resolutionS, fromS, toS))
  return new Map(
    Array.from(
      Map.groupBy(all, ({ app }) => app),
      ([app, own]) => [app, outputOf(summed(own))],
    ),
  )
}

/** By the start of the hour or day. Relies on the primary key of `output`. */
export function outputsByStart(
  db: Database.Database,
  range: WorkRange,
  by: 'hour' | 'day',
  bucketOf: (startS: number, resolutionS: ResolutionS) => number,
): ReadonlyMap<number, Output> {
  const rows = db.prepare<number[], Totals & { startS: number }>(OUTPUT_BY_START)
  const { segments } = cover(db, range, { finestS: 3_600, coarsestS: by === 'hour' ? 3_600 : 86_400 })
  const all = segments.flatMap(({ resolutionS, fromS, toS }) =>
    rows.all(resolutionS, fromS, toS).map((row) => ({ key: bucketOf(row.startS, resolutionS), row })),
  )
  return new Map(
    Array.from(
      Map.groupBy(all, ({ key }) => key),
      ([key, own]) => [key, outputOf(summed(own.map(({ row }) => row)))],
    ),
  )
}

function summed(rows: readonly Totals[]): Totals {
  return {
    tokens: total(rows, (row) => row.tokens),
    remoteTokens: total(rows, (row) => row.remoteTokens),
    requests: total(rows, (row) => row.requests),
    images: total(rows, (row) => row.images),
    audioMs: total(rows, (row) => row.audioMs),
  }
}

function outputOf({ audioMs, ...counts }: Totals): Output {
  return { ...counts, audioS: audioMs === null ? null : audioMs / 1_000 }
}
