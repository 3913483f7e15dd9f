import type Database from 'better-sqlite3'
import { binOf, count, type Histogram, packHistogram, unpackHistogramInto } from './histogram.ts'
import type { LedgerJob, LedgerRequest } from './work-types.ts'

const DAY_MS = 86_400_000
/** Folded in one call at most, so that a flush stays short. */
const MOST_A_CALL = 500

const PUT_REQUEST = `INSERT INTO request VALUES (${Array.from({ length: 24 }, () => '?').join(', ')}) ON CONFLICT DO NOTHING`
const PUT_JOB = `
  INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    label = excluded.label, end_s = excluded.end_s, exit_code = excluded.exit_code, energy_mj = excluded.energy_mj,
    uncertainty = excluded.uncertainty, provenance = excluded.provenance, estimated_mj = excluded.estimated_mj`

type HistogramKey = [dayS: number, model: number, what: 'uj_per_token' | 'duration_ms' | 'first_ms']

type Old = {
  readonly endedMs: number
  readonly id: string
  readonly model: number
  readonly tokens: number | null
  readonly energyMj: number | null
  readonly durationMs: number
  readonly firstMs: number | null
}

/** Row ids of the series that a request names; 0 is "none told". */
export type RequestSeries = {
  readonly app: number
  readonly model: number
  readonly person: number
  readonly project: number
}

/** Requests and jobs: written whole, and folded into histograms by the day when they have been kept for long enough. */
export class RequestRows {
  readonly #put: Database.Statement<(number | string | null)[]>
  readonly #putJob: Database.Statement<(number | string | null)[]>
  readonly #old: Database.Statement<[number, number], Old>
  readonly #delete: Database.Statement<[number, string]>
  readonly #histogramAt: Database.Statement<HistogramKey, Uint8Array>
  readonly #putHistogram: Database.Statement<[...HistogramKey, Uint8Array]>

  constructor(db: Database.Database) {
    this.#put = db.prepare(PUT_REQUEST)
    this.#putJob = db.prepare(PUT_JOB)
    this.#old = db.prepare(
      `SELECT ended_ms AS endedMs, id, model_id AS model, output_tokens AS tokens, energy_mj AS energyMj, duration_ms AS durationMs,
         first_ms AS firstMs
       FROM request WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?`,
    )
    this.#delete = db.prepare('DELETE FROM request WHERE ended_ms = ? AND id = ?')
    this.#histogramAt = db
      .prepare<HistogramKey, Uint8Array>(
        'SELECT bins FROM request_histogram WHERE start_s = ? AND model_id = ? AND what = ?',
      )
      .pluck()
    this.#putHistogram = db.prepare(
      'INSERT INTO request_histogram VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET bins = excluded.bins',
    )
  }

  put(request: LedgerRequest, { app, model, person, project }: RequestSeries): void {
    this.#put.run(
      request.endedMs,
      request.id,
      request.beganMs,
      app,
      model,
      person,
      project,
      request.client,
      request.endpoint,
      request.promptTokens,
      request.cachedTokens,
      request.outputTokens,
      request.tokensProvenance,
      request.images,
      request.audioMs === null ? null : Math.round(request.audioMs),
      request.ttftMs === null ? null : Math.round(request.ttftMs),
      Math.round(request.durationMs),
      request.status,
      request.httpStatus,
      request.isRemote ? 1 : 0,
      request.energyMj,
      request.estimatedMj,
      request.uncertainty,
      request.provenance,
    )
  }

  putJob(job: LedgerJob): void {
    const { id, label, kind, app, startS, endS, exitCode, energyMj, uncertainty, provenance, estimatedMj } = job
    this.#putJob.run(id, label, kind, app, startS, endS, exitCode, energyMj, uncertainty, provenance, estimatedMj)
  }

  /** Requests that ended more than `keptDays` ago leave only what a distribution needs, in the day (UTC) of their end. */
  fold(nowS: number, keptDays: number): void {
    const folded = new Map<string, { readonly key: HistogramKey; readonly histogram: Histogram }>()
    const note = (old: Old, what: HistogramKey[2], value: number) => {
      const key: HistogramKey = [(Math.floor(old.endedMs / DAY_MS) * DAY_MS) / 1_000, old.model, what]
      const known = folded.get(key.join()) ?? { key, histogram: new Map() }
      folded.set(key.join(), known)
      count(known.histogram, binOf(value), 1)
    }
    for (const old of this.#old.all(nowS * 1_000 - keptDays * DAY_MS, MOST_A_CALL)) {
      note(old, 'duration_ms', old.durationMs)
      if (old.firstMs !== null) note(old, 'first_ms', old.firstMs)
      if (old.energyMj !== null && old.tokens !== null && old.tokens > 0)
        note(old, 'uj_per_token', (1_000 * old.energyMj) / old.tokens)
      this.#delete.run(old.endedMs, old.id)
    }
    for (const { key, histogram } of folded.values()) {
      const known = this.#histogramAt.get(...key)
      if (known !== undefined) unpackHistogramInto(histogram, known)
      this.#putHistogram.run(...key, packHistogram(histogram))
    }
  }
}
