import type { AppId, DomainId } from '../../contract/ids.ts'
import type { Provenance } from '../../contract/units.ts'

/** Energy of one domain over exactly one interval of monotonic time. */
export type DomainEnergy = {
  readonly domain: DomainId
  readonly fromMs: number
  readonly toMs: number
  readonly energyMj: number
  readonly provenance: Provenance
  /** Variance of quantisation and sampling in this interval, mJ²: independent between intervals, so it adds. */
  readonly varMj2: number
}

/** What one app did in a domain's interval, in that domain's own measure of activity (CPU ms, GPU ms). */
export type DomainActivity = {
  readonly app: AppId
  readonly amount: number
  /** The connector or proxy says that nothing was in flight: what it burnt was idle. */
  readonly spinning: boolean
}

export type Share = {
  readonly app: AppId
  readonly activeMj: number
  readonly idleMj: number
  /** The floor's energy in this interval × the app's share of it: what an error of the floor is charged to. No part of the app's own energy. */
  readonly floorShareMj: number
  readonly varMj2: number
}

/** One leaf domain's energy of one interval, divided. `idleMj + otherMj + Σ (activeMj + idleMj) === energyMj`, in integers ≥ 0. */
export type Attribution = {
  readonly domain: DomainId
  readonly fromMs: number
  readonly toMs: number
  readonly energyMj: number
  readonly provenance: Provenance
  readonly varMj2: number
  /** The machine's floor. */
  readonly idleMj: number
  readonly otherMj: number
  readonly shares: readonly Share[]
}
