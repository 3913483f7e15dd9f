import type { AppId } from '../../contract/ids.ts'
import { childCreditTicks } from './children.ts'
import type { Look } from './macos-look.ts'
import type { MacProcess } from './macos-table.ts'
import { msOf } from './macos-times.ts'
import type { AppActivity } from './sampler.ts'

export type AppSums = {
  ownMs: number
  /** CPU energy as the kernel counts it; `null` where it is not known of every process that ran. */
  energyNj: number | null
  /** Time of children too short-lived to be seen. */
  creditMs: number
  processes: number
}

/** What the apps' processes did in one look. */
export function sumByApp(tracked: Iterable<MacProcess>, timebase: Look['timebase']): Map<AppId, AppSums> {
  const sumsByApp = new Map<AppId, AppSums>()
  for (const process of tracked) {
    if (process.member === null) continue
    const sums = sumsByApp.get(process.member.app) ?? { ownMs: 0, energyNj: 0, creditMs: 0, processes: 0 }
    sumsByApp.set(process.member.app, sums)
    const { energyDeltaNj } = process
    sums.processes += 1
    sums.ownMs += msOf(process.ownDeltaTicks, timebase)
    sums.creditMs += msOf(childCreditTicks(process, isReaped), timebase)
    if (process.ownDeltaTicks === 0) continue
    sums.energyNj = sums.energyNj === null || energyDeltaNj === null ? null : sums.energyNj + energyDeltaNj
  }
  return sumsByApp
}

/** macOS shows no zombies among the processes that can be read. */
function isReaped(): boolean {
  return true
}

/**
 * A millisecond on an efficiency core costs a fraction of one on a performance core. Among the apps the kernel's own count of CPU energy
 * decides, where it has one; against the rest of the machine, time does: the apps together keep theirs. Short-lived children count at
 * most for what nobody else explains. `slackMs`: the machine's time is counted in whole ticks, so that less is no finding.
 */
export function activitiesOf(
  sumsByApp: ReadonlyMap<AppId, AppSums>,
  busyMs: number,
  slackMs: number,
): { readonly apps: AppActivity[]; readonly hasExcess: boolean } {
  const all = [...sumsByApp.values()]
  const ownMs = all.reduce((sum, sums) => sum + sums.ownMs, 0)
  const creditMs = all.reduce((sum, sums) => sum + sums.creditMs, 0)
  const energyNj = all.reduce<number | null>(
    (sum, sums) => (sum === null || sums.energyNj === null ? null : sum + sums.energyNj),
    0,
  )
  const unexplainedMs = Math.max(0, busyMs - ownMs)
  const creditRatio = creditMs === 0 ? 0 : Math.min(1, unexplainedMs / creditMs)
  const apps = Array.from(sumsByApp, ([app, sums]) => {
    const credit = sums.creditMs * creditRatio
    const weightedMs = energyNj !== null && energyNj > 0 ? (ownMs * (sums.energyNj ?? 0)) / energyNj : sums.ownMs
    return { app, cpuMs: weightedMs + credit, plainCpuMs: sums.ownMs + credit, processes: sums.processes }
  })
  return { apps, hasExcess: creditMs > unexplainedMs + slackMs }
}
