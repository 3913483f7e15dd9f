import type { AppId, DomainId, DomainKind, SourceId } from '../../contract/ids.ts'
import type { Remedy } from '../../contract/result.ts'
import type { Provenance } from '../../contract/units.ts'

/** One domain's attributed interval as the ledger takes it: wall time, integers. `idleMj + otherMj + Σ shares === energyMj`. */
export type LedgerInterval = {
  readonly domain: DomainId
  readonly startWallMs: number
  readonly endWallMs: number
  readonly energyMj: number
  readonly idleMj: number
  readonly otherMj: number
  readonly varMj2: number
  readonly provenance: Provenance
  readonly shares: readonly {
    readonly app: AppId
    readonly activeMj: number
    readonly idleMj: number
    readonly floorShareMj: number
    readonly varMj2: number
  }[]
}

export type LedgerDomain = {
  readonly id: DomainId
  readonly kind: DomainKind
  readonly parent: DomainId | null
  readonly source: SourceId
  readonly provenance: Provenance
  readonly name: string
  /** Relative standard uncertainty of the gain (k = 1). */
  readonly gainRatio: number
  /** `inner`: part of `measured`. `whole`: battery, wall, psys: a scope of its own, outside every sum. */
  readonly scope: 'inner' | 'whole'
  /** Learned floor and its relative standard uncertainty, for the uncertainty of active and idle; `null` while unknown. */
  readonly floorW: number | null
  readonly floorRatio: number | null
  /** Relative standard uncertainty of a share of it (k = 1), where it is not the app's own; `null` where it is. */
  readonly shareRatio: number | null
}

/** What a whole-machine meter measured, and what the inner domains did in exactly the same time. */
export type LedgerOverhead = {
  readonly domain: DomainId
  readonly startWallMs: number
  readonly endWallMs: number
  readonly wholeMj: number
  readonly measuredMj: number
}

export type LedgerApp = {
  readonly id: AppId
  readonly name: string
  readonly category: string
  readonly local: boolean
  readonly countsAsAi: boolean
  /** Relative standard uncertainty of the share (k = 1): how well its activity stands for energy. */
  readonly shareRatio: number
}

export type GapCause = 'suspend' | 'clock' | 'restart' | 'paused' | 'stall' | 'lost' | 'noSource'
export type LedgerGap = { readonly fromS: number; readonly toS: number; readonly cause: GapCause }

/** Something that happened to the history and that its owner should know. */
export type LedgerNotice = {
  readonly code: 'ledgerRestored' | 'ledgerBegunAnew'
  readonly text: string
  readonly remedy: Remedy | null
}

/** `full` and `failing`: what is measured waits in memory (a day at most) and is written when the disk takes it. */
export type LedgerStatus = {
  readonly state: 'writing' | 'full' | 'failing'
  readonly reason: string | null
  readonly remedy: Remedy | null
}
