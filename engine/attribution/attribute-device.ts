import type { AppId } from '../../contract/ids.ts'
import { apportion } from './apportion.ts'
import type { DeviceActivity } from './device-activity.ts'
import type { Attribution, DomainEnergy, Share } from './types.ts'

/** Sorts before every app id, so that ties are stable; no app is called this. */
const OTHER = ''
/** Busy for less than this part of one engine: quiet. attribution.md §3. */
export const QUIET_UTILISATION = 0.02

export type DeviceTerms = {
  readonly floorW: number
  /** The floor was learned here; a table's cannot tell residency from it. */
  readonly isFloorOwn: boolean
  /** Learned power above the floor while something is resident and nothing works; `null` while it is not known. */
  readonly residentW: number | null
}

/**
 * Divides one device's energy of one interval: its floor to the machine, what resident and quiet models draw above it to their apps by
 * memory, the rest by time at work. Pure; exact in integers ≥ 0, as `attribute`. attribution.md §3, §5.
 */
export function attributeDevice(
  energy: DomainEnergy,
  terms: DeviceTerms,
  activity: DeviceActivity,
  isIdle: (app: AppId) => boolean = () => false,
): Attribution {
  const intervalMs = energy.toMs - energy.fromMs
  const floorMj = Math.min(Math.round(Math.max(0, terms.floorW) * intervalMs), energy.energyMj)
  const aboveMj = energy.energyMj - floorMj
  const { activeMj: allActiveMj, residentMj: allResidentMj } = divide(aboveMj, intervalMs, terms, activity)
  const active = parts(allActiveMj, activity.apps, ({ busyMs }) => busyMs, activity.otherMs)
  const resident = parts(allResidentMj, activity.apps, ({ residentByteMs }) => residentByteMs, 0)
  const shares: Share[] = []
  for (const [index, { app }] of activity.apps.entries()) {
    // A server that busy-waits while nobody asks: what it burns there is idle energy too.
    const spunMj = isIdle(app) ? (active[index] as number) : 0
    const activeMj = (active[index] as number) - spunMj
    const idleMj = (resident[index] as number) + spunMj
    if (activeMj + idleMj === 0) continue
    const part = aboveMj > 0 ? (activeMj + idleMj) / aboveMj : 0
    const floorShareMj = Math.round(floorMj * part)
    shares.push({ app, activeMj, idleMj, floorShareMj, varMj2: energy.varMj2 * part ** 2 })
  }
  const otherMj = aboveMj - shares.reduce((sum, share) => sum + share.activeMj + share.idleMj, 0)
  return { ...energy, idleMj: floorMj, otherMj, shares }
}

/** What of the energy above the floor goes out by time at work, and what by memory; the rest is nobody's. */
function divide(
  aboveMj: number,
  intervalMs: number,
  { isFloorOwn, residentW }: DeviceTerms,
  { apps, busyMs, coveredMs }: DeviceActivity,
): { activeMj: number; residentMj: number } {
  const utilisation = coveredMs > 0 ? busyMs / coveredMs : 0
  if (!apps.some(({ residentByteMs }) => residentByteMs > 0)) return { activeMj: aboveMj, residentMj: 0 }
  // Above a table's floor, residency cannot be told from the table's error.
  if (utilisation < QUIET_UTILISATION) return { activeMj: 0, residentMj: isFloorOwn ? aboveMj : 0 }
  if (!isFloorOwn || residentW === null) return { activeMj: aboveMj, residentMj: 0 }
  const quietRatio = Math.max(0, 1 - utilisation)
  const residentMj = Math.min(aboveMj, Math.round(residentW * intervalMs * quietRatio))
  return { activeMj: aboveMj - residentMj, residentMj }
}

type AppActivity = DeviceActivity['apps'][number]

/** Each app's part in whole mJ; what nobody's weight explains is left out. */
function parts(mj: number, apps: readonly AppActivity[], weightOf: (app: AppActivity) => number, otherWeight: number) {
  const weights = apps.map(weightOf)
  const total = weights.reduce((sum, weight) => sum + weight, otherWeight)
  if (mj === 0 || total === 0) return apps.map(() => 0)
  return apportion(mj, [...weights, otherWeight], [...apps.map(({ app }) => app), OTHER])
}
