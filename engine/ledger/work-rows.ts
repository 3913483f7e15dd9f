import type Database from 'better-sqlite3'
import { type ModelCell, type ModelCells, packModels, unpackModelsInto } from './model-cells.ts'
import { type Bucket, isZoned, type ResolutionS } from './resolutions.ts'

/** An output with its series as row ids; 0 is "none told". */
export type NumberedOutput = {
  readonly app: number
  readonly model: number
  readonly person: number
  readonly project: number
  readonly isRemote: 0 | 1
  readonly counts: readonly (number | null)[]
  readonly lastS: number
}

/** Counts of `output` that may be unknown: a sum with something unknown is the sum of what is known. */
const NULLABLE = ['prompt_tokens', 'cached_tokens', 'output_tokens', 'requests', 'images', 'audio_ms']
/** In the order of the table. */
export const OUTPUT_COUNTS = [
  'prompt_tokens',
  'cached_tokens',
  'output_tokens',
  'estimated_tokens',
  'requests',
  'failed_requests',
  'unreported_requests',
  'images',
  'audio_ms',
  'request_mj',
  'request_estimated_mj',
  'request_var_mj2',
] as const

const sumOf = (column: string) =>
  NULLABLE.includes(column)
    ? `${column} = CASE WHEN ${column} IS NULL THEN excluded.${column} WHEN excluded.${column} IS NULL THEN ${column} ELSE ${column} + excluded.${column} END`
    : `${column} = ${column} + excluded.${column}`
const ADD_OUTPUT = `
  INSERT INTO output VALUES (${Array.from({ length: 8 + OUTPUT_COUNTS.length }, () => '?').join(', ')}) ON CONFLICT DO UPDATE SET
    ${OUTPUT_COUNTS.map(sumOf).join(', ')}, last_s = max(last_s, excluded.last_s)`
const ROLL_OUTPUT = `
  INSERT INTO output
  SELECT ?, ?, app_id, model_id, person_id, project_id, is_remote, ${OUTPUT_COUNTS.map((column) => `sum(${column})`).join(', ')}, max(last_s)
  FROM output WHERE resolution_s = ? AND start_s >= ? AND start_s < ?
  GROUP BY app_id, model_id, person_id, project_id, is_remote`
const ADD_MODEL = `
  INSERT INTO model_energy VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    active_mj = active_mj + excluded.active_mj, idle_mj = idle_mj + excluded.idle_mj, load_mj = load_mj + excluded.load_mj,
    estimated_mj = estimated_mj + excluded.estimated_mj`
const ROLL_MODELS = `
  INSERT INTO model_energy
  SELECT ?, ?, model_id, sum(active_mj), sum(idle_mj), sum(load_mj), sum(estimated_mj)
  FROM model_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY model_id`

type Range = [resolutionS: number, fromS: number, toS: number]
type Roll = [coarserS: number, startS: number, ...Range]

/** The statements that write what models drew and delivered. What is added to a bucket that has rows is an exact sum. */
export class WorkRows {
  readonly #packedAt: Database.Statement<[number, number], Uint8Array>
  readonly #packedIn: Database.Statement<Range, Uint8Array>
  readonly #putPacked: Database.Statement<[number, number, Uint8Array]>
  readonly #addModel: Database.Statement<number[]>
  readonly #rollModels: Database.Statement<Roll>
  readonly #addOutput: Database.Statement<(number | null)[]>
  readonly #rollOutput: Database.Statement<Roll>
  readonly #firstOutput: Database.Statement<[number, number], number>

  constructor(db: Database.Database) {
    const packed = 'SELECT cells FROM packed_model_energy WHERE resolution_s = ?'
    this.#packedAt = db.prepare<[number, number], Uint8Array>(`${packed} AND start_s = ?`).pluck()
    this.#packedIn = db.prepare<Range, Uint8Array>(`${packed} AND start_s >= ? AND start_s < ?`).pluck()
    this.#putPacked = db.prepare(
      'INSERT INTO packed_model_energy VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cells = excluded.cells',
    )
    this.#addModel = db.prepare(ADD_MODEL)
    this.#rollModels = db.prepare(ROLL_MODELS)
    this.#addOutput = db.prepare(ADD_OUTPUT)
    this.#rollOutput = db.prepare(ROLL_OUTPUT)
    this.#firstOutput = db
      .prepare<[number, number], number>(
        'SELECT start_s FROM output WHERE resolution_s = ? AND start_s >= ? ORDER BY start_s LIMIT 1',
      )
      .pluck()
  }

  addModels(resolutionS: ResolutionS, startS: number, cells: ModelCells): void {
    if (cells.size === 0) return
    if (isZoned(resolutionS)) {
      for (const [model, cell] of cells) this.#addModelCell(resolutionS, startS, model, cell)
      return
    }
    const known = this.#packedAt.get(resolutionS, startS)
    const sum: ModelCells = new Map()
    if (known !== undefined) unpackModelsInto(sum, known)
    unpackModelsInto(sum, packModels(cells))
    const bytes = packModels(sum)
    if (bytes.length > 0) this.#putPacked.run(resolutionS, startS, bytes)
  }

  #addModelCell(resolutionS: ResolutionS, startS: number, model: number, cell: ModelCell): void {
    const { activeMj, idleMj, loadMj, estimatedMj } = cell
    if (activeMj + idleMj + loadMj > 0)
      this.#addModel.run(resolutionS, startS, model, activeMj, idleMj, loadMj, estimatedMj)
  }

  addOutput(resolutionS: ResolutionS, startS: number, output: NumberedOutput): void {
    const { app, model, person, project, isRemote, counts, lastS } = output
    this.#addOutput.run(resolutionS, startS, app, model, person, project, isRemote, ...counts, lastS)
  }

  /** Sums one coarse bucket from the rows of the finer resolution that start in it. Output is kept by the hour at the finest. */
  roll(finerS: ResolutionS, coarserS: ResolutionS, bucket: Bucket): void {
    if (isZoned(finerS)) {
      const parameters: Roll = [coarserS, bucket.startS, finerS, bucket.startS, bucket.endS]
      this.#rollModels.run(...parameters)
      this.#rollOutput.run(...parameters)
      return
    }
    const cells: ModelCells = new Map()
    for (const bytes of this.#packedIn.iterate(finerS, bucket.startS, bucket.endS)) unpackModelsInto(cells, bytes)
    this.addModels(coarserS, bucket.startS, cells)
  }

  /** Start of the first hour or day with output at or after an instant: it may have come where no energy was measured. */
  firstOutputS(resolutionS: ResolutionS, fromS: number): number | null {
    return isZoned(resolutionS) ? (this.#firstOutput.get(resolutionS, fromS) ?? null) : null
  }
}
