import type { DomainId, SourceId } from '../contract/ids.ts'
import { type CrossCheck, createCrossCheck, type Verdict } from './attribution/cross-check.ts'
import { createDelta, type Delta } from './attribution/delta.ts'
import { createMeasuredSum } from './attribution/measured-sum.ts'
import { createOverheadBuckets, type OverheadBucket, type OverheadBuckets, SLOT_MS } from './attribution/overhead.ts'
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
type Whole = { readonly domain: Domain; readonly check: CrossCheck; readonly overhead: OverheadBuckets }
type Second = { readonly domain: Domain; readonly delta: Delta; readonly check: CrossCheck }

/** A whole-machine meter's bucket of overhead. */
export type Overhead = OverheadBucket & { readonly meter: DomainId }

/** Keeps second accounts beside the first, without letting them into any sum. */
export interface SecondAccounts {
  setDomains(placed: readonly Placed[], checks: readonly Domain[]): void
  /** Energy that counts. */
  take(energy: DomainEnergy): void
  check(readings: readonly CheckReading[]): void
  views(nowMs: number): readonly CheckView[]
  /** What whole-machine meters measured beyond the inner domains, as far as it became known since the last call. */
  takeOverheads(): readonly Overhead[]
  restart(): void
}

export function createSecondAccounts(): SecondAccounts {
  let seconds = new Map<string, Second>()
  let wholes = new Map<DomainId, Whole>()
  /** Of the inner domains, those whose energy is in nobody else's, with their gains' uncertainties. */
  let roots: ReadonlyMap<DomainId, number> = new Map()
  const measured = createMeasuredSum()

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
    const before = wholes
    roots = rootsOf(inner)
    const hasChanged = measured.expect([...roots.keys()])
    const ratio = Math.max(0, ...inner.map(({ gainRatio }) => gainRatio))
    wholes = new Map()
    for (const { domain, scope } of placed) {
      if (scope !== 'whole' || domain.provenance === 'estimate') continue
      wholes.set(domain.id, before.get(domain.id) ?? wholeOf(domain, ratio))
    }
    if (hasChanged) for (const { overhead } of wholes.values()) overhead.restart()
  }

  return {
    setDomains,
    take(energy) {
      for (const second of seconds.values()) if (second.domain.id === energy.domain) second.check.add('own', energy)
      const whole = wholes.get(energy.domain)
      whole?.check.add('other', energy)
      whole?.overhead.addWhole(energy)
      const gainRatio = roots.get(energy.domain)
      if (gainRatio === undefined || wholes.size === 0) return
      for (const slot of measured.add(energy, gainRatio)) {
        for (const { check, overhead } of wholes.values()) {
          check.add('own', { ...slot, toMs: slot.fromMs + SLOT_MS })
          overhead.addMeasured(slot)
        }
      }
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
    takeOverheads() {
      const taken: Overhead[] = []
      for (const [meter, { overhead }] of wholes) for (const bucket of overhead.take()) taken.push({ meter, ...bucket })
      return taken
    },
    restart() {
      for (const { delta } of seconds.values()) delta.restart()
      for (const { overhead } of wholes.values()) overhead.restart()
      measured.clear()
    },
  }
}

function rootsOf(inner: readonly Domain[]): Map<DomainId, number> {
  const ids = new Set(inner.map(({ id }) => id))
  const roots = inner.filter(({ parent }) => parent === null || !ids.has(parent))
  return new Map(roots.map(({ id, gainRatio }) => [id, gainRatio]))
}

function wholeOf(domain: Domain, measuredRatio: number): Whole {
  const { gainRatio } = domain
  return { domain, check: createCrossCheck(measuredRatio, gainRatio), overhead: createOverheadBuckets(gainRatio) }
}

function view(domain: Domain, of: CheckView['of'], check: CrossCheck, nowMs: number): CheckView {
  return { domain, of, source: domain.source, verdict: check.verdict(nowMs) }
}

function keyOf(source: SourceId, domain: DomainId): string {
  return `${source} ${domain}`
}
