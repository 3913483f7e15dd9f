import type Database from 'better-sqlite3'
import type { LedgerGap } from './types.ts'

/** Adds a gap to a list; one that touches the last of the same cause prolongs it. */
export function joinGap(gaps: LedgerGap[], gap: LedgerGap): void {
  if (gap.toS <= gap.fromS) return
  const last = gaps.at(-1)
  if (last === undefined || last.cause !== gap.cause || gap.fromS > last.toS || gap.toS < last.fromS) gaps.push(gap)
  else gaps[gaps.length - 1] = union(last, gap)
}

function union(a: LedgerGap, b: LedgerGap): LedgerGap {
  return { fromS: Math.min(a.fromS, b.fromS), toS: Math.max(a.toS, b.toS), cause: a.cause }
}

/** Writes a gap, joined with those of its cause that it overlaps or touches. */
export function gapWriter(db: Database.Database): (gap: LedgerGap) => void {
  const touching = db.prepare<[number, number, string], LedgerGap>(
    `SELECT from_s AS fromS, to_s AS toS, cause FROM gap WHERE to_s >= ? AND from_s <= ? AND cause = ?`,
  )
  const remove = db.prepare<[number, number, string]>('DELETE FROM gap WHERE to_s = ? AND from_s = ? AND cause = ?')
  const insert = db.prepare<[number, number, string]>('INSERT INTO gap (to_s, from_s, cause) VALUES (?, ?, ?)')
  return (gap) => {
    const joined = touching.all(gap.fromS, gap.toS, gap.cause)
    for (const { toS, fromS, cause } of joined) remove.run(toS, fromS, cause)
    const { toS, fromS, cause } = joined.reduce(union, gap)
    insert.run(toS, fromS, cause)
  }
}
