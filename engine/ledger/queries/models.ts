import type Database from 'better-sqlite3'
import { AppId, ModelId } from '../../../contract/ids.ts'
import type { Efficiency, ModelRow } from '../../../contract/models.ts'
import { appEnergies } from './apps.ts'
import { coverage } from './coverage.ts'
import {
  delivered,
  type EfficiencyOf,
  ELSEWHERE,
  ESTIMATE_FROM_RATIO,
  joulesPer,
  NOT_REPORTED,
  none,
  type OutputSum,
  outputSums,
  tokenFigures,
} from './delivered.ts'
import { type DescribedModel, describedModels, type ModelFigures, modelFigures } from './model-figures.ts'
import { modelPaces, type Pace } from './model-paces.ts'
import { type WorkQuestion, workRange } from './work-range.ts'

export type ModelsWork = {
  readonly fromS: number
  readonly toS: number
  readonly rows: ModelRow[]
  coverageRatio: number
}

const NO_FIGURES: ModelFigures = {
  ...{ activeMj: 0, idleMj: 0, loadMj: 0, estimatedMj: 0, energyMj: 0 },
  ...{ uncertainty: null, provenance: null, estimatedRatio: 0 },
}

/** Every model that drew or delivered something. Whether it is loaded now, the engine knows. */
export function modelsWork(db: Database.Database, question: WorkQuestion): ModelsWork {
  const range = workRange(db, question)
  const { fromS, toS } = range
  const models = describedModels(db)
  const figures = modelFigures(db, range, models, appEnergies(db, range))
  const outputs = Map.groupBy(outputSums(db, range.segments), ({ model }) => model)
  const paceOf = modelPaces(db, range)
  const rows = models.flatMap((model): ModelRow[] => {
    const own = outputs.get(model.rowId) ?? []
    const drawn = figures.get(model.rowId) ?? null
    return drawn === null && own.length === 0 ? [] : [modelRow(model, drawn, own, paceOf(model.rowId))]
  })
  return {
    fromS,
    toS,
    rows: rows.sort((a, b) => b.energyMj - a.energyMj || (a.id < b.id ? -1 : 1)),
    coverageRatio: coverage(db, fromS, toS),
  }
}

function modelRow(
  model: DescribedModel,
  drawn: ModelFigures | null,
  outputs: readonly OutputSum[],
  pace: Pace,
): ModelRow {
  const { activeMj, idleMj, loadMj, energyMj, uncertainty, provenance, estimatedRatio } = drawn ?? NO_FIGURES
  const sums = delivered(outputs)
  const isRemote = model.isRemote === 1
  const of = (amount: number | null, perUnitMj: number): EfficiencyOf => ({
    amount,
    energyJ: drawn === null ? null : energyMj / perUnitMj,
    uncertainty,
    isEstimate: estimatedRatio > ESTIMATE_FROM_RATIO,
    missing: NOT_REPORTED,
  })
  const elsewhere = (figure: Efficiency) => (isRemote ? none(ELSEWHERE) : figure)
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
    remoteEstimate: null,
    energyMj,
    activeMj: activeMj + loadMj,
    idleMj,
    loadMj,
    uncertainty,
    provenance,
    estimatedRatio,
    delivered: sums,
    ...tokenFigures(outputs, { energyMj: drawn === null ? null : energyMj, uncertainty, estimatedRatio }),
    ...pace,
    whPerRequest: elsewhere(joulesPer(of(sums.requests, 3_600_000))),
    jPerImage: elsewhere(joulesPer(of(sums.images, 1_000))),
    jPerAudioMinute: elsewhere(joulesPer(of(sums.audioMs === null ? null : sums.audioMs / 60_000, 1_000))),
    isLoaded: false,
  }
}
