import type { AppId } from '../contract/ids.ts'
import type { Attribution } from './attribution/types.ts'
import type { HomeZone } from './ledger/zone.ts'

export type TodayTotals = {
  readonly measuredMj: number
  readonly aiMj: number
  readonly coverageRatio: number
  appMj(app: AppId): number
}

/** Sums of the home zone's day, begun from the ledger and carried on in memory, so that no tick asks the ledger. */
export interface Today {
  /** What the ledger held of this day when the engine started. */
  begin(
    kept: { measuredMj: number; coverageRatio: number; apps: readonly { app: AppId; energyMj: number }[] },
    nowS: number,
  ): void
  add(attribution: Attribution): void
  /** A tick passed; `covered` where some domain measured in it. */
  pass(toS: number, lengthS: number, covered: boolean): void
  totals(countsAsAi: (app: AppId) => boolean): TodayTotals
  dayStartS(nowS: number): number
}

export function createToday(zone: HomeZone): Today {
  let dayStartS = 0
  let dayEndS = 0
  let measuredMj = 0
  let passedS = 0
  let coveredS = 0
  const apps = new Map<AppId, number>()

  function turnTo(nowS: number): void {
    if (nowS >= dayStartS && nowS < dayEndS) return
    const day = zone.day(nowS)
    dayStartS = day.startS
    dayEndS = day.endS
    measuredMj = 0
    passedS = 0
    coveredS = 0
    apps.clear()
  }

  return {
    begin(kept, nowS) {
      turnTo(nowS)
      measuredMj += kept.measuredMj
      for (const { app, energyMj } of kept.apps) apps.set(app, (apps.get(app) ?? 0) + energyMj)
      if (kept.measuredMj === 0) return
      passedS += nowS - dayStartS
      coveredS += (nowS - dayStartS) * kept.coverageRatio
    },
    add(attribution) {
      measuredMj += attribution.energyMj
      for (const share of attribution.shares)
        apps.set(share.app, (apps.get(share.app) ?? 0) + share.activeMj + share.idleMj)
    },
    pass(toS, lengthS, covered) {
      turnTo(toS)
      passedS += lengthS
      if (covered) coveredS += lengthS
    },
    totals(countsAsAi) {
      let aiMj = 0
      for (const [app, energyMj] of apps) if (countsAsAi(app)) aiMj += energyMj
      return {
        measuredMj,
        aiMj,
        coverageRatio: passedS > 0 ? Math.min(1, coveredS / passedS) : 1,
        appMj: (app) => apps.get(app) ?? 0,
      }
    },
    dayStartS: (nowS) => zone.day(nowS).startS,
  }
}
