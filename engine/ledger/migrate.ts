import type Database from 'better-sqlite3'
import type { Migration } from './migrations/migration.ts'

/** Marks a file as a Perwatt ledger: "PwLd" in the header (sqlite.org/fileformat2.html#application_id). */
export const APPLICATION_ID = 0x50774c64

export function versionOf(db: Database.Database): number {
  return Number(db.pragma('user_version', { simple: true }))
}

/**
 * Brings the schema up to the last of `migrations`, each in its own transaction with its version, so that a kill leaves one
 * version or the other. `beforeChange` is called once, before the first step on a file that already holds a ledger.
 */
export function migrate(
  db: Database.Database,
  migrations: readonly Migration[],
  beforeChange: (version: number) => void,
): void {
  const from = versionOf(db)
  const missing = migrations.filter(({ version }) => version > from)
  if (from > 0 && missing.length > 0) beforeChange(from)
  for (const { version, sql, convert } of missing) {
    db.transaction(() => {
      db.exec(sql)
      convert?.(db)
      db.pragma(`application_id = ${APPLICATION_ID}`)
      db.pragma(`user_version = ${version}`)
    }).immediate()
  }
}
