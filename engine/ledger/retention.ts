import type Database from 'better-sqlite3'
import type { ProgressOf } from './progress.ts'
import { isZoned, KEPT_FOR_S, RESOLUTIONS, type ResolutionS } from './resolutions.ts'
import type { Rows } from './rows.ts'

/** Rows go in slices of this length, so that the first pages of a resolution are not rewritten at every flush. */
const SLICE_S: Readonly<Record<ResolutionS, number>> = { 10: 60, 60: 900, 900: 3_600, 3600: 86_400, 86400: 86_400 }
/**
 * Retention follows the clock by at most this much a call. That bounds the work, and a clock set to the far future costs
 * minutes of detail, not the history.
 */
const FOLLOWS_BY_S = 1_200

/** Deletes what its resolution no longer keeps, never what is not yet rolled up. */
export class Retention {
  readonly #deletePacked: readonly Database.Statement<[number, number]>[]
  readonly #deleteRows: readonly Database.Statement<[number, number]>[]
  readonly #hourAt: Database.Statement<[number], number>
  readonly #rows: Rows

  constructor(db: Database.Database, rows: Rows) {
    this.#rows = rows
    this.#deletePacked = ['packed_energy', 'packed_model_energy'].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE resolution_s = ? AND start_s < ?`),
    )
    // Not from `bucket`: its hours say where the days that are left were cut.
    this.#deleteRows = ['domain_energy', 'app_energy', 'model_energy', 'output'].map((table) =>
      db.prepare(`DELETE FROM ${table} WHERE resolution_s = ? AND start_s < ?`),
    )
    this.#hourAt = db
      .prepare<[number], number>(
        'SELECT start_s FROM bucket WHERE resolution_s = 3600 AND start_s <= ? ORDER BY start_s DESC LIMIT 1',
      )
      .pluck()
  }

  /** `followedToS` is the time retention had reached before; returns the time it has reached now. */
  prune(progress: ProgressOf, followedToS: number, nowS: number): number {
    const atS = Math.max(followedToS, Math.min(nowS, followedToS + FOLLOWS_BY_S))
    for (const [index, resolutionS] of RESOLUTIONS.entries()) {
      const coarserS = RESOLUTIONS[index + 1]
      if (coarserS === undefined) continue
      const sliceS = SLICE_S[resolutionS]
      const beforeS = Math.floor((atS - KEPT_FOR_S[resolutionS]) / sliceS) * sliceS
      if (beforeS > progress[resolutionS].keptFromS) this.#delete(progress, resolutionS, coarserS, beforeS)
    }
    return atS
  }

  #delete(progress: ProgressOf, resolutionS: ResolutionS, coarserS: ResolutionS, uncutBeforeS: number): void {
    const cutS = resolutionS === 3_600 ? (this.#hourAt.get(uncutBeforeS) ?? 0) : uncutBeforeS
    const beforeS = Math.min(cutS, progress[coarserS].completeToS)
    const firstS = this.#rows.firstStartS(resolutionS, 0) ?? beforeS
    if (firstS >= beforeS) return
    for (const statement of isZoned(resolutionS) ? this.#deleteRows : this.#deletePacked)
      statement.run(resolutionS, beforeS)
    progress[resolutionS].keptFromS = beforeS
  }
}
