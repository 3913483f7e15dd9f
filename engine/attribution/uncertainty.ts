import type { AppId } from '../../contract/ids.ts'

/** Energy of one leaf domain over a stretch of time, as far as its uncertainty is concerned. Energies in mJ, ratios at k = 1. */
export type DomainSum = {
  /** Leaves of one root share its gain: their errors are one error. */
  readonly gainKey: string
  readonly gainRatio: number
  /** The machine's floor in this stretch, and u_F. */
  readonly floorMj: number
  readonly floorRatio: number
  readonly otherMj: number
  readonly varMj2: number
  readonly apps: readonly AppSum[]
}

export type AppSum = {
  readonly app: AppId
  readonly activeMj: number
  readonly idleMj: number
  /** The floor's energy × the app's share, summed over the intervals in which the app did something. */
  readonly floorShareMj: number
  readonly shareRatio: number
  readonly varMj2: number
}

/** Share of what no AI app did: mixed load (attribution.md §6). */
export const OTHER_SHARE_RATIO = 0.15

/** Standard uncertainty (k = 1), mJ, of the whole machine's energy: gain and random; shares and floor cancel in the sum. */
export function machineUncertaintyMj(domains: readonly DomainSum[]): number {
  let varMj2 = 0
  const gains = new Map<string, number>()
  for (const domain of domains) {
    let energyMj = domain.floorMj + domain.otherMj
    for (const app of domain.apps) energyMj += app.activeMj + app.idleMj
    varMj2 += domain.varMj2
    addGain(gains, domain, energyMj)
  }
  return Math.sqrt(varMj2 + gainVariance(gains))
}

/** Standard uncertainty (k = 1), mJ, of what the apps in `selected` drew together. GUM (JCGM 100:2008) with the terms of attribution.md §6. */
export function appsUncertaintyMj(domains: readonly DomainSum[], selected: (app: AppId) => boolean): number {
  let varMj2 = 0
  const gains = new Map<string, number>()
  for (const domain of domains) {
    const parts = splitDomain(domain, selected)
    varMj2 += parts.shareVarMj2 + parts.floorVarMj2 + parts.randomVarMj2
    addGain(gains, domain, parts.energyMj)
  }
  return Math.sqrt(varMj2 + gainVariance(gains))
}

/**
 * Relative standard uncertainty (k = 1) of the ratio of two apps' energies. Gain is one common factor of both and drops out
 * where they drew from the same roots; what differs between roots stays.
 */
export function ratioUncertainty(domains: readonly DomainSum[], a: AppId, b: AppId): number | null {
  const sums = [a, b].map((app) => {
    let energyMj = 0
    let ownVarMj2 = 0
    const gains = new Map<string, number>()
    for (const domain of domains) {
      const parts = splitDomain(domain, (other) => other === app)
      energyMj += parts.energyMj
      ownVarMj2 += parts.randomVarMj2
      addGain(gains, domain, parts.energyMj)
    }
    return { energyMj, ownVarMj2, gains }
  })
  const [first, second] = sums as [(typeof sums)[0], (typeof sums)[0]]
  if (first.energyMj === 0 || second.energyMj === 0) return null
  let varRatio2 = first.ownVarMj2 / first.energyMj ** 2 + second.ownVarMj2 / second.energyMj ** 2
  for (const key of new Set([...first.gains.keys(), ...second.gains.keys()])) {
    varRatio2 += ((first.gains.get(key) ?? 0) / first.energyMj - (second.gains.get(key) ?? 0) / second.energyMj) ** 2
  }
  for (const domain of domains) varRatio2 += shareAndFloorOfRatio(domain, a, b, first.energyMj, second.energyMj)
  return Math.sqrt(varRatio2)
}

type Parts = { energyMj: number; shareVarMj2: number; floorVarMj2: number; randomVarMj2: number }

function splitDomain(domain: DomainSum, selected: (app: AppId) => boolean): Parts {
  const activeMj = totalActiveMj(domain)
  const parts: Parts = { energyMj: 0, shareVarMj2: 0, floorVarMj2: 0, randomVarMj2: 0 }
  let inside = 0
  let outside = activeMj > 0 ? ((domain.otherMj / activeMj) * OTHER_SHARE_RATIO) ** 2 : 0
  let selectedActiveMj = 0
  let floorShareMj = 0
  for (const app of domain.apps) {
    const spread = activeMj > 0 ? (((app.activeMj + app.idleMj) / activeMj) * app.shareRatio) ** 2 : 0
    if (!selected(app.app)) {
      outside += spread
      continue
    }
    inside += spread
    selectedActiveMj += app.activeMj + app.idleMj
    floorShareMj += app.floorShareMj
    parts.randomVarMj2 += app.varMj2
  }
  const share = activeMj > 0 ? selectedActiveMj / activeMj : 0
  parts.energyMj = selectedActiveMj
  parts.shareVarMj2 = activeMj ** 2 * ((1 - share) ** 2 * inside + share ** 2 * outside)
  parts.floorVarMj2 = (domain.floorRatio * floorShareMj) ** 2
  return parts
}

/** Share errors move energy between the two (and the rest); the floor's error is one common error of both. */
function shareAndFloorOfRatio(domain: DomainSum, a: AppId, b: AppId, aMj: number, bMj: number): number {
  const activeMj = totalActiveMj(domain)
  if (activeMj === 0) return 0
  const p = (app: AppId) =>
    domain.apps.reduce((sum, one) => (one.app === app ? sum + one.activeMj + one.idleMj : sum), 0) / activeMj
  const pa = p(a)
  const pb = p(b)
  // d ln A − d ln B of A_d = E·p_a: each share error e_k changes p_a by p_a(δ_ak − p_k)·e_k.
  const weight = (app: AppId | null) =>
    (activeMj * pa * ((app === a ? 1 : 0) - shareOf(domain, app, activeMj))) / aMj -
    (activeMj * pb * ((app === b ? 1 : 0) - shareOf(domain, app, activeMj))) / bMj
  let variance = (weight(null) * OTHER_SHARE_RATIO) ** 2
  if (domain.otherMj === 0) variance = 0
  for (const app of domain.apps) variance += (weight(app.app) * app.shareRatio) ** 2
  const floor = domain.floorRatio * (floorShareOf(domain, a) / aMj - floorShareOf(domain, b) / bMj)
  return variance + floor ** 2
}

function shareOf(domain: DomainSum, app: AppId | null, activeMj: number): number {
  if (app === null) return domain.otherMj / activeMj
  return domain.apps.reduce((sum, one) => (one.app === app ? sum + one.activeMj + one.idleMj : sum), 0) / activeMj
}

function floorShareOf(domain: DomainSum, app: AppId): number {
  return domain.apps.reduce((sum, one) => (one.app === app ? sum + one.floorShareMj : sum), 0)
}

function totalActiveMj(domain: DomainSum): number {
  let sumMj = domain.otherMj
  for (const app of domain.apps) sumMj += app.activeMj + app.idleMj
  return sumMj
}

function addGain(gains: Map<string, number>, domain: DomainSum, energyMj: number): void {
  gains.set(domain.gainKey, (gains.get(domain.gainKey) ?? 0) + domain.gainRatio * energyMj)
}

function gainVariance(gains: ReadonlyMap<string, number>): number {
  let varMj2 = 0
  for (const errorMj of gains.values()) varMj2 += errorMj ** 2
  return varMj2
}

/** The JSON's `uncertainty`: half-width at k = 2 ÷ the figure; `null` where the figure is 0. */
export function expandedRatio(standardMj: number, energyMj: number): number | null {
  return energyMj > 0 ? (2 * standardMj) / energyMj : null
}
