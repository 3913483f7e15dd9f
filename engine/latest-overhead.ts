import type { DomainId } from '../contract/ids.ts'
import type { Now } from '../contract/now.ts'
import { METER_ORDER } from './attribution/overhead.ts'
import type { DomainView } from './energy-book.ts'
import type { Overhead } from './second-accounts.ts'

/** A bucket is at least a minute long and is known some seconds after its end; what is much older says nothing of now. */
const STALE_MS = 300_000

/** The newest that each whole-machine meter measured beyond the inner domains. */
export interface LatestOverhead {
  take(overheads: readonly Overhead[]): void
  /** Of the meter that sees most; `null` where there is no meter of the whole machine. */
  now(views: readonly DomainView[], nowMs: number): Now['overhead']
}

export function createLatestOverhead(): LatestOverhead {
  const newest = new Map<DomainId, Overhead>()

  return {
    take(overheads) {
      for (const overhead of overheads) newest.set(overhead.meter, overhead)
    },
    now(views, nowMs) {
      const meters = views
        .filter(({ scope, domain }) => scope === 'whole' && domain.provenance !== 'estimate')
        .map((view) => ({ view, overhead: freshest(newest.get(view.leafId), nowMs) }))
        .sort(
          (a, b) =>
            Number(b.overhead !== null) - Number(a.overhead !== null) ||
            METER_ORDER.indexOf(a.view.domain.kind) - METER_ORDER.indexOf(b.view.domain.kind) ||
            (b.overhead?.wholeMj ?? 0) - (a.overhead?.wholeMj ?? 0),
        )
      const [best] = meters
      if (best === undefined) return null
      const { view, overhead } = best
      const meter = { meter: view.domain.id, meterName: view.domain.name, provenance: view.domain.provenance }
      if (overhead === null) {
        const reason = view.problem?.reason ?? view.reason ?? AWAITED
        return { ...meter, powerW: null, uncertainty: null, ratio: null, reason }
      }
      const overheadMj = overhead.wholeMj - overhead.measuredMj
      return {
        ...meter,
        powerW: overheadMj / (overhead.toMs - overhead.fromMs),
        uncertainty: overheadMj === 0 ? null : (2 * overhead.uncertaintyMj) / Math.abs(overheadMj),
        ratio: overhead.measuredMj > 0 ? overheadMj / overhead.measuredMj : null,
        reason: null,
      }
    },
  }
}

const AWAITED = 'Known once the meter has told three figures over a whole minute.'

function freshest(overhead: Overhead | undefined, nowMs: number): Overhead | null {
  return overhead !== undefined && nowMs - overhead.toMs < STALE_MS ? overhead : null
}
