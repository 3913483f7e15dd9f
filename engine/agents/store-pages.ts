import type { UserStore } from '../host/agent-files.ts'
import type { Fields } from './fields.ts'

const ROWS_AT_ONCE = 200

/**
 * All rows of a table in short questions, by their row number: the question must name it `row`. Returns whether all were read; what a
 * busy or foreign store does not answer is tried again when it has changed.
 */
export function* rowsByPage(store: UserStore, select: string, take: (row: Fields) => void): Generator<void, boolean> {
  for (let from = 0; ; ) {
    const rows = store.rows(`${select} WHERE rowid > ? ORDER BY rowid LIMIT ?`, [from, ROWS_AT_ONCE])
    if (!rows.ok) return false
    for (const row of rows.value) {
      take(row)
      from = Number(row.row)
    }
    if (rows.value.length < ROWS_AT_ONCE) return true
    yield
  }
}
