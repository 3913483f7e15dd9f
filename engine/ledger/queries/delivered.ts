import type Database from 'better-sqlite3'
import type { Delivered, Efficiency } from '../../../contract/models.ts'
import type { Segment } from './cover.ts'

/** What one app, model, user or project delivered; `null`: nobody counted it. */
export type OutputSum = {
  readonly app: number
  readonly model: number
  readonly person: number
  readonly project: number
  readonly isRemote: number
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly outputTokens: number | null
  readonly estimatedTokens: number
  readonly requests: number | null
  readonly failedRequests: number
  readonly unreportedRequests: number
  readonly images: number | null
  readonly audioMs: number | null
  /** Energy of the requests among it; what was not metered has none here, and its energy is its model's alone. */
  readonly requestMj: number
  readonly requestEstimatedMj: number
  readonly requestVarMj2: number
  readonly lastS: number
}

export const OUTPUT_ROWS = `
  SELECT app_id AS app, model_id AS model, person_id AS person, project_id AS project, is_remote AS isRemote,
    sum(prompt_tokens) AS promptTokens, sum(cached_tokens) AS cachedTokens, sum(output_tokens) AS outputTokens,
    sum(estimated_tokens) AS estimatedTokens, sum(requests) AS requests, sum(failed_requests) AS failedRequests,
    sum(unreported_requests) AS unreportedRequests, sum(images) AS images, sum(audio_ms) AS audioMs, sum(request_mj) AS requestMj,
    sum(request_estimated_mj) AS requestEstimatedMj, sum(request_var_mj2) AS requestVarMj2, max(last_s) AS lastS
  FROM output WHERE resolution_s = ? AND start_s >= ? AND start_s < ?
  GROUP BY app_id, model_id, person_id, project_id, is_remote`

/** What the rows of `segments` (of hours and days) hold. Relies on the primary key of `output`. */
export function outputSums(db: Database.Database, segments: readonly Segment[]): OutputSum[] {
  const rows = db.prepare<number[], OutputSum>(OUTPUT_ROWS)
  return segments.flatMap(({ resolutionS, fromS, toS }) => rows.all(resolutionS, fromS, toS))
}

/** Sums what is counted; where nothing was, it stays unknown. */
export function delivered(sums: readonly OutputSum[]): Delivered {
  return {
    promptTokens: total(sums, (sum) => sum.promptTokens),
    cachedTokens: total(sums, (sum) => sum.cachedTokens),
    outputTokens: total(sums, (sum) => sum.outputTokens),
    estimatedTokens: total(sums, (sum) => sum.estimatedTokens) ?? 0,
    remoteTokens: total(sums, (sum) => (sum.isRemote === 1 ? sum.outputTokens : null)) ?? 0,
    requests: total(sums, (sum) => sum.requests),
    failedRequests: total(sums, (sum) => sum.failedRequests) ?? 0,
    images: total(sums, (sum) => sum.images),
    audioMs: total(sums, (sum) => sum.audioMs),
  }
}

/** The sum of what is known; `null` where nothing is. */
export function total<T>(items: readonly T[], pick: (item: T) => number | null): number | null {
  let sum: number | null = null
  for (const item of items) {
    const one = pick(item)
    if (one !== null) sum = (sum ?? 0) + one
  }
  return sum
}

export type EfficiencyOf = {
  readonly amount: number | null
  /** `null`: the processes that compute are not seen here. */
  readonly energyJ: number | null
  /** Of the energy: half-width at k = 2 ÷ figure. */
  readonly uncertainty: number | null
  readonly isEstimate: boolean
  /** What stands where there is no figure because nothing was counted. */
  readonly missing: string
}

/** Amount ÷ joules. Counts are exact: the uncertainty is the energy's. */
export function perJoule({ amount, energyJ, uncertainty, isEstimate, missing }: EfficiencyOf): Efficiency {
  if (amount === null || energyJ === null) return none(energyJ === null ? 'energy unknown here' : missing)
  return energyJ > 0 ? { value: amount / energyJ, uncertainty, isEstimate, reason: null } : none('no energy yet')
}

/** Joules ÷ amount. */
export function joulesPer({ amount, energyJ, uncertainty, isEstimate, missing }: EfficiencyOf): Efficiency {
  if (amount === null || energyJ === null) return none(energyJ === null ? 'energy unknown here' : missing)
  if (energyJ === 0) return none('no energy yet')
  return amount > 0 ? { value: energyJ / amount, uncertainty, isEstimate, reason: null } : none('nothing delivered yet')
}

export function none(reason: string): Efficiency {
  return { value: null, uncertainty: null, isEstimate: false, reason }
}

export const NOT_REPORTED = 'not reported'
export const ELSEWHERE = 'computed elsewhere'
/** Above this part of what was estimated a ratio is an estimate itself. */
export const ESTIMATE_FROM_RATIO = 0.2

export type WorkEnergy = {
  /** `null`: nothing of it was seen to draw anything. */
  readonly energyMj: number | null
  readonly uncertainty: number | null
  readonly estimatedRatio: number
}

/** Tokens of an app or model against its joules; what was computed elsewhere never enters (DESIGN §1). */
export function tokenFigures(
  sums: readonly OutputSum[],
  { energyMj, uncertainty, estimatedRatio }: WorkEnergy,
): { tokensPerJ: Efficiency; jPerToken: Efficiency } {
  const local = sums.filter(({ isRemote }) => isRemote === 0)
  if (local.length === 0 && sums.length > 0) return { tokensPerJ: none(ELSEWHERE), jPerToken: none(ELSEWHERE) }
  const { outputTokens, estimatedTokens } = delivered(local)
  const of: EfficiencyOf = {
    amount: outputTokens,
    energyJ: energyMj === null ? null : energyMj / 1_000,
    uncertainty,
    isEstimate: estimatedRatio > ESTIMATE_FROM_RATIO || estimatedTokens > ESTIMATE_FROM_RATIO * (outputTokens ?? 0),
    missing: NOT_REPORTED,
  }
  return { tokensPerJ: perJoule(of), jPerToken: joulesPer(of) }
}
