import type Database from 'better-sqlite3'

/** One step of the schema: forward only, and untouched once released. `version` is the `user_version` it leads to. */
export type Migration = {
  readonly version: number
  readonly sql: string
  /** Runs after `sql`, in the same transaction: what SQL alone cannot rewrite. */
  readonly convert?: (db: Database.Database) => void
}

export function migration(version: number, sql: string, convert?: Migration['convert']): Migration {
  return convert === undefined ? { version, sql } : { version, sql, convert }
}
