import type Database from 'better-sqlite3'
import type { HistoryRow } from '../../../contract/history.ts'
import type { ModelRow } from '../../../contract/models.ts'
import { addModel, type ModelCell, type ModelCells, unpackModelsInto } from '../model-cells.ts'
import { isZoned } from '../resolutions.ts'
import { cover } from './cover.ts'
import { total } from './delivered.ts'
import type { WorkQuestion } from './work-range.ts'

export const PACKED_MODEL_ROWS =
  'SELECT cells FROM packed_model_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?'
export const MODEL_ROWS = `
  SELECT model_id AS model, sum(active_mj) AS activeMj, sum(idle_mj) AS idleMj, sum(load_mj) AS loadMj, sum(estimated_mj) AS estimatedMj
  FROM model_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY model_id`

export type DescribedModel = {
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
  /** How well the way in which it is told apart from the others of its app stands for energy, k = 1. */
  readonly shareRatio: number
}

export type ModelFigures = ModelCell & {
  readonly energyMj: number
  /** Half-width at k = 2 ÷ energy; `null` where that is 0. */
  readonly uncertainty: number | null
  readonly provenance: ModelRow['provenance']
  readonly estimatedRatio: number
}

/** A few dozen rows, read whole. */
export function describedModels(db: Database.Database): DescribedModel[] {
  return db
    .prepare<[], DescribedModel>(
      `SELECT id AS rowId, key, app, name, family, parameters, quantisation, engine, device, is_remote AS isRemote, share_ratio AS shareRatio
       FROM model`,
    )
    .all()
}

/** What each model drew, by row id. Its energy is part of its app's and as uncertain as that, and as the division among the app's models is. */
export function modelFigures(
  db: Database.Database,
  range: WorkQuestion,
  models: readonly DescribedModel[],
  apps: ReadonlyMap<string, HistoryRow>,
): ReadonlyMap<number, ModelFigures> {
  const cells = modelEnergies(db, range)
  const drawing = models.flatMap((model) => {
    const cell = cells.get(model.rowId)
    return cell === undefined ? [] : [{ model, cell, energyMj: cell.activeMj + cell.idleMj + cell.loadMj }]
  })
  const figures = new Map<number, ModelFigures>()
  for (const [app, siblings] of Map.groupBy(drawing, ({ model }) => model.app)) {
    const ofApp = apps.get(app) ?? null
    for (const one of siblings) {
      const { cell, energyMj } = one
      const division = 2 * divisionRatio(one, siblings)
      figures.set(one.model.rowId, {
        ...cell,
        energyMj,
        uncertainty: energyMj === 0 || ofApp?.uncertainty == null ? null : Math.hypot(ofApp.uncertainty, division),
        provenance: energyMj === 0 ? null : (ofApp?.provenance ?? null),
        estimatedRatio: energyMj > 0 ? Math.min(1, cell.estimatedMj / energyMj) : 0,
      })
    }
  }
  return figures
}

type Drawing = { readonly model: DescribedModel; readonly energyMj: number }

/**
 * Relative standard uncertainty (k = 1) of one model's part of what an app's models drew together: the share term of attribution.md §6 for a
 * set of one. Nothing where it is all of it.
 */
function divisionRatio(one: Drawing, siblings: readonly Drawing[]): number {
  const all = total(siblings, ({ energyMj }) => energyMj) ?? 0
  if (all === 0) return 0
  const share = one.energyMj / all
  let variance = ((1 - share) * one.model.shareRatio) ** 2
  for (const other of siblings) if (other !== one) variance += ((other.energyMj / all) * other.model.shareRatio) ** 2
  return Math.sqrt(variance)
}

/** Exact, over all resolutions. Relies on the primary keys of the two model tables. */
function modelEnergies(db: Database.Database, range: WorkQuestion): ModelCells {
  const cells: ModelCells = new Map()
  const packed = db.prepare<number[], Uint8Array>(PACKED_MODEL_ROWS).pluck()
  const rows = db.prepare<number[], ModelCell & { model: number }>(MODEL_ROWS)
  for (const { resolutionS, fromS, toS } of cover(db, range).segments) {
    if (isZoned(resolutionS)) for (const row of rows.all(resolutionS, fromS, toS)) addModel(cells, row.model, row)
    else for (const bytes of packed.iterate(resolutionS, fromS, toS)) unpackModelsInto(cells, bytes)
  }
  return cells
}
