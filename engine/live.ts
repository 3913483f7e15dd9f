import type { AppId } from '../contract/ids.ts'
import type { Attribution } from './attribution/types.ts'

export type LiveTick = {
  readonly fromMs: number
  readonly toMs: number
  readonly atS: number
  measuredMj: number
  idleMj: number
  otherMj: number
  estimatedMj: number
  /** `false` until some domain's energy of this tick is known: a gap, not 0 W. */
  known: boolean
  readonly apps: Map<AppId, number>
}

export const LIVE_S = 15 * 60

/** The last 15 minutes tick by tick, in memory: what the live chart and the sparkline draw. */
export interface LiveRing {
  /** Opens the tick that just ended; the energies of its interval are added as they become known. */
  push(tick: { fromMs: number; toMs: number; atS: number }): void
  /** A late reading is spread evenly over the ticks that it covers: for drawing alone, the ledger books it by its own interval. */
  add(attribution: Attribution): void
  since(atS: number): readonly LiveTick[]
}

export function createLiveRing(): LiveRing {
  let ticks: LiveTick[] = []

  function addPart(tick: LiveTick, attribution: Attribution, part: number): void {
    tick.known = true
    tick.measuredMj += attribution.energyMj * part
    tick.idleMj += attribution.idleMj * part
    tick.otherMj += attribution.otherMj * part
    if (attribution.provenance === 'estimate') tick.estimatedMj += attribution.energyMj * part
    for (const share of attribution.shares) {
      const energyMj = (share.activeMj + share.idleMj) * part
      tick.apps.set(share.app, (tick.apps.get(share.app) ?? 0) + energyMj)
    }
  }

  return {
    push({ fromMs, toMs, atS }) {
      ticks.push({
        fromMs,
        toMs,
        atS,
        measuredMj: 0,
        idleMj: 0,
        otherMj: 0,
        estimatedMj: 0,
        known: false,
        apps: new Map(),
      })
      if (ticks.length > 2 * LIVE_S || (ticks[0] as LiveTick).atS < atS - 2 * LIVE_S)
        ticks = ticks.filter((tick) => tick.atS > atS - LIVE_S)
    },
    add(attribution) {
      const newest = ticks.at(-1)
      if (newest === undefined) return
      // A source is read a moment before the tick is closed: intervals that nearly fit are the tick's own.
      const isNewest = attribution.fromMs > newest.fromMs - 100 && attribution.toMs > newest.fromMs
      if (isNewest) return addPart(newest, attribution, 1)
      const lengthMs = attribution.toMs - attribution.fromMs
      for (let i = ticks.length - 1; i >= 0; i--) {
        const tick = ticks[i] as LiveTick
        if (tick.toMs <= attribution.fromMs) break
        const overlapMs = Math.min(tick.toMs, attribution.toMs) - Math.max(tick.fromMs, attribution.fromMs)
        if (overlapMs > 0) addPart(tick, attribution, overlapMs / lengthMs)
      }
    },
    since: (atS) => ticks.filter((tick) => tick.atS > atS),
  }
}
