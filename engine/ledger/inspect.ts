import Database from 'better-sqlite3'
import { faultOf } from './faults.ts'
import { APPLICATION_ID, versionOf } from './migrate.ts'
import { LATEST_VERSION } from './migrations/registry.ts'

export type Condition = 'empty' | 'good' | 'newer' | 'corrupt'

/**
 * What a database file holds, seen through a read-only connection, so that a ledger of a newer version stays untouched.
 * `quick_check` reads every page: it finds torn and overwritten ones. A database that is not a ledger counts as corrupt.
 * @throws SqliteError where the file cannot be read at all.
 */
export function inspect(file: string): Condition {
  let db: Database.Database | null = null
  try {
    db = new Database(file, { readonly: true, fileMustExist: true })
    const tables = Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get())
    if (tables === 0) return 'empty'
    if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) return 'corrupt'
    if (versionOf(db) > LATEST_VERSION) return 'newer'
    return db.pragma('quick_check(1)', { simple: true }) === 'ok' ? 'good' : 'corrupt'
  } catch (error) {
    if (faultOf(error) === 'corrupt') return 'corrupt'
    throw error
  } finally {
    db?.close()
  }
}
