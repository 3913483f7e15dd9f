import type Database from 'better-sqlite3'
import type { LedgerJob, LedgerRequest } from './work-types.ts'

const DAY_MS = 86_400_000
/** Folded in one call at most, so that a flush stays short. */
const MOST_A_CALL = 500
/** Bins a doubling: a bin is 9 % wide, so that a median from it is within 5 %. */
const BINS_A_DOUBLING = 8

const PUT_REQUEST = `INSERT INTO request VALUES (${Array.from({ length: 24 }, () => '?').join(', ')}) ON CONFLICT DO NOTHING`
const PUT_JOB = `
  INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    label = excluded.label, end_s = excluded.end_s, exit_code = excluded.exit_code, energy_mj = excluded.energy_mj,
    uncertainty = excluded.uncertainty, provenance = excluded.provenance, estimated_mj = excluded.estimated_mj`

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

/** Requests and jobs: written whole, and folded into histograms by the hour when their days are over. */
export class RequestRows {
  readonly #put: Database.Statement<(number | string | null)[]>
  readonly #putJob: Database.Statement<(number | string | null)[]>
  readonly #old: Database.Statement<[number, number], Old>
  readonly #delete: Database.Statement<[number, string]>
  readonly #count: Database.Statement<[number, number, string, number]>

  constructor(db: Database.Database) {
    this.#put = db.prepare(PUT_REQUEST)
    this.#putJob = db.prepare(PUT_JOB)
    this.#old = db.prepare(
      `SELECT ended_ms AS endedMs, id, model_id AS model, output_tokens AS tokens, energy_mj AS energyMj, duration_ms AS durationMs,
         first_ms AS firstMs
       FROM request WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?`,
    )
    this.#delete = db.prepare('DELETE FROM request WHERE ended_ms = ? AND id = ?')
    this.#count = db.prepare(
      `INSERT INTO request_histogram VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET requests = requests + 1`,
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

  /** Requests that ended more than `keptDays` ago leave only what a distribution needs, in the hour of their end. */
  fold(nowS: number, keptDays: number): void {
    for (const old of this.#old.all(nowS * 1_000 - keptDays * DAY_MS, MOST_A_CALL)) {
      const hourS = Math.floor(old.endedMs / 3_600_000) * 3_600
      this.#count.run(hourS, old.model, 'duration_ms', binOf(old.durationMs))
      if (old.firstMs !== null) this.#count.run(hourS, old.model, 'first_ms', binOf(old.firstMs))
      if (old.energyMj !== null && old.tokens !== null && old.tokens > 0)
        this.#count.run(hourS, old.model, 'uj_per_token', binOf((1_000 * old.energyMj) / old.tokens))
      this.#delete.run(old.endedMs, old.id)
    }
  }
}

/** Bin of a value ≥ 0 on a logarithmic scale; below 1 there is one bin. */
export function binOf(value: number): number {
  return value < 1 ? -1 : Math.floor(BINS_A_DOUBLING * Math.log2(value))
}

/** The middle of a bin. */
export function valueOfBin(bin: number): number {
  return bin < 0 ? 0.5 : 2 ** ((bin + 0.5) / BINS_A_DOUBLING)
}
