import type { ModelId } from '../../contract/ids.ts'
import { apportion } from './apportion.ts'
import type { Share } from './types.ts'
import type { ModelWork } from './work-ring.ts'

/** One model's part of its app's share of a domain's interval. */
export type ModelShare = {
  readonly model: ModelId
  readonly activeMj: number
  /** Residency and spin. */
  readonly idleMj: number
  /** Active energy between the start of its loading and "loaded": the model's, and no request's. */
  readonly loadMj: number
  /** By what the active part was divided: `memory` and `equal` are estimates. */
  readonly by: 'work' | 'inFlight' | 'only' | 'memory' | 'equal'
}

/**
 * Divides an app's share among its models: what it drew at work by the work that each did, what it drew while it delivered nothing by
 * the memory that each holds. Pure; exact in integers ≥ 0: `Σ activeMj + loadMj === share.activeMj` and `Σ idleMj === share.idleMj`, or no
 * models at all where none is known. attribution.md §4, §5.
 */
export function attributeModels(
  share: Pick<Share, 'activeMj' | 'idleMj'>,
  models: readonly ModelWork[],
): readonly ModelShare[] {
  if (models.length === 0) return []
  const ids = models.map((one) => one.model)
  const { weights, by } = activeWeights(models)
  const active = apportion(share.activeMj, weights, ids)
  const idle = apportion(share.idleMj, memoryWeights(models), ids)
  return models.map((one, index) => {
    const mj = active[index] as number
    // While a model loads and nobody is served, its work is the loading itself.
    const isLoad = one.isLoading && one.work === 0
    return {
      model: one.model,
      activeMj: isLoad ? 0 : mj,
      idleMj: idle[index] as number,
      loadMj: isLoad ? mj : 0,
      by,
    }
  })
}

/**
 * By work where any is known; else by requests in flight; else the only model that could have worked has it all. A model that loads
 * beside others that are quiet is who works.
 */
function activeWeights(models: readonly ModelWork[]): { weights: readonly number[]; by: ModelShare['by'] } {
  const work = models.map((one) => one.work)
  if (work.some((one) => one > 0)) return { weights: work, by: 'work' }
  const inFlight = models.map((one) => one.inFlight ?? 0)
  if (inFlight.some((one) => one > 0)) return { weights: inFlight, by: 'inFlight' }
  const loading = models.map((one) => (one.isLoading ? 1 : 0))
  if (loading.some((one) => one > 0)) return { weights: loading, by: 'only' }
  if (models.length === 1) return { weights: [1], by: 'only' }
  return models.some((one) => (one.residentBytes ?? 0) > 0)
    ? { weights: memoryWeights(models), by: 'memory' }
    : { weights: models.map(() => 1), by: 'equal' }
}

function memoryWeights(models: readonly ModelWork[]): readonly number[] {
  const bytes = models.map((one) => one.residentBytes ?? 0)
  if (!bytes.some((one) => one > 0)) return models.map(() => 1)
  // One whose memory is not told holds as much as the mean of the others.
  const told = bytes.filter((one) => one > 0)
  const mean = told.reduce((sum, one) => sum + one, 0) / told.length
  return models.map((one) => one.residentBytes ?? mean)
}
