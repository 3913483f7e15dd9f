import { z } from 'zod'
import { createFloorLine } from './floor-line.ts'

/** Busy for less than this part of one core (or GPU engine): quiet enough to learn from. attribution.md §3. */
const QUIET_UTILISATION = 0.02
const QUANTILE = 0.05
/** Seconds of quiet that replace a table: thirty of the usual intervals. Weighed by length, so that coarse ticks learn the same. */
const NEEDED_S = 30
const WINDOW_S = 24 * 3_600
const SLOT_S = 3_600
/** Bins of 0.5 %; each keeps its sum, so the quantile is the mean of its bin rather than its edge. */
const BIN_RATIO = Math.log(1.005)
const TABLE_RATIO = 0.4
const FITTED_RATIO = 0.3
const LEARNED_RATIO = 0.05
const AGEING_PER_WEEK = 0.05
const WEEK_S = 7 * 86_400

const Slot = z.object({
  atS: z.int(),
  bins: z.record(z.string(), z.tuple([z.number().positive(), z.number().nonnegative()])),
})
/** What is kept of a floor over restarts. */
export const FloorState = z.object({
  learned: z.object({ powerW: z.number().nonnegative(), atS: z.int() }).nullable(),
  slots: z.array(Slot).max(26),
})
export type FloorState = z.infer<typeof FloorState>

/** `ratio` is the relative standard uncertainty u_F; `origin` says whose figure it is. */
export type Floor = {
  readonly powerW: number
  readonly ratio: number
  readonly origin: 'learned' | 'fitted' | 'table' | 'unknown'
}

export type FloorInterval = {
  /** Mean power of the interval. */
  readonly powerW: number
  readonly lengthMs: number
  /** Busy CPU (or GPU engine) time ÷ interval, in cores. */
  readonly utilisation: number
}

/**
 * Learns the deep-idle power of one domain in one state of the machine: the 5 % quantile of its quiet intervals of the last 24 h. Until
 * there were any, a line through power and utilisation says where it would be (docs/decisions/0008), else a device table.
 */
export interface FloorLearner {
  observe(interval: FloorInterval, nowS: number): void
  at(nowS: number): Floor
  state(): FloorState
}

export function createFloorLearner(
  tableFloorW: number | null,
  kept?: FloorState,
  options: { fits: boolean } = { fits: true },
): FloorLearner {
  const line = options.fits ? createFloorLine() : null
  let learned = kept?.learned ?? null
  const slots = new Map<number, Bins>()
  for (const slot of kept?.slots ?? []) {
    slots.set(
      slot.atS,
      new Map(Object.entries(slot.bins).map(([bin, [seconds, sumJ]]) => [Number(bin), [seconds, sumJ]])),
    )
  }
  let merged = mergedBins(slots.values())
  let dirty = true

  function forget(nowS: number): void {
    for (const atS of slots.keys()) if (atS < nowS - WINDOW_S - SLOT_S || atS > nowS + SLOT_S) slots.delete(atS)
    merged = mergedBins(slots.values())
  }

  function relearn(nowS: number): void {
    dirty = false
    const { quietS, bins, order } = merged
    if (quietS < NEEDED_S) return
    let belowS = 0
    for (const bin of order) {
      const [seconds, sumJ] = bins.get(bin) as Cell
      belowS += seconds
      if (belowS < QUANTILE * quietS) continue
      learned = { powerW: sumJ / seconds, atS: nowS }
      return
    }
  }

  return {
    observe({ powerW, lengthMs, utilisation }, nowS) {
      if (!(powerW > 0) || !(lengthMs > 0)) return
      if (learned === null) line?.add(utilisation, powerW, lengthMs / 1_000)
      if (utilisation >= QUIET_UTILISATION) return
      const seconds = lengthMs / 1_000
      const slotS = Math.floor(nowS / SLOT_S) * SLOT_S
      let bins = slots.get(slotS)
      if (bins === undefined) {
        forget(nowS)
        bins = new Map()
        slots.set(slotS, bins)
      }
      const bin = Math.round(Math.log(powerW) / BIN_RATIO)
      addTo(bins, bin, seconds, powerW * seconds)
      addToMerged(merged, bin, seconds, powerW * seconds)
      dirty = true
    },
    at(nowS) {
      if (dirty) relearn(nowS)
      if (learned !== null) {
        const weeks = Math.max(0, nowS - learned.atS - WINDOW_S) / WEEK_S
        return { powerW: learned.powerW, ratio: LEARNED_RATIO + weeks * AGEING_PER_WEEK, origin: 'learned' }
      }
      const fittedW = line?.floorW() ?? null
      if (fittedW !== null) return { powerW: fittedW, ratio: FITTED_RATIO, origin: 'fitted' }
      if (tableFloorW !== null) return { powerW: tableFloorW, ratio: TABLE_RATIO, origin: 'table' }
      return { powerW: 0, ratio: 1, origin: 'unknown' }
    },
    state: () => ({
      learned,
      slots: [...slots].map(([atS, bins]) => ({
        atS,
        bins: Object.fromEntries([...bins].map(([bin, cell]) => [String(bin), cell])),
      })),
    }),
  }
}

type Cell = [seconds: number, sumJ: number]
type Bins = Map<number, Cell>
/** All slots together, kept up as intervals come: a quantile of a day, asked every second, is then the walk through its lowest bins. */
type Merged = { readonly bins: Bins; readonly order: number[]; quietS: number }

function mergedBins(slots: Iterable<Bins>): Merged {
  const merged: Merged = { bins: new Map(), order: [], quietS: 0 }
  for (const bins of slots) for (const [bin, [seconds, sumJ]] of bins) addToMerged(merged, bin, seconds, sumJ)
  return merged
}

function addToMerged(merged: Merged, bin: number, seconds: number, sumJ: number): void {
  merged.quietS += seconds
  if (!addTo(merged.bins, bin, seconds, sumJ)) return
  const at = merged.order.findIndex((other) => other > bin)
  merged.order.splice(at < 0 ? merged.order.length : at, 0, bin)
}

/** `true` where the bin is new. */
function addTo(bins: Bins, bin: number, seconds: number, sumJ: number): boolean {
  const cell = bins.get(bin)
  if (cell === undefined) {
    bins.set(bin, [seconds, sumJ])
    return true
  }
  cell[0] += seconds
  cell[1] += sumJ
  return false
}
