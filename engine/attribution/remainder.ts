import type { DomainId } from '../../contract/ids.ts'
import { attributeRemainder } from './attribute.ts'
import type { Attribution, DomainEnergy } from './types.ts'

/** Parent and children of one source are read microseconds apart; intervals that end this close belong together. */
const TOGETHER_MS = 100
/** A child that has been silent for longer is left out, so that its parent's energy does not wait for ever. */
const SILENT_MS = 120_000

/** The part of a parent that no child explains: a domain of its own. */
export function remainderId(parent: DomainId): DomainId {
  return `${parent}/rest` as DomainId
}

export type RemainderOutcome = {
  readonly attribution: Attribution
  /** Children above their parent in this interval, mJ: a contradiction that is shown and counted; the account carries it on. */
  readonly excessMj: number
}

/**
 * Keeps the account of one parent and its children. What a parent drew waits until each living child has been read up to the
 * same time; a negative remainder is carried into the next intervals, so that over time Σ leaves equals the parent.
 */
export interface Remainder {
  takeParent(energy: DomainEnergy): void
  takeChild(attribution: Attribution): void
  /** What can be divided now, or `null` while a child's reading is awaited. Divided as the children's energy, unless `divide` knows better. */
  settle(floorW: (energy: DomainEnergy) => number, divide?: typeof attributeRemainder): RemainderOutcome | null
  restart(): void
}

export function createRemainder(parent: DomainId, children: readonly DomainId[]): Remainder {
  const id = remainderId(parent)
  let pending: DomainEnergy | null = null
  let collected: Attribution[] = []
  let owedMj = 0
  const readUpToMs = new Map<DomainId, number>()

  function awaitsChild(toMs: number, fromMs: number): boolean {
    return children.some((child) => {
      const upToMs = readUpToMs.get(child)
      if (upToMs === undefined) return toMs - fromMs < SILENT_MS && collected.length === 0
      return upToMs < toMs - TOGETHER_MS && toMs - upToMs < SILENT_MS
    })
  }

  return {
    takeParent(energy) {
      pending =
        pending === null
          ? energy
          : {
              ...energy,
              fromMs: pending.fromMs,
              energyMj: pending.energyMj + energy.energyMj,
              varMj2: pending.varMj2 + energy.varMj2,
            }
    },
    takeChild(attribution) {
      collected.push(attribution)
      readUpToMs.set(attribution.domain, attribution.toMs)
    },
    settle(floorW, divide = attributeRemainder) {
      if (pending === null || awaitsChild(pending.toMs, pending.fromMs)) return null
      let childrenMj = 0
      for (const child of collected) childrenMj += child.energyMj
      const restMj = pending.energyMj - childrenMj + owedMj
      owedMj = Math.min(0, restMj)
      const energy: DomainEnergy = { ...pending, domain: id, energyMj: Math.max(0, restMj) }
      const attribution = divide(energy, floorW(energy), collected)
      pending = null
      collected = []
      return { attribution, excessMj: Math.abs(owedMj) }
    },
    restart() {
      pending = null
      collected = []
      owedMj = 0
      readUpToMs.clear()
    },
  }
}
