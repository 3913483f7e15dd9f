import type Database from 'better-sqlite3'
import { readProgress } from '../progress.ts'
import { OWN, readOwn } from '../state.ts'
import type { LedgerGap } from '../types.ts'

export const GAPS = 'SELECT from_s AS fromS, to_s AS toS, cause FROM gap WHERE to_s > ? AND from_s < ? ORDER BY to_s'

/** After the last flush this much is merely not written yet; beyond it nobody records. */
const UNWRITTEN_S = 30

/**
 * The gaps of [fromS, toS), cut to it. Where nobody has written for a while, the time since is a gap too: the engine does not run.
 * Relies on the primary key of `gap`, which begins with its end.
 */
export function gaps(db: Database.Database, fromS: number, toS: number): LedgerGap[] {
  const rows = db.prepare<[number, number], LedgerGap>(GAPS).all(fromS, toS)
  const writtenToS = readProgress(db)[10].completeToS
  if (toS > writtenToS + UNWRITTEN_S && writtenToS > 0) rows.push({ fromS: writtenToS, toS, cause: 'restart' })
  return rows.map((gap) => ({ ...gap, fromS: Math.max(gap.fromS, fromS), toS: Math.min(gap.toS, toS) }))
}

/** 1 − gaps ÷ elapsed, from the beginning of the history or of the range, whichever is later; 0 where nothing has elapsed. */
export function coverage(db: Database.Database, fromS: number, toS: number): number {
  const begunS = Number(readOwn(db, OWN.begunS) ?? toS)
  const elapsedFromS = Math.max(fromS, begunS)
  if (toS <= elapsedFromS) return 0
  const missingS = lengthOfUnion(gaps(db, elapsedFromS, toS))
  return 1 - missingS / (toS - elapsedFromS)
}

/** Gaps of different causes may overlap (paused while the machine slept). */
function lengthOfUnion(list: readonly LedgerGap[]): number {
  let lengthS = 0
  let reachedS = Number.NEGATIVE_INFINITY
  for (const { fromS, toS } of [...list].sort((a, b) => a.fromS - b.fromS)) {
    lengthS += Math.max(0, toS - Math.max(fromS, reachedS))
    reachedS = Math.max(reachedS, toS)
  }
  return lengthS
}
