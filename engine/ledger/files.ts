import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { join } from 'node:path'

export const LEDGER_FILE = 'ledger.sqlite'
export const BACKUP_DIRECTORY = 'backups'

/** SQLite's companions of a database in WAL mode. */
export const COMPANIONS = ['-wal', '-shm'] as const

/** Its owner's alone: 0700. @throws the file system's error. */
export function ensureDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
}

/** SQLite gives its companion files the mode of the database, so 0600 is set before it is opened. */
export function ensureFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600))
}

export function syncFile(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** `2026-11-25` */
export function dateOf(atS: number): string {
  return new Date(atS * 1_000).toISOString().slice(0, 10)
}

/** Renames the ledger and its companions to `ledger.corrupt-<time>.sqlite…`; a time already taken gets a number. */
export function setAside(directory: string, nowS: number): string {
  const time = new Date(nowS * 1_000).toISOString().slice(0, 19).replaceAll(':', '-')
  const named = (suffix: string) => join(directory, `ledger.corrupt-${time}Z${suffix}.sqlite`)
  let target = named('')
  for (let number = 2; existsSync(target); number++) target = named(`-${number}`)
  for (const companion of COMPANIONS) {
    const from = join(directory, LEDGER_FILE + companion)
    if (existsSync(from)) renameSync(from, target + companion)
  }
  renameSync(join(directory, LEDGER_FILE), target)
  return target
}
