import type Database from 'better-sqlite3'
import type { DomainId } from '../../contract/ids.ts'
import { KEPT_FOR_S } from './resolutions.ts'
import type { LedgerOverhead } from './types.ts'

/** Finest first. Overhead is the sum of what its buckets cover, so its rows are cut in UTC, whatever the home zone. */
export const OVERHEAD_RESOLUTIONS = [60, 900, 3_600] as const

const MERGE = `ON CONFLICT DO UPDATE SET length_s = length_s + excluded.length_s,
  whole_mj = whole_mj + excluded.whole_mj, measured_mj = measured_mj + excluded.measured_mj`

/** Writes the series of overhead; what its resolution no longer keeps is folded into the next one, which sums exactly to it. */
export class OverheadRows {
  readonly #add: Database.Statement<number[]>
  readonly #fold: Database.Statement<number[]>
  readonly #drop: Database.Statement<[number, number]>

  constructor(db: Database.Database) {
    this.#add = db.prepare(`INSERT INTO overhead VALUES (60, ?, ?, ?, ?, ?) ${MERGE}`)
    this.#fold = db.prepare(`
      INSERT INTO overhead
      SELECT ?, start_s - start_s % ?, domain_id, sum(length_s), sum(whole_mj), sum(measured_mj)
      FROM overhead WHERE resolution_s = ? AND start_s < ? GROUP BY 2, domain_id ${MERGE}`)
    this.#drop = db.prepare('DELETE FROM overhead WHERE resolution_s = ? AND start_s < ?')
  }

  /** A bucket lies in the minute in which it begins. */
  write(overheads: readonly LedgerOverhead[], idOf: (domain: DomainId) => number): void {
    for (const { domain, startWallMs, endWallMs, wholeMj, measuredMj } of overheads) {
      const startS = Math.floor(startWallMs / 60_000) * 60
      const lengthS = Math.max(1, Math.round((endWallMs - startWallMs) / 1_000))
      this.#add.run(startS, idOf(domain), lengthS, Math.round(wholeMj), Math.round(measuredMj))
    }
  }

  prune(atS: number): void {
    for (const [index, resolutionS] of OVERHEAD_RESOLUTIONS.entries()) {
      const coarserS = OVERHEAD_RESOLUTIONS[index + 1]
      if (coarserS === undefined) return
      const beforeS = Math.floor((atS - KEPT_FOR_S[resolutionS]) / coarserS) * coarserS
      this.#fold.run(coarserS, coarserS, resolutionS, beforeS)
      this.#drop.run(resolutionS, beforeS)
    }
  }
}
