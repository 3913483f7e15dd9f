import type Database from 'better-sqlite3'
import { type Bucket, isZoned, type ResolutionS } from './resolutions.ts'
import type { HomeZone } from './zone.ts'

/**
 * The bucket of a resolution that holds an instant. Hours and days that have rows are in the table `bucket`, as cut in the home
 * zone of their time; others are cut in the zone of now, between their neighbours and what is already rolled up.
 */
export class Buckets {
  readonly #zone: HomeZone
  readonly #before: Database.Statement<[number, number], { startS: number; lengthS: number }>
  readonly #after: Database.Statement<[number, number], { startS: number }>

  constructor(db: Database.Database, zone: HomeZone) {
    this.#zone = zone
    this.#before = db.prepare(
      `SELECT start_s AS startS, length_s AS lengthS FROM bucket
       WHERE resolution_s = ? AND start_s <= ? ORDER BY start_s DESC LIMIT 1`,
    )
    this.#after = db.prepare(
      'SELECT start_s AS startS FROM bucket WHERE resolution_s = ? AND start_s > ? ORDER BY start_s LIMIT 1',
    )
  }

  /** `completeToS` is a boundary: a bucket lies wholly before or after it. */
  holding(resolutionS: ResolutionS, atS: number, completeToS: number): Bucket {
    if (!isZoned(resolutionS)) {
      const startS = Math.floor(atS / resolutionS) * resolutionS
      return { startS, endS: startS + resolutionS }
    }
    const before = this.#before.get(resolutionS, atS)
    const beforeEndS = before === undefined ? 0 : before.startS + before.lengthS
    if (before !== undefined && atS < beforeEndS) return { startS: before.startS, endS: beforeEndS }
    const cut = resolutionS === 3_600 ? this.#zone.hour(atS) : this.#zone.day(atS)
    const nextS = this.#after.get(resolutionS, atS)?.startS ?? Number.POSITIVE_INFINITY
    const rolled = atS < completeToS
    return {
      startS: Math.max(cut.startS, beforeEndS, rolled ? 0 : completeToS),
      endS: Math.min(cut.endS, nextS, rolled ? completeToS : Number.POSITIVE_INFINITY),
    }
  }
}
