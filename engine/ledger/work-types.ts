import type { AppId, ModelId, UserId } from '../../contract/ids.ts'
import type { Provenance } from '../../contract/units.ts'

export type LedgerModel = {
  readonly id: ModelId
  readonly app: AppId
  readonly name: string
  readonly family: string | null
  readonly parameters: number | null
  readonly quantisation: string | null
  readonly engine: string | null
  readonly device: 'cpu' | 'gpu' | 'npu' | 'mixed' | null
  readonly isRemote: boolean
  /** Relative standard uncertainty (k = 1) of its share within its app: 0 where it is the only one. */
  readonly shareRatio: number
}

/** Somebody who received output: an OS account, an API identity (a keyed hash), a headcount. */
export type LedgerPerson = { readonly id: UserId; readonly kind: 'os' | 'api' | 'headcount' }
/** A keyed hash of a working directory. */
export type LedgerProject = { readonly id: string }

/** What the models of one app drew in one interval: all that `LedgerInterval` gives the app, or part of it. */
export type LedgerModelInterval = {
  readonly startWallMs: number
  readonly endWallMs: number
  readonly provenance: Provenance
  readonly shares: readonly {
    readonly model: ModelId
    readonly activeMj: number
    readonly idleMj: number
    readonly loadMj: number
  }[]
}

/** What was delivered; added to the hour that holds `atS`. `null`: nobody counted it. */
export type LedgerOutput = {
  readonly atS: number
  readonly app: AppId
  readonly model: ModelId | null
  readonly user: UserId | null
  readonly project: string | null
  readonly isRemote: boolean
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
  readonly requestEstimatedMj: number
  readonly requestVarMj2: number
}

/** One request as it is kept for some days. */
export type LedgerRequest = {
  readonly id: string
  readonly beganMs: number
  readonly endedMs: number
  readonly app: AppId | null
  readonly model: ModelId | null
  readonly user: UserId | null
  readonly project: string | null
  readonly client: string | null
  readonly endpoint: string
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly outputTokens: number | null
  readonly tokensProvenance: 'exact' | 'derived' | 'estimate' | 'notReported'
  readonly images: number | null
  readonly audioMs: number | null
  readonly ttftMs: number | null
  readonly durationMs: number
  readonly status: 'done' | 'failed' | 'aborted'
  readonly httpStatus: number | null
  readonly isRemote: boolean
  readonly energyMj: number | null
  readonly estimatedMj: number
  /** Half-width at k = 2 ÷ energy; `null` where that is 0 or not known. */
  readonly uncertainty: number | null
  readonly provenance: Provenance | null
}

/** A run that is kept as a whole; written again when it ends. */
export type LedgerJob = {
  readonly id: string
  readonly label: string
  readonly kind: 'run' | 'recognised'
  readonly app: AppId | null
  readonly startS: number
  readonly endS: number | null
  readonly exitCode: number | null
  /** `null` while it runs, and where nothing measured it. */
  readonly energyMj: number | null
  readonly estimatedMj: number
  readonly uncertainty: number | null
  readonly provenance: Provenance | null
}
