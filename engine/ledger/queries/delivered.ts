import type Database from 'better-sqlite3'
import type { Delivered, Efficiency } from '../../../contract/models.ts'
import { cover } from './cover.ts'

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
  readonly requestMj: number
  readonly requestVarMj2: number
  readonly lastS: number
}

export const OUTPUT_ROWS = `
  SELECT app_id AS app, model_id AS model, person_id AS person, project_id AS project, is_remote AS isRemote,
    sum(prompt_tokens) AS promptTokens, sum(cached_tokens) AS cachedTokens, sum(output_tokens) AS outputTokens,
    sum(estimated_tokens) AS estimatedTokens, sum(requests) AS requests, sum(failed_requests) AS failedRequests,
    sum(unreported_requests) AS unreportedRequests, sum(images) AS images, sum(audio_ms) AS audioMs, sum(request_mj) AS requestMj,
    sum(request_var_mj2) AS requestVarMj2, max(last_s) AS lastS
  FROM output WHERE resolution_s = ? AND start_s >= ? AND start_s < ?
  GROUP BY app_id, model_id, person_id, project_id, is_remote`

/** Output of whole hours in [fromS, toS), from the rows of hours and, for what is long ago, of days. Relies on the primary key of `output`. */
export function outputSums(db: Database.Database, range: { fromS: number; toS: number }): OutputSum[] {
  const { segments } = cover(db, range, { finestS: 3_600, coarsestS: 86_400 })
  const rows = db.prepare<number[], OutputSum>(OUTPUT_ROWS)
  return segments.flatMap(({ resolutionS, fromS, toS }) => rows.all(resolutionS, fromS, toS))
}

/** Sums what is counted; where nothing was, it stays unknown. */
export function delivered(sums: readonly OutputSum[]): Delivered {
  const total = (pick: (sum: OutputSum) => number | null) => {
    const known = sums.flatMap((sum) => pick(sum) ?? [])
    return known.length === 0 ? null : known.reduce((all, one) => all + one, 0)
  }
  return {
    promptTokens: total((sum) => sum.promptTokens),
    cachedTokens: total((sum) => sum.cachedTokens),
    outputTokens: total((sum) => sum.outputTokens),
    estimatedTokens: total((sum) => sum.estimatedTokens) ?? 0,
    requests: total((sum) => sum.requests),
    failedRequests: total((sum) => sum.failedRequests) ?? 0,
    images: total((sum) => sum.images),
    audioMs: total((sum) => sum.audioMs),
  }
}

export type EfficiencyOf = {
  readonly amount: number | null
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
  return amount > 0 ? { value: energyJ / amount, uncertainty, isEstimate, reason: null } : none('nothing delivered yet')
}

export function none(reason: string): Efficiency {
  return { value: null, uncertainty: null, isEstimate: false, reason }
}

export const NOT_REPORTED = 'not reported'
export const ELSEWHERE = 'computed elsewhere'

/** Tokens of an app or model against its joules; what was computed elsewhere never enters (DESIGN §1). */
export function tokenFigures(
  sums: readonly OutputSum[],
  energy: { readonly energyMj: number; readonly uncertainty: number | null; readonly estimatedRatio: number },
): { tokensPerJ: Efficiency; jPerToken: Efficiency } {
  const local = sums.filter(({ isRemote }) => isRemote === 0)
  if (local.length === 0 && sums.length > 0) return { tokensPerJ: none(ELSEWHERE), jPerToken: none(ELSEWHERE) }
  const { outputTokens, estimatedTokens } = delivered(local)
  const of: EfficiencyOf = {
    amount: outputTokens,
    energyJ: energy.energyMj / 1_000,
    uncertainty: energy.uncertainty,
    isEstimate: energy.estimatedRatio > 0.2 || estimatedTokens > 0.2 * (outputTokens ?? 0),
    missing: NOT_REPORTED,
  }
  return { tokensPerJ: perJoule(of), jPerToken: joulesPer(of) }
}
