import type Database from 'better-sqlite3'
import { METER_ORDER } from '../../attribution/overhead.ts'
import { OVERHEAD_RESOLUTIONS } from '../overhead-rows.ts'
import type { DomainRow, SeriesTables } from './series.ts'

export type OverheadSum = { readonly meter: DomainRow; readonly overheadMj: number; readonly ratio: number | null }

/**
 * What a whole-machine meter measured beyond the inner domains (attribution.md §2), signed; `null` where none did. It may cover less than the
 * range, and is no part of any sum; `ratio` is to what the inner domains measured in the same time.
 *
 * Relies on the primary key of `overhead`.
 */
export function overheadOf(
  db: Database.Database,
  range: { readonly fromS: number; readonly toS: number },
  series: SeriesTables,
): OverheadSum | null {
  const sum = db.prepare<number[], Sum>(`
    SELECT sum(whole_mj) AS wholeMj, sum(measured_mj) AS measuredMj
    FROM overhead WHERE resolution_s = ? AND start_s >= ? AND start_s < ? AND domain_id = ?`)
  const [best] = [...series.domains.values()]
    .filter(({ scope }) => scope === 'whole')
    .map((meter) => ({ meter, ...total((resolutionS) => sum.get(resolutionS, range.fromS, range.toS, meter.rowId)) }))
    .filter(({ isKnown }) => isKnown)
    .sort((a, b) => METER_ORDER.indexOf(a.meter.kind) - METER_ORDER.indexOf(b.meter.kind) || b.wholeMj - a.wholeMj)
  if (best === undefined) return null
  const overheadMj = best.wholeMj - best.measuredMj
  return { meter: best.meter, overheadMj, ratio: best.measuredMj > 0 ? overheadMj / best.measuredMj : null }
}

/** Of no rows SQL's sum is NULL. */
type Sum = { readonly wholeMj: number | null; readonly measuredMj: number | null }

function total(at: (resolutionS: number) => Sum | undefined) {
  const all = { isKnown: false, wholeMj: 0, measuredMj: 0 }
  for (const resolutionS of OVERHEAD_RESOLUTIONS) {
    const { wholeMj, measuredMj } = at(resolutionS) ?? { wholeMj: null, measuredMj: null }
    if (wholeMj === null || measuredMj === null) continue
    all.isKnown = true
    all.wholeMj += wholeMj
    all.measuredMj += measuredMj
  }
  return all
}
