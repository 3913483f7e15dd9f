import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { ok, problem, type Result } from '../../contract/result.ts'
import { faultOf } from './faults.ts'
import { BACKUP_DIRECTORY, dateOf, ensureDirectory, ensureFile } from './files.ts'

const DAILY = /^ledger-\d{4}-\d{2}-\d{2}\.sqlite$/
const DAILIES_KEPT = 3
/** 256 KiB a turn of the event loop: well under a millisecond, so that no tick waits. */
const PAGES_PER_STEP = 64

/** Copies the ledger while it is written, page by page between ticks (sqlite.org/backup.html), and keeps the last three. */
export async function backUpDaily(
  db: Database.Database,
  directory: string,
  nowS: number,
): Promise<Result<string, 'diskFull' | 'failing'>> {
  const backups = join(directory, BACKUP_DIRECTORY)
  const target = join(backups, `ledger-${dateOf(nowS)}.sqlite`)
  const partial = `${target}.partial`
  try {
    ensureDirectory(backups)
    rmSync(partial, { force: true })
    ensureFile(partial)
    await db.backup(partial, { progress: () => PAGES_PER_STEP })
    await syncLater(partial)
    renameSync(partial, target)
    for (const name of dailies(backups).slice(DAILIES_KEPT)) rmSync(join(backups, name))
    return ok(target)
  } catch (error) {
    if (existsSync(partial)) rmSync(partial)
    const fault = faultOf(error)
    if (fault === 'diskFull') return problem('diskFull', 'The disk has no room for the daily backup of the history.')
    if (fault === null && db.open) throw error
    return problem('failing', 'The daily backup of the history could not be written.')
  }
}

/** A compact copy made at once, before the schema changes: `backups/ledger-v<N>-<date>.sqlite`. */
export function backUpBeforeMigration(db: Database.Database, directory: string, version: number, nowS: number): void {
  const backups = join(directory, BACKUP_DIRECTORY)
  ensureDirectory(backups)
  const target = join(backups, `ledger-v${version}-${dateOf(nowS)}.sqlite`)
  const partial = `${target}.partial`
  rmSync(partial, { force: true })
  db.prepare('VACUUM INTO ?').run(partial)
  chmodSync(partial, 0o600)
  renameSync(partial, target)
}

/** Newest first, of every kind. */
export function backupsNewestFirst(directory: string): string[] {
  const backups = join(directory, BACKUP_DIRECTORY)
  if (!existsSync(backups)) return []
  return readdirSync(backups)
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => join(backups, name))
    .map((file) => ({ file, changedMs: statSync(file).mtimeMs }))
    .sort((a, b) => b.changedMs - a.changedMs)
    .map(({ file }) => file)
}

function dailies(backups: string): string[] {
  return readdirSync(backups)
    .filter((name) => DAILY.test(name))
    .sort()
    .reverse()
}

async function syncLater(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
