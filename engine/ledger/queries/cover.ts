import type Database from 'better-sqlite3'
import { type ProgressOf, readProgress } from '../progress.ts'
import { type Bucket, isZoned, RESOLUTIONS, type ResolutionS } from '../resolutions.ts'

/** Rows of one resolution that start in [fromS, toS). */
export type Segment = { readonly resolutionS: ResolutionS; readonly fromS: number; readonly toS: number }
export type Cover = { readonly segments: readonly Segment[]; readonly fromS: number; readonly toS: number }
export type CoverLimits = { readonly finestS: ResolutionS; readonly coarsestS: ResolutionS }

/**
 * Which rows together hold exactly the energy of [fromS, toS), each stretch once: the coarsest buckets that fit and are rolled
 * up, and finer ones at the edges. Where the finer rows of an edge are no longer kept, the range is widened to the bucket that
 * is, and says so by its `fromS` and `toS`.
 *
 * Relies on the primary keys of `progress` and `bucket`.
 */
export function cover(
  db: Database.Database,
  range: { fromS: number; toS: number },
  limits: CoverLimits = { finestS: 10, coarsestS: 86_400 },
): Cover {
  const levels = RESOLUTIONS.filter((level) => level >= limits.finestS && level <= limits.coarsestS)
  const cutter = new Cutter(db, readProgress(db), levels)
  const { fromS, toS } = cutter.widen(range.fromS, range.toS)
  return { segments: cutter.cut(fromS, toS, levels.length - 1), fromS, toS }
}

class Cutter {
  readonly #progress: ProgressOf
  readonly #levels: readonly ResolutionS[]
  readonly #from: Database.Statement<[number, number], Row>
  readonly #before: Database.Statement<[number, number], Row>

  constructor(db: Database.Database, progress: ProgressOf, levels: readonly ResolutionS[]) {
    this.#progress = progress
    this.#levels = levels
    const columns = 'SELECT start_s AS startS, length_s AS lengthS FROM bucket WHERE resolution_s = ?'
    this.#from = db.prepare(`${columns} AND start_s >= ? ORDER BY start_s LIMIT 1`)
    this.#before = db.prepare(`${columns} AND start_s < ? ORDER BY start_s DESC LIMIT 1`)
  }

  /**
   * A bucket of which finer rows are no longer kept, not even in part, is taken whole. Seen from the coarsest level down, the
   * first that has to be decides; the finest always is.
   */
  widen(askedFromS: number, askedToS: number): { fromS: number; toS: number } {
    const coarseFirst = this.#levels
      .map((level, index) => ({ level, finerKeptS: this.#keptFromS(index - 1) }))
      .reverse()
    let fromS = Math.max(askedFromS, this.#keptFromS(this.#levels.length - 1))
    if (askedToS <= fromS) return { fromS, toS: fromS }
    const first = coarseFirst.find(({ finerKeptS }) => fromS < finerKeptS)
    if (first !== undefined) fromS = this.#holding(first.level, fromS)?.startS ?? fromS
    for (const { level, finerKeptS } of coarseFirst) {
      const last = this.#holding(level, askedToS - 1)
      if (last !== null && Math.max(last.startS, fromS) < finerKeptS) return { fromS, toS: last.endS }
    }
    return { fromS, toS: askedToS }
  }

  #keptFromS(index: number): number {
    const level = this.#levels[index]
    return level === undefined ? Number.POSITIVE_INFINITY : this.#progress[level].keptFromS
  }

  cut(fromS: number, toS: number, index: number): Segment[] {
    const resolutionS = this.#levels[index]
    if (resolutionS === undefined || fromS >= toS) return []
    if (index === 0) return [{ resolutionS, fromS, toS }]
    const startS = this.#firstStart(resolutionS, fromS)
    const endS = this.#lastEnd(resolutionS, Math.min(toS, this.#progress[resolutionS].completeToS))
    if (startS >= endS) return this.cut(fromS, toS, index - 1)
    return [
      ...this.cut(fromS, startS, index - 1),
      { resolutionS, fromS: startS, toS: endS },
      ...this.cut(endS, toS, index - 1),
    ]
  }

  /** An hour or day without rows is no bucket: nothing of it can be missed. */
  #holding(resolutionS: ResolutionS, atS: number): Bucket | null {
    if (!isZoned(resolutionS)) {
      const startS = Math.floor(atS / resolutionS) * resolutionS
      return { startS, endS: startS + resolutionS }
    }
    const row = this.#before.get(resolutionS, atS + 1)
    return row !== undefined && atS < row.startS + row.lengthS
      ? { startS: row.startS, endS: row.startS + row.lengthS }
      : null
  }

  #firstStart(resolutionS: ResolutionS, fromS: number): number {
    if (!isZoned(resolutionS)) return Math.ceil(fromS / resolutionS) * resolutionS
    return this.#from.get(resolutionS, fromS)?.startS ?? Number.POSITIVE_INFINITY
  }

  #lastEnd(resolutionS: ResolutionS, toS: number): number {
    if (!isZoned(resolutionS)) return Math.floor(toS / resolutionS) * resolutionS
    const last = this.#before.get(resolutionS, toS)
    if (last === undefined) return Number.NEGATIVE_INFINITY
    return last.startS + last.lengthS <= toS ? last.startS + last.lengthS : last.startS
  }
}

type Row = { readonly startS: number; readonly lengthS: number }
