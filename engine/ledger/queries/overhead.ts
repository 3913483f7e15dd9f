import type Database from 'better-sqlite3'
import type { DomainKind } from '../../../contract/ids.ts'
import { cover } from './cover.ts'
import { domainRow } from './domain-sums.ts'
import type { DomainRow, SeriesTables } from './series.ts'
import { type Sums, sumRows } from './sums.ts'

/** Which whole-machine meter is believed where several measure: it sees most, in this order. */
const PREFERRED: readonly DomainKind[] = ['wall', 'board', 'battery']

/**
 * What a whole-machine meter measured beyond the inner domains (attribution.md §2): signed, over buckets of at least a minute in
 * which it has a row; `null` without such a meter. It may cover less than the range, and is no part of any sum.
 */
export function overheadMj(
  db: Database.Database,
  range: { fromS: number; toS: number },
  series: SeriesTables,
): number | null {
  const meters = [...series.domains.values()].filter(({ scope }) => scope === 'whole')
  if (meters.length === 0) return null
  const buckets = [
    ...sumRows(db, cover(db, range, { finestS: 60, coarsestS: 86_400 }).segments, (startS) => startS).values(),
  ]
  const meter = meters
    .filter(({ rowId }) => buckets.some(({ domains }) => domains.has(rowId)))
    .sort((a, b) => PREFERRED.indexOf(a.kind) - PREFERRED.indexOf(b.kind))[0]
  if (meter === undefined) return null
  return buckets.reduce((sumMj, bucket) => sumMj + overheadOf(bucket, meter, series), 0)
}

function overheadOf({ domains }: Sums, meter: DomainRow, series: SeriesTables): number {
  const wholeMj = domains.get(meter.rowId)?.energyMj
  if (wholeMj === undefined) return 0
  let measuredMj = 0
  for (const [rowId, { energyMj }] of domains) if (domainRow(series, rowId).scope === 'inner') measuredMj += energyMj
  return wholeMj - measuredMj
}
