import type Database from 'better-sqlite3'

export type Person = {
  readonly rowId: number
  readonly key: string
  readonly kind: 'os' | 'api' | 'headcount'
  readonly label: string | null
  readonly mergedInto: number | null
}

/** Everybody that is known, and who counts as whom: a few dozen rows, read whole. */
export type People = {
  readonly all: readonly Person[]
  of(rowId: number): Person | null
  /** Row id of whom somebody counts as in the end; 0 is nobody. */
  rootOf(rowId: number): number
}

export function readPeople(db: Database.Database): People {
  const all = db
    .prepare<[], Person>('SELECT id AS rowId, key, kind, label, merged_into AS mergedInto FROM person')
    .all()
  const byRow = new Map(all.map((person) => [person.rowId, person]))
  return {
    all,
    of: (rowId) => byRow.get(rowId) ?? null,
    rootOf(rowId) {
      let at = rowId
      for (const _ of all) at = byRow.get(at)?.mergedInto ?? at
      return at
    },
  }
}
