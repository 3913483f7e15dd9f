import type Database from 'better-sqlite3'
import type { AppId } from '../../../contract/ids.ts'
import { cover } from './cover.ts'
import { coverage } from './coverage.ts'
import { appRow, domainRow } from './domain-sums.ts'
import { readSeries } from './series.ts'
import { sumRows, totalsByApp } from './sums.ts'

export type Today = {
  readonly measuredMj: number
  readonly aiMj: number
  readonly coverageRatio: number
  readonly apps: readonly { readonly app: AppId; readonly energyMj: number }[]
}

/** What each app drew from the start of the day up to the last flush. Relies on the keys that `cover` and `sumRows` rely on. */
export function todayByApp(db: Database.Database, question: { dayStartS: number; nowS: number }): Today {
  const range = { fromS: question.dayStartS, toS: question.nowS }
  const series = readSeries(db)
  const [sums] = sumRows(db, cover(db, range).segments, () => 0).values()
  const today = { measuredMj: 0, aiMj: 0, coverageRatio: coverage(db, range.fromS, range.toS), apps: [] }
  if (sums === undefined) return today
  const apps = [...totalsByApp(sums)].map(([rowId, { activeMj, idleMj }]) => {
    const { id, countsAsAi } = appRow(series, rowId)
    const energyMj = activeMj + idleMj
    if (countsAsAi) today.aiMj += energyMj
    return { app: id, energyMj }
  })
  for (const [rowId, { energyMj }] of sums.domains)
    if (domainRow(series, rowId).scope === 'inner') today.measuredMj += energyMj
  return { ...today, apps }
}
