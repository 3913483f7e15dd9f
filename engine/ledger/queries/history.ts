import type Database from 'better-sqlite3'
import type { History, HistoryRow } from '../../../contract/history.ts'
import type { AppFactors } from '../../../contract/overhead.ts'
import { OWN, readOwn } from '../state.ts'
import { homeZone } from '../zone.ts'
import { bucketOf } from './bucket-of.ts'
import { cover } from './cover.ts'
import { coverage, gaps } from './coverage.ts'
import { domainRow } from './domain-sums.ts'
import { outputsByApp, outputsByStart } from './history-outputs.ts'
import { appRows, bucketRows, domainRows } from './history-rows.ts'
import { overheadOf } from './overhead.ts'
import { readSeries, type SeriesTables } from './series.ts'
import { type Sums, sumRows } from './sums.ts'
import { workRange } from './work-range.ts'

export type HistoryQuestion = { readonly fromS: number; readonly toS: number; readonly by: History['by'] }

/** What happened; by what apps' energy is multiplied is a setting, and no part of it. */
export type RecordedHistory = Omit<History, keyof AppFactors>

/**
 * Energy of a stretch of time (contract/history.ts), exact: `attributed + idle + other === measured`. `fromS` and `toS` say what
 * the rows cover, which is wider than asked where finer rows are no longer kept.
 */
export function history(db: Database.Database, question: HistoryQuestion): RecordedHistory {
  const { by } = question
  const series = readSeries(db)
  const zone = homeZone(String(readOwn(db, OWN.timeZone) ?? 'UTC'))
  const { segments, fromS, toS } = cover(db, question, { finestS: 10, coarsestS: by === 'hour' ? 3_600 : 86_400 })
  const keyOf = by === 'hour' || by === 'day' ? bucketOf(db, by, zone) : () => fromS
  const groups = sumRows(db, segments, keyOf)
  const worked = workRange(db, { fromS, toS })
  const overhead = overheadOf(db, { fromS, toS }, series)
  return {
    fromS,
    toS,
    by,
    timeZone: zone.timeZone,
    coverageRatio: coverage(db, fromS, toS),
    ...machineTotals([...groups.values()], series),
    rows: rowsOf(),
    outputFromS: worked.fromS,
    outputToS: worked.toS,
    overheadMj: overhead?.overheadMj ?? null,
    overheadRatio: overhead?.ratio ?? null,
    overheadBy: overhead?.meter.id ?? null,
    gaps: gaps(db, fromS, toS),
  }

  function rowsOf(): HistoryRow[] {
    if (by === 'hour' || by === 'day')
      return bucketRows(groups, by, zone, series, outputsByStart(db, worked, by, keyOf))
    const [sums] = groups.values()
    if (sums === undefined) return []
    return by === 'app' ? appRows(sums, series, outputsByApp(db, worked)) : domainRows(sums, series)
  }
}

function machineTotals(groups: readonly Sums[], series: SeriesTables) {
  let measuredMj = 0
  let idleMj = 0
  let otherMj = 0
  let estimatedMj = 0
  for (const { domains } of groups) {
    for (const [rowId, totals] of domains) {
      if (domainRow(series, rowId).scope === 'whole') continue
      measuredMj += totals.energyMj
      idleMj += totals.idleMj
      otherMj += totals.otherMj
      estimatedMj += totals.estimatedMj
    }
  }
  return {
    measuredMj,
    attributedMj: measuredMj - idleMj - otherMj,
    idleMj,
    otherMj,
    estimatedRatio: measuredMj > 0 ? estimatedMj / measuredMj : 0,
  }
}
