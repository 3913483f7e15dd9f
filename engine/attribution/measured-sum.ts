import type { DomainId } from '../../contract/ids.ts'
import { type MeasuredSlot, SLOT_MS, WHOLE_RATIO } from './overhead.ts'
import type { DomainEnergy } from './types.ts'

/** A domain that tells nothing holds up the sum; what waits for it longer is dropped, or it would pile up for ever. */
const MOST_SLOTS = 60

/** `errorsMj`: by domain, what the uncertainty of its gain makes of its energy. */
type SumSlot = { coveredMs: number; energyMj: number; readonly errorsMj: Map<DomainId, number> }

/** Sums the energies of several domains over slots of time, each slot once every domain has reached its end and covers all of it. */
export interface MeasuredSum {
  /** The domains that make it up; tells whether they are others than before, so that it begins anew. */
  expect(ids: readonly DomainId[]): boolean
  /** `gainRatio`: relative standard uncertainty of the domain's gain. Gives the slots that are complete now. */
  add(energy: DomainEnergy, gainRatio: number): readonly MeasuredSlot[]
  clear(): void
}

export function createMeasuredSum(): MeasuredSum {
  let upToMs = new Map<DomainId, number>()
  let slots = new Map<number, SumSlot>()

  return {
    expect(ids) {
      if (ids.length === upToMs.size && ids.every((id) => upToMs.has(id))) return false
      upToMs = new Map(ids.map((id) => [id, Number.NEGATIVE_INFINITY]))
      slots = new Map()
      return true
    },
    add({ domain, fromMs, toMs, energyMj }, gainRatio) {
      for (let startMs = fromMs; startMs < toMs; ) {
        const index = Math.floor(startMs / SLOT_MS)
        const endMs = Math.min(toMs, (index + 1) * SLOT_MS)
        const slot = slots.get(index) ?? { coveredMs: 0, errorsMj: new Map<DomainId, number>(), energyMj: 0 }
        slots.set(index, slot)
        const partMj = (energyMj * (endMs - startMs)) / (toMs - fromMs)
        slot.energyMj += partMj
        slot.coveredMs += endMs - startMs
        slot.errorsMj.set(domain, (slot.errorsMj.get(domain) ?? 0) + partMj * gainRatio)
        startMs = endMs
      }
      upToMs.set(domain, toMs)
      const readyMs = Math.min(...upToMs.values())
      const ready = [...slots].filter(([index]) => (index + 1) * SLOT_MS <= readyMs)
      for (const [index] of ready) slots.delete(index)
      for (const index of slots.keys()) if (slots.size > MOST_SLOTS) slots.delete(index)
      const wholeMs = WHOLE_RATIO * SLOT_MS * upToMs.size
      return ready.flatMap(([index, { coveredMs, energyMj: sumMj, errorsMj }]) =>
        coveredMs < wholeMs
          ? []
          : [{ fromMs: index * SLOT_MS, energyMj: sumMj, uncertaintyMj: Math.hypot(...errorsMj.values()) }],
      )
    },
    clear() {
      for (const id of upToMs.keys()) upToMs.set(id, Number.NEGATIVE_INFINITY)
      slots.clear()
    },
  }
}
