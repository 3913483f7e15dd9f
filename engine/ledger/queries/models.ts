import type Database from 'better-sqlite3'
import { AppId, ModelId } from '../../../contract/ids.ts'
import type { Efficiency, ModelRow } from '../../../contract/models.ts'
import { addModel, type ModelCell, type ModelCells, unpackModelsInto } from '../model-cells.ts'
import { isZoned } from '../resolutions.ts'
import { appsWork } from './apps.ts'
import { cover } from './cover.ts'
import {
  delivered,
  type EfficiencyOf,
  joulesPer,
  NOT_REPORTED,
  none,
  type OutputSum,
  outputSums,
  tokenFigures,
} from './delivered.ts'
import { type WorkQuestion, wholeHours } from './work-range.ts'

export const PACKED_MODEL_ROWS =
  'SELECT cells FROM packed_model_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?'
export const MODEL_ROWS = `
  SELECT model_id AS model, sum(active_mj) AS activeMj, sum(idle_mj) AS idleMj, sum(load_mj) AS loadMj, sum(estimated_mj) AS estimatedMj
  FROM model_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY model_id`
/** Newest first; a median of the newest thousand is as good as of all. */
export const MODEL_PACES = `
  SELECT model_id AS model, output_tokens AS tokens, duration_ms AS durationMs, first_ms AS firstMs
  FROM request WHERE ended_ms >= ? AND ended_ms < ? ORDER BY ended_ms DESC LIMIT 20000`

type Described = {
  readonly rowId: number
  readonly key: string
  readonly app: string
  readonly name: string
  readonly family: string | null
  readonly parameters: number | null
  readonly quantisation: string | null
  readonly engine: string | null
  readonly device: ModelRow['device']
  readonly isRemote: number
  readonly shareRatio: number
}
type Pace = {
  readonly model: number
  readonly tokens: number | null
  readonly durationMs: number
  readonly firstMs: number | null
}

/** Every model that drew or delivered something. A model's energy is part of its app's and shares its uncertainty. */
export function modelsWork(db: Database.Database, question: WorkQuestion): { rows: ModelRow[]; coverageRatio: number } {
  const range = wholeHours(db, question)
  const apps = appsWork(db, question)
  const byApp = new Map(apps.rows.map((row) => [String(row.id), row]))
  const energies = modelEnergies(db, range)
  const outputs = Map.groupBy(outputSums(db, range), ({ model }) => model)
  const paces = Map.groupBy(
    db.prepare<number[], Pace>(MODEL_PACES).all(range.fromS * 1_000, range.toS * 1_000),
    ({ model }) => model,
  )
  const rows = describedModels(db).flatMap((model): ModelRow[] => {
    const energy = energies.get(model.rowId)
    const own = outputs.get(model.rowId) ?? []
    if (energy === undefined && own.length === 0) return []
    const app = byApp.get(model.app)
    return [modelRow(model, energy, own, paces.get(model.rowId) ?? [], app ?? null)]
  })
  return {
    rows: rows.sort((a, b) => b.energyMj - a.energyMj || (a.id < b.id ? -1 : 1)),
    coverageRatio: apps.coverageRatio,
  }
}

export function describedModels(db: Database.Database): Described[] {
  return db
    .prepare<[], Described>(
      `SELECT id AS rowId, key, app, name, family, parameters, quantisation, engine, device, is_remote AS isRemote, share_ratio AS shareRatio
       FROM model`,
    )
    .all()
}

/** Exact, over all resolutions. Relies on the primary keys of the two model tables. */
export function modelEnergies(db: Database.Database, range: WorkQuestion): ModelCells {
  const cells: ModelCells = new Map()
  const packed = db.prepare<number[], Uint8Array>(PACKED_MODEL_ROWS).pluck()
  const rows = db.prepare<number[], ModelCell & { model: number }>(MODEL_ROWS)
  for (const { resolutionS, fromS, toS } of cover(db, range).segments) {
    if (isZoned(resolutionS)) for (const row of rows.all(resolutionS, fromS, toS)) addModel(cells, row.model, row)
    else for (const bytes of packed.iterate(resolutionS, fromS, toS)) unpackModelsInto(cells, bytes)
  }
  return cells
}

type AppFigures = {
  readonly energyMj: number
  readonly uncertainty: number | null
  readonly provenance: ModelRow['provenance']
}

function modelRow(
  model: Described,
  cell: ModelCell | undefined,
  outputs: readonly OutputSum[],
  paces: readonly Pace[],
  app: AppFigures | null,
): ModelRow {
  const { activeMj, idleMj, loadMj, estimatedMj } = cell ?? { activeMj: 0, idleMj: 0, loadMj: 0, estimatedMj: 0 }
  const energyMj = activeMj + idleMj + loadMj
  const uncertainty = energyMj === 0 ? null : modelUncertainty(energyMj, model.shareRatio, app)
  const estimatedRatio = energyMj > 0 ? Math.min(1, estimatedMj / energyMj) : 0
  const sums = delivered(outputs)
  const isRemote = model.isRemote === 1
  const of = (amount: number | null, energyJ: number): EfficiencyOf => ({
    amount,
    energyJ,
    uncertainty,
    isEstimate: estimatedRatio > 0.2,
    missing: NOT_REPORTED,
  })
  const elsewhere = (figure: Efficiency) => (isRemote ? none('computed elsewhere') : figure)
  return {
    id: ModelId.parse(model.key),
    app: AppId.parse(model.app),
    name: model.name,
    family: model.family,
    parameters: model.parameters,
    quantisation: model.quantisation,
    engine: model.engine,
    device: model.device,
    isRemote,
    energyMj,
    activeMj: activeMj + loadMj,
    idleMj,
    loadMj,
    uncertainty,
    provenance: energyMj > 0 ? (app?.provenance ?? null) : null,
    estimatedRatio,
    delivered: sums,
    ...tokenFigures(outputs, { energyMj, uncertainty, estimatedRatio }),
    ...paceOf(paces),
    whPerRequest: elsewhere(joulesPer(of(sums.requests, energyMj / 3_600_000))),
    jPerImage: elsewhere(joulesPer(of(sums.images, energyMj / 1_000))),
    jPerAudioMinute: elsewhere(joulesPer(of(sums.audioMs === null ? null : sums.audioMs / 60_000, energyMj / 1_000))),
    isLoaded: false,
  }
}

/** Its app's, and what its share within the app adds: nothing where it is all of it (attribution.md §6). */
function modelUncertainty(energyMj: number, shareRatio: number, app: AppFigures | null): number | null {
  if (app === null || app.uncertainty === null) return null
  const part = app.energyMj > 0 ? Math.min(1, energyMj / app.energyMj) : 1
  return Math.hypot(app.uncertainty, 2 * shareRatio * (1 - part))
}

function paceOf(paces: readonly Pace[]): Pick<ModelRow, 'tokensPerS' | 'ttftMs'> {
  let tokens = 0
  let ms = 0
  const firsts: number[] = []
  for (const { tokens: written, durationMs, firstMs } of paces) {
    if (firstMs !== null) firsts.push(firstMs)
    const writingMs = durationMs - (firstMs ?? 0)
    if (written === null || writingMs <= 0) continue
    tokens += written
    ms += writingMs
  }
  firsts.sort((a, b) => a - b)
  return { tokensPerS: ms > 0 ? (1_000 * tokens) / ms : null, ttftMs: firsts[Math.floor(firsts.length / 2)] ?? null }
}
