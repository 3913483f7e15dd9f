import type { Domain, Reading } from '../sources/source.ts'
import type { DomainEnergy } from './types.ts'

/** Why an interval of a domain has no energy. */
export type DeltaGap = 'first' | 'reset' | 'wrapUnknown' | 'impossible' | 'late' | 'fault' | 'backwards'
export type DeltaOutcome =
  | { readonly kind: 'energy'; readonly energy: DomainEnergy }
  | { readonly kind: 'gap'; readonly cause: DeltaGap }

/** Turns the readings of one domain into the energy between them. Keeps only the last reading and what rounding left over. */
export interface Delta {
  take(reading: Reading): DeltaOutcome
  /** The next reading only starts a new interval: after suspend, pause or a fault nothing in between is known. */
  restart(): void
}

const NJ_PER_MJ = 1_000_000n
/** A sensor silent for longer says nothing about the time between. */
const SENSOR_LATE_MS = 30_000

export function createDelta(domain: Domain): Delta {
  let last: Reading | null = null
  let restNj = 0n
  let restMj = 0

  /** Whole mJ now; the fraction starts the next interval, so that rounding never adds up. */
  function whole(energyMj: number): number {
    const exact = energyMj + restMj
    const mj = Math.max(0, Math.floor(exact))
    restMj = exact - mj
    return mj
  }

  function counter(from: Reading & { kind: 'counter' }, to: Reading & { kind: 'counter' }): DeltaOutcome {
    const intervalMs = to.atMs - from.atMs
    const limitMj = domain.plausibleMaxW * intervalMs
    let steps = to.raw - from.raw
    if (steps < 0n) {
      if (to.wrapsAfter === null || to.wrapsAfter <= 0n) return gap('wrapUnknown')
      const rangeMj = Number((to.wrapsAfter * to.unitNj) / NJ_PER_MJ)
      if (limitMj >= rangeMj) return gap('wrapUnknown')
      // A counter that falls from its lower half was reset (suspend, driver reload), it did not wrap: power-linux §1.4.
      if (from.raw * 2n < to.wrapsAfter) return gap('reset')
      steps += to.wrapsAfter
    }
    const nj = steps * to.unitNj + restNj
    const energyMj = Number(nj / NJ_PER_MJ)
    if (energyMj > limitMj) return gap('impossible')
    restNj = nj % NJ_PER_MJ
    const stepMj = Number(to.unitNj) / 1e6
    return energy(from.atMs, to.atMs, energyMj, (stepMj * stepMj) / 6 + 1 / 6)
  }

  function sensor(from: Reading & { kind: 'sensor' }, to: Reading & { kind: 'sensor' }): DeltaOutcome {
    const intervalMs = to.atMs - from.atMs
    if (intervalMs > SENSOR_LATE_MS) return gap('late')
    const exact = ((from.powerW + to.powerW) / 2) * intervalMs
    if (!(exact >= 0) || exact > domain.plausibleMaxW * intervalMs) return gap('impossible')
    // What happened between two reads is not known better than uniformly between them.
    const spread = (Math.abs(to.powerW - from.powerW) * intervalMs) / Math.sqrt(12)
    return energy(from.atMs, to.atMs, whole(exact), spread * spread + 1 / 6)
  }

  function gap(cause: DeltaGap): DeltaOutcome {
    restNj = 0n
    restMj = 0
    return { kind: 'gap', cause }
  }

  function energy(fromMs: number, toMs: number, energyMj: number, varMj2: number): DeltaOutcome {
    return {
      kind: 'energy',
      energy: { domain: domain.id, fromMs, toMs, energyMj, provenance: domain.provenance, varMj2 },
    }
  }

  function take(reading: Reading): DeltaOutcome {
    const from = last
    last = reading
    if (reading.kind === 'fault') {
      last = null
      return gap('fault')
    }
    if (reading.kind === 'unavailable') {
      last = null
      return gap('first')
    }
    if (reading.kind === 'modelled') {
      if (!(reading.atMs > reading.fromMs)) return gap('first')
      const exact = reading.powerW * (reading.atMs - reading.fromMs)
      if (!(exact >= 0) || reading.powerW > domain.plausibleMaxW) return gap('impossible')
      return energy(reading.fromMs, reading.atMs, whole(exact), 1 / 6)
    }
    if (from === null || from.kind !== reading.kind) return gap('first')
    if (!(reading.atMs > from.atMs)) {
      last = from
      return { kind: 'gap', cause: 'backwards' }
    }
    if (reading.kind === 'asleep') {
      // Coverage must not fall and nobody may read "0 W measured": attribution.md §3.
      const slept = energy(from.atMs, reading.atMs, 0, 0)
      return slept.kind === 'energy' ? { kind: 'energy', energy: { ...slept.energy, provenance: 'estimate' } } : slept
    }
    if (reading.kind === 'counter' && from.kind === 'counter') return counter(from, reading)
    if (reading.kind === 'sensor' && from.kind === 'sensor') return sensor(from, reading)
    return gap('first')
  }

  return {
    take,
    restart() {
      last = null
      gap('first')
    },
  }
}
