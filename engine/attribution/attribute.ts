import type { AppId } from '../../contract/ids.ts'
import { apportion } from './apportion.ts'
import type { Attribution, DomainActivity, DomainEnergy, Share } from './types.ts'

/** Sorts before every app id, so that ties are stable; no app is called this. */
const OTHER = ''
/** CPU times in `/proc` have steps of 10 ms: the difference of two carries a standard uncertainty of 10 ms ÷ √6 (proc(5)). */
const QUANTUM_MS2 = (10 * 10) / 6

export type ActivityOfDomain = {
  /** All that was done in the interval, by AI apps or not, in the domain's measure of activity. */
  readonly totalAmount: number
  readonly apps: readonly DomainActivity[]
}

/**
 * Divides one domain's energy of one interval among the machine's floor, apps and other, by average sharing: what is above the
 * floor goes out in proportion to activity. Pure; the order of `apps` does not matter.
 * Exact, in integers ≥ 0: `idleMj + otherMj + Σ shares (activeMj + idleMj) === energy.energyMj`. attribution.md §3, §5.
 */
export function attribute(energy: DomainEnergy, floorW: number, activity: ActivityOfDomain): Attribution {
  const floorMj = Math.min(Math.round(Math.max(0, floorW) * (energy.toMs - energy.fromMs)), energy.energyMj)
  const activeMj = energy.energyMj - floorMj
  // Sums of fractions depend on their order: always that of the ids.
  const apps = activity.apps.filter((app) => app.amount > 0).sort((a, b) => (a.app < b.app ? -1 : 1))
  let known = 0
  for (const app of apps) known += app.amount
  // Quantised process times may exceed the machine's busy time by a step or two: then they are all there is.
  const total = Math.max(activity.totalAmount, known)
  if (activeMj === 0 || known === 0) return { ...energy, idleMj: floorMj, otherMj: activeMj, shares: [] }

  const parts = apportion(
    activeMj,
    [...apps.map((app) => app.amount), total - known],
    [...apps.map((app) => app.app), OTHER],
  )
  const varPerAmount = (activeMj / total) ** 2 * QUANTUM_MS2
  const shares = apps.map((app, i): Share => {
    const mj = parts[i] as number
    return {
      app: app.app,
      activeMj: app.spinning ? 0 : mj,
      idleMj: app.spinning ? mj : 0,
      floorShareMj: Math.round((floorMj * app.amount) / total),
      varMj2: varPerAmount + energy.varMj2 * (app.amount / total) ** 2,
    }
  })
  return { ...energy, idleMj: floorMj, otherMj: parts[apps.length] as number, shares }
}

/**
 * Divides what a parent drew beyond its children (uncore, caches, fabric): above its own floor it goes out in proportion to
 * the children's active energy, `other` included; where they gave nobody any, to `other`. attribution.md §2.
 */
export function attributeRemainder(
  energy: DomainEnergy,
  floorW: number,
  children: readonly Attribution[],
): Attribution {
  const amounts = new Map<AppId, number>()
  let totalAmount = 0
  for (const child of children) {
    totalAmount += child.otherMj
    for (const share of child.shares) {
      const mj = share.activeMj + share.idleMj
      totalAmount += mj
      amounts.set(share.app, (amounts.get(share.app) ?? 0) + mj)
    }
  }
  const apps = [...amounts].map(
    ([app, amount]): DomainActivity => ({ app, amount, spinning: isSpinning(app, children) }),
  )
  const divided = attribute(energy, floorW, { totalAmount, apps })
  // The weights are energies of this tick, not CPU times: their own quantisation was booked with the children.
  return { ...divided, shares: divided.shares.map((share) => ({ ...share, varMj2: energy.varMj2 })) }
}

function isSpinning(app: AppId, children: readonly Attribution[]): boolean {
  let any = false
  for (const child of children) {
    for (const share of child.shares) {
      if (share.app !== app) continue
      if (share.activeMj > 0) return false
      any ||= share.idleMj > 0
    }
  }
  return any
}
