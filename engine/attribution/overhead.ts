import type { DomainKind } from '../../contract/ids.ts'

/** Which whole-machine meter is believed where several measure: it sees most, in this order. */
export const METER_ORDER: readonly DomainKind[] = ['wall', 'board', 'battery']

/** Slots in which energies of several domains are added up before they are compared. */
export const SLOT_MS = 10_000
const LEAST_MS = 60_000
const LEAST_UPDATES = 3
/** Where one of the two is silent, the other's slots must not pile up: an hour of them waits. */
const MOST_SLOTS = 360
/** Rounding of times must not make a whole slot a partial one. */
export const WHOLE_RATIO = 0.999

/** What a whole-machine meter measured, and what the inner domains did over exactly the same time. */
export type OverheadBucket = {
  readonly fromMs: number
  readonly toMs: number
  readonly wholeMj: number
  readonly measuredMj: number
  /** Standard uncertainty (k = 1) of the difference, by the gains of both. */
  readonly uncertaintyMj: number
}

/** The sum of all inner roots over one slot; its uncertainty is that of their gains. */
export type MeasuredSlot = { readonly fromMs: number; readonly energyMj: number; readonly uncertaintyMj: number }

type Run = {
  readonly fromMs: number
  slots: number
  updates: number
  wholeMj: number
  measuredMj: number
  measuredUncertaintyMj: number
}

/**
 * Cuts the difference of a whole-machine meter and the inner domains (attribution.md §2) into buckets of at least a minute and three of the
 * meter's own updates, so that no bucket compares a late reading with load that it has not seen. Time that only one of them covers is
 * left out. Pure.
 */
export interface OverheadBuckets {
  addWhole(energy: { readonly fromMs: number; readonly toMs: number; readonly energyMj: number }): void
  addMeasured(slot: MeasuredSlot): void
  /** Those that were completed since the last call. */
  take(): readonly OverheadBucket[]
  /** After a gap: no bucket reaches across it. */
  restart(): void
}

/** `gainRatio`: relative standard uncertainty of the meter's gain. */
export function createOverheadBuckets(gainRatio: number): OverheadBuckets {
  const wholes = new Map<number, { energyMj: number; coveredMs: number; updates: number }>()
  const measured = new Map<number, MeasuredSlot>()
  let wholeToMs = Number.NEGATIVE_INFINITY
  let measuredToMs = Number.NEGATIVE_INFINITY
  let next: number | null = null
  let run: Run | null = null
  let ready: OverheadBucket[] = []

  function advance(): void {
    for (const slots of [wholes, measured])
      for (const slot of slots.keys()) if (slots.size > MOST_SLOTS) slots.delete(slot)
    next ??= Math.min(...wholes.keys(), ...measured.keys())
    const knownTo = Math.floor(Math.min(wholeToMs, measuredToMs) / SLOT_MS)
    for (; next < knownTo; next++) {
      const [whole, parts] = [wholes.get(next), measured.get(next)]
      wholes.delete(next)
      measured.delete(next)
      if (whole === undefined && parts === undefined) {
        run = null
        // A long silence is left in one step.
        next = Math.min(knownTo, ...wholes.keys(), ...measured.keys()) - 1
        continue
      }
      const isWhole = whole !== undefined && whole.coveredMs >= WHOLE_RATIO * SLOT_MS
      if (!isWhole || parts === undefined) run = null
      else extend(next, whole, parts)
    }
  }

  function extend(slot: number, whole: { energyMj: number; updates: number }, parts: MeasuredSlot): void {
    run ??= {
      fromMs: slot * SLOT_MS,
      ...{ slots: 0, updates: 0, wholeMj: 0, measuredMj: 0, measuredUncertaintyMj: 0 },
    }
    run.slots += 1
    run.updates += whole.updates
    run.wholeMj += whole.energyMj
    run.measuredMj += parts.energyMj
    // One gain errs in all of its slots alike, so its errors add up.
    run.measuredUncertaintyMj += parts.uncertaintyMj
    if (run.slots * SLOT_MS < LEAST_MS || run.updates < LEAST_UPDATES) return
    const { fromMs, wholeMj, measuredMj } = run
    const uncertaintyMj = Math.hypot(wholeMj * gainRatio, run.measuredUncertaintyMj)
    ready.push({ fromMs, toMs: (slot + 1) * SLOT_MS, wholeMj, measuredMj, uncertaintyMj })
    run = null
  }

  return {
    addWhole({ fromMs, toMs, energyMj }) {
      if (!(toMs > fromMs)) return
      for (let startMs = fromMs; startMs < toMs; ) {
        const slot = Math.floor(startMs / SLOT_MS)
        const endMs = Math.min(toMs, (slot + 1) * SLOT_MS)
        const known = wholes.get(slot) ?? { energyMj: 0, coveredMs: 0, updates: 0 }
        wholes.set(slot, known)
        known.energyMj += (energyMj * (endMs - startMs)) / (toMs - fromMs)
        known.coveredMs += endMs - startMs
        if (endMs === toMs) known.updates += 1
        startMs = endMs
      }
      wholeToMs = toMs
      advance()
    },
    addMeasured(slot) {
      measured.set(Math.round(slot.fromMs / SLOT_MS), slot)
      measuredToMs = slot.fromMs + SLOT_MS
      advance()
    },
    take() {
      const taken = ready
      if (taken.length > 0) ready = []
      return taken
    },
    restart() {
      wholes.clear()
      measured.clear()
      wholeToMs = Number.NEGATIVE_INFINITY
      measuredToMs = Number.NEGATIVE_INFINITY
      next = null
      run = null
    },
  }
}
