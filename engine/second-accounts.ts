import type { DomainId, SourceId } from '../contract/ids.ts'
import { type CrossCheck, createCrossCheck, type Verdict } from './attribution/cross-check.ts'
import { createDelta, type Delta } from './attribution/delta.ts'
import type { DomainEnergy } from './attribution/types.ts'
import type { CheckReading } from './source-set.ts'
import type { Domain } from './sources/source.ts'

/** A second account of energy that counts already: of one domain by another source, or of the whole machine by its own meter. */
export type CheckView = {
  readonly domain: Domain
  /** `source`: another source reads the same domain. `whole`: the domain holds the machine, and is held against the sum of the inner ones. */
  readonly of: 'source' | 'whole'
  readonly source: SourceId
  readonly verdict: Verdict
}

type Placed = { readonly domain: Domain; readonly scope: 'inner' | 'whole' }
type Second = { readonly domain: Domain; readonly delta: Delta; readonly check: CrossCheck }

/** Keeps second accounts beside the first, without letting them into any sum. */
export interface SecondAccounts {
  setDomains(placed: readonly Placed[], checks: readonly Domain[]): void
  /** Energy that counts. */
  take(energy: DomainEnergy): void
  check(readings: readonly CheckReading[]): void
  views(nowMs: number): readonly CheckView[]
  restart(): void
}

export function createSecondAccounts(): SecondAccounts {
  let seconds = new Map<string, Second>()
  let wholes = new Map<DomainId, { readonly domain: Domain; readonly check: CrossCheck }>()
  /** Of the inner domains, those whose energy is in nobody else's. */
  let rootIds: ReadonlySet<DomainId> = new Set()
  const measured = createSum()

  function setDomains(placed: readonly Placed[], checks: readonly Domain[]): void {
    const byId = new Map(placed.map(({ domain }) => [domain.id, domain]))
    const kept = seconds
    seconds = new Map()
    for (const domain of checks) {
      const first = byId.get(domain.id)
      if (first === undefined) continue
      const key = keyOf(domain.source, domain.id)
      const known = kept.get(key)
      seconds.set(
        key,
        known ?? { domain, delta: createDelta(domain), check: createCrossCheck(first.gainRatio, domain.gainRatio) },
      )
    }
    const inner = placed.filter(({ scope }) => scope === 'inner').map(({ domain }) => domain)
    rootIds = new Set(inner.filter(({ parent }) => parent === null || !byId.has(parent)).map(({ id }) => id))
    measured.expect(rootIds)
    const ratio = Math.max(0, ...inner.map(({ gainRatio }) => gainRatio))
    const before = wholes
    wholes = new Map()
    for (const { domain, scope } of placed) {
      if (scope !== 'whole' || domain.provenance === 'estimate') continue
      wholes.set(domain.id, before.get(domain.id) ?? { domain, check: createCrossCheck(ratio, domain.gainRatio) })
    }
  }

  return {
    setDomains,
    take(energy) {
      for (const second of seconds.values()) if (second.domain.id === energy.domain) second.check.add('own', energy)
      wholes.get(energy.domain)?.check.add('other', energy)
      if (!rootIds.has(energy.domain) || wholes.size === 0) return
      for (const sum of measured.add(energy)) for (const { check } of wholes.values()) check.add('own', sum)
    },
    check(readings) {
      for (const { source, reading } of readings) {
        const second = seconds.get(keyOf(source, reading.domain))
        const outcome = second?.delta.take(reading)
        if (outcome?.kind === 'energy') second?.check.add('other', outcome.energy)
      }
    },
    views: (nowMs) => [
      ...Array.from(seconds.values(), ({ domain, check }) => view(domain, 'source', check, nowMs)),
      ...Array.from(wholes.values(), ({ domain, check }) => view(domain, 'whole', check, nowMs)),
    ],
    restart() {
      for (const { delta } of seconds.values()) delta.restart()
      measured.clear()
    },
  }
}

function view(domain: Domain, of: CheckView['of'], check: CrossCheck, nowMs: number): CheckView {
  return { domain, of, source: domain.source, verdict: check.verdict(nowMs) }
}

function keyOf(source: SourceId, domain: DomainId): string {
  return `${source} ${domain}`
}

const SLOT_MS = 10_000
/** A domain that tells nothing holds up the sum; what waits for it longer is dropped, or it would pile up for ever. */
const MOST_SLOTS = 60

/** Sums the energies of several domains over slots of time, each slot once every domain has reached its end. */
function createSum() {
  let upToMs = new Map<DomainId, number>()
  let slots = new Map<number, number>()

  return {
    expect(ids: ReadonlySet<DomainId>) {
      if (ids.size === upToMs.size && [...ids].every((id) => upToMs.has(id))) return
      upToMs = new Map(Array.from(ids, (id) => [id, Number.NEGATIVE_INFINITY]))
      slots = new Map()
    },
    add({ domain, fromMs, toMs, energyMj }: DomainEnergy): { fromMs: number; toMs: number; energyMj: number }[] {
      for (let startMs = fromMs; startMs < toMs; ) {
        const slot = Math.floor(startMs / SLOT_MS)
        const endMs = Math.min(toMs, (slot + 1) * SLOT_MS)
        slots.set(slot, (slots.get(slot) ?? 0) + (energyMj * (endMs - startMs)) / (toMs - fromMs))
        startMs = endMs
      }
      upToMs.set(domain, toMs)
      const readyMs = Math.min(...upToMs.values())
      const ready = [...slots].filter(([slot]) => (slot + 1) * SLOT_MS <= readyMs)
      for (const [slot] of ready) slots.delete(slot)
      for (const slot of slots.keys()) if (slots.size > MOST_SLOTS) slots.delete(slot)
      return ready.map(([slot, mj]) => ({ fromMs: slot * SLOT_MS, toMs: (slot + 1) * SLOT_MS, energyMj: mj }))
    },
    clear() {
      for (const id of upToMs.keys()) upToMs.set(id, Number.NEGATIVE_INFINITY)
      slots.clear()
    },
  }
}
