import type { DomainId } from '../../contract/ids.ts'
import type { DomainEnergy } from '../attribution/types.ts'
import type { MachineLoad } from '../sources/source.ts'
import type { Pair } from './load-levels.ts'

/** Domains whose energies make a pair's power: those of the reference added up, less the explained ones; with their gains (k = 1). */
export type Terms = {
  readonly reference: ReadonlyMap<DomainId, number>
  readonly explained: ReadonlyMap<DomainId, number>
}

const SLOT_MS = 5_000
/** Slots for which load and energies are remembered: a meter that is later than that makes no pairs. */
const KEPT = 24
const COVERED_RATIO = 0.95
/** A gauge shows what was drawn a moment ago. */
const LAG_MS = 5_000
/** As long as the load keeps within this, it does not matter when exactly within an interval the meter looked. */
const STEADY_RATIO = 0.1
/** A resume, or ticks that stood still. */
const LONGEST_LOAD_MS = 90_000

type Load = { ms: number; busyMs: number }
type Energy = { ms: number; mj: number; fromMs: number; toMs: number }

/** Puts load and energies of different beats together: one pair for each 5 s in which the load was steady, as long as each meter's interval. */
export interface Slots {
  takeLoad(load: MachineLoad): void
  takeEnergy(energy: DomainEnergy): void
  restart(): void
}

export function createSlots({ reference, explained }: Terms, take: (pair: Pair) => void): Slots {
  const ids = [...reference.keys(), ...explained.keys()]
  const upToMs = new Map<DomainId, number>()
  const loads = new Map<number, Load>()
  const slots = new Map<number, Map<DomainId, Energy>>()
  let before: MachineLoad | null = null

  function restart(): void {
    before = null
    for (const id of ids) upToMs.set(id, Number.NEGATIVE_INFINITY)
    loads.clear()
    slots.clear()
  }
  restart()

  function takeLoad(load: MachineLoad): void {
    const last = before
    before = load
    if (last === null) return
    const lengthMs = load.atMs - last.atMs
    const busyRatio = (load.busyMs - last.busyMs) / (lengthMs * load.logicalCpus)
    if (!(lengthMs > 0) || lengthMs > LONGEST_LOAD_MS || !(busyRatio >= 0)) return
    spread(last.atMs, load.atMs, (slot, ms) => {
      const known = loads.get(slot)
      if (known === undefined) {
        loads.set(slot, { ms, busyMs: busyRatio * ms })
        forget(loads, slot)
      } else {
        known.ms += ms
        known.busyMs += busyRatio * ms
      }
    })
  }

  function takeEnergy({ domain, fromMs, toMs, energyMj }: DomainEnergy): void {
    if (!upToMs.has(domain) || !(toMs > fromMs) || toMs - fromMs > KEPT * SLOT_MS) return
    spread(fromMs, toMs, (slot, ms) => {
      let energies = slots.get(slot)
      if (energies === undefined) {
        energies = new Map()
        slots.set(slot, energies)
        forget(slots, slot)
      }
      const mj = (energyMj * ms) / (toMs - fromMs)
      const known = energies.get(domain)
      if (known === undefined) energies.set(domain, { ms, mj, fromMs, toMs })
      else {
        known.ms += ms
        known.mj += mj
        known.toMs = toMs
      }
    })
    upToMs.set(domain, toMs)
    let readyMs = Number.POSITIVE_INFINITY
    for (const ms of upToMs.values()) readyMs = Math.min(readyMs, ms)
    for (const [slot, energies] of slots) {
      if ((slot + 1) * SLOT_MS > readyMs) continue
      slots.delete(slot)
      const pair = pairOf(slot, energies)
      if (pair !== null) take(pair)
    }
  }

  function pairOf(slot: number, energies: ReadonlyMap<DomainId, Energy>): Pair | null {
    const utilisation = utilisationAt(slot)
    if (utilisation === null || (loads.get(slot)?.ms ?? 0) < COVERED_RATIO * SLOT_MS) return null
    let fromMs = slot * SLOT_MS
    let toMs = fromMs + SLOT_MS
    let powerW = 0
    let referenceErrorW = 0
    let variance = 0
    for (const id of ids) {
      const energy = energies.get(id)
      if (energy === undefined || energy.ms < COVERED_RATIO * SLOT_MS) return null
      fromMs = Math.min(fromMs, energy.fromMs)
      toMs = Math.max(toMs, energy.toMs)
      const domainW = energy.mj / energy.ms
      const gainRatio = reference.get(id)
      // Packages of one machine have one kind of meter, and their errors are alike; different meters err independently.
      if (gainRatio !== undefined) referenceErrorW += gainRatio * domainW
      else variance += ((explained.get(id) ?? 0) * domainW) ** 2
      powerW += gainRatio === undefined ? -domainW : domainW
    }
    if (!isSteady(slot, utilisation, fromMs - LAG_MS, toMs)) return null
    return { utilisation, powerW, errorW: Math.hypot(referenceErrorW, Math.sqrt(variance)), seconds: SLOT_MS / 1_000 }
  }

  function isSteady(slot: number, utilisation: number, fromMs: number, toMs: number): boolean {
    for (let other = slotOf(fromMs); other * SLOT_MS < toMs; other++) {
      const then = utilisationAt(other)
      // A meter's interval may end a moment after the last look at the load.
      if (then === null && other > slot) continue
      if (then === null || Math.abs(then - utilisation) > STEADY_RATIO) return false
    }
    return true
  }

  function utilisationAt(slot: number): number | null {
    const load = loads.get(slot)
    return load === undefined ? null : load.busyMs / load.ms
  }

  return { takeLoad, takeEnergy, restart }
}

function slotOf(atMs: number): number {
  return Math.floor(atMs / SLOT_MS)
}

function spread(fromMs: number, toMs: number, add: (slot: number, ms: number) => void): void {
  for (let startMs = fromMs; startMs < toMs; ) {
    const slot = slotOf(startMs)
    const endMs = Math.min(toMs, (slot + 1) * SLOT_MS)
    add(slot, endMs - startMs)
    startMs = endMs
  }
}

function forget(slots: Map<number, unknown>, newest: number): void {
  for (const slot of slots.keys()) if (slot < newest - KEPT) slots.delete(slot)
}
