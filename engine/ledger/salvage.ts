import { copyFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { backupsNewestFirst } from './backup.ts'
import { LEDGER_FILE, setAside, syncFile } from './files.ts'
import { inspect } from './inspect.ts'
import type { LedgerNotice } from './types.ts'

/**
 * A ledger that is corrupt is set aside, never deleted, and the newest backup that passes the same check takes its place; with
 * none, a new history begins. @throws the file system's error.
 */
export function salvage(directory: string, nowS: number, goOnWith: 'backup' | 'anew'): LedgerNotice {
  const asideFile = setAside(directory, nowS)
  const aside = `The history file was damaged and is set aside as ${asideFile}; nothing was deleted.`
  const backup = goOnWith === 'backup' ? backupsNewestFirst(directory).find(isGood) : undefined
  if (backup === undefined)
    return {
      code: 'ledgerBegunAnew',
      text: `${aside} There is no good backup, so a new history begins now.`,
      remedy: null,
    }
  const madeAt = statSync(backup).mtime.toISOString().slice(0, 16).replace('T', ' ')
  const partial = join(directory, `${LEDGER_FILE}.partial`)
  copyFileSync(backup, partial)
  syncFile(partial)
  renameSync(partial, join(directory, LEDGER_FILE))
  return {
    code: 'ledgerRestored',
    text: `${aside} Perwatt goes on with the backup of ${madeAt} UTC; what was recorded after it is missing.`,
    remedy: null,
  }
}

/** A backup that cannot be read is not a good one. */
function isGood(file: string): boolean {
  try {
    return inspect(file) === 'good'
  } catch {
    return false
  }
}
