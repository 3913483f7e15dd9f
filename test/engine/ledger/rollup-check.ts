import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import { type AppCell, addApp, type Cells, domainCell } from '../../../engine/ledger/cells.ts'
import { unpackInto } from '../../../engine/ledger/pack.ts'
import { readProgress } from '../../../engine/ledger/progress.ts'

type DomainOnly = { energyMj: number; idleMj: number; otherMj: number; estimatedMj: number; varMj2: number }
type Sum = { domains: Record<number, DomainOnly>; apps: Record<number, AppCell> }

/** Sums the rows of a resolution that start in [fromS, toS), by domain and by app; written apart from the ledger's own sums. */
export function sumOf(db: Database.Database, resolutionS: number, fromS: number, toS: number): Sum {
  const cells: Cells = new Map()
  const apps = new Map<number, AppCell>()
  if (resolutionS < 3_600) {
    const rows = db
      .prepare<number[], Uint8Array>(
        'SELECT cells FROM packed_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?',
      )
      .pluck()
      .all(resolutionS, fromS, toS)
    for (const row of rows) unpackInto(cells, row)
    for (const cell of cells.values()) for (const [app, share] of cell.apps) addApp(apps, app, share)
  } else {
    const where = 'WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY 1'
    const domains = db
      .prepare<number[], DomainOnly & { id: number }>(
        `SELECT domain_id AS id, sum(energy_mj) AS energyMj, sum(idle_mj) AS idleMj, sum(other_mj) AS otherMj,
           sum(estimated_mj) AS estimatedMj, sum(var_mj2) AS varMj2 FROM domain_energy ${where}`,
      )
      .all(resolutionS, fromS, toS)
    for (const { id, ...row } of domains) Object.assign(domainCell(cells, id), row)
    const rows = db
      .prepare<number[], AppCell & { id: number }>(
        `SELECT app_id AS id, sum(active_mj) AS activeMj, sum(idle_mj) AS idleMj, sum(floor_share_mj) AS floorShareMj,
           sum(estimated_mj) AS estimatedMj, sum(var_mj2) AS varMj2 FROM app_energy ${where}`,
      )
      .all(resolutionS, fromS, toS)
    for (const { id, ...row } of rows) addApp(apps, id, row)
  }
  const domains = Object.fromEntries([...cells].map(([id, { apps: _, ...rest }]) => [id, rest]))
  return { domains, apps: Object.fromEntries(apps) }
}

/** Every rolled bucket holds exactly the rows of the next finer resolution that start in it, and buckets do not overlap. */
export function expectExactRollups(directory: string): void {
  const db = new Database(join(directory, 'ledger.sqlite'), { readonly: true })
  try {
    const progress = readProgress(db)
    for (const [finerS, coarserS] of [
      [10, 60],
      [60, 900],
      [900, 3_600],
      [3_600, 86_400],
    ] as const) {
      const fromS = progress[finerS].keptFromS
      for (const { startS, endS } of bucketsOf(db, coarserS, fromS, progress[coarserS].completeToS))
        expect(sumOf(db, coarserS, startS, startS + 1)).toEqual(sumOf(db, finerS, startS, endS))
      const toS = progress[coarserS].completeToS
      const alignedS = bucketsOf(db, coarserS, fromS, toS)[0]?.startS ?? toS
      expect(sumOf(db, coarserS, alignedS, toS)).toEqual(sumOf(db, finerS, alignedS, toS))
    }
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  } finally {
    db.close()
  }
}

function bucketsOf(db: Database.Database, resolutionS: number, fromS: number, toS: number) {
  const rows = db
    .prepare<number[], { startS: number; lengthS: number }>(
      resolutionS < 3_600
        ? 'SELECT start_s AS startS, resolution_s AS lengthS FROM packed_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?'
        : 'SELECT start_s AS startS, length_s AS lengthS FROM bucket WHERE resolution_s = ? AND start_s >= ? AND start_s < ?',
    )
    .all(resolutionS, fromS, toS)
  return rows.map(({ startS, lengthS }, index) => {
    const next = rows[index + 1]
    if (next !== undefined) expect(startS + lengthS).toBeLessThanOrEqual(next.startS)
    return { startS, endS: startS + lengthS }
  })
}
