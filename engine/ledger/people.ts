import type Database from 'better-sqlite3'
import type { UserId } from '../../contract/ids.ts'

/** Who a person counts as in the end, whoever was merged into whom on the way; a chain is as long as its owner made it. */
const ROOT_OF = `
  WITH RECURSIVE behind (id, next) AS (
    SELECT id, merged_into FROM person WHERE key = ?
    UNION SELECT person.id, merged_into FROM behind JOIN person ON person.id = behind.next)
  SELECT id FROM behind WHERE next IS NULL`

/** What its owner calls somebody; `null` forgets it. `false` where nobody of that id is known. */
export function namePerson(db: Database.Database, id: UserId, label: string | null): boolean {
  return db.prepare<[string | null, string]>('UPDATE person SET label = ? WHERE key = ?').run(label, id).changes === 1
}

/**
 * Counts somebody as somebody else, or as themselves again; who was merged into them stays with them. `false` where either is not known, or
 * where both are one already: there is never a circle.
 */
export function mergePeople(db: Database.Database, id: UserId, into: UserId | null): boolean {
  const merge = db.prepare<[number | null, string]>('UPDATE person SET merged_into = ? WHERE key = ?')
  if (into === null) return merge.run(null, id).changes === 1
  const rootOf = db.prepare<[string], number>(ROOT_OF).pluck()
  const [own, other] = [rootOf.get(id), rootOf.get(into)]
  if (own === undefined || other === undefined || own === other) return false
  return merge.run(other, id).changes === 1
}
