import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ok, problem, type Result } from '../../contract/result.ts'
import { faultOf } from './faults.ts'
import { ensureFile } from './files.ts'
import { cannotOpen, type OpenCode } from './open-file.ts'

export type WriterLock = { release(): void }

/**
 * Makes this process the one writer of a data directory: an exclusive SQLite transaction on `engine.lock`, held until released.
 * The kernel drops the lock with the process, so a lock left by `kill -9` or by an earlier boot never stands in the way.
 */
export function lockForWriting(directory: string): Result<WriterLock, OpenCode> {
  let db: Database.Database | null = null
  try {
    const file = join(directory, 'engine.lock')
    ensureFile(file)
    db = new Database(file, { timeout: 0 })
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    const held = db
    return ok({ release: () => void held.close() })
  } catch (error) {
    db?.close()
    if (faultOf(error) === 'busy') return problem('locked', `Another Perwatt engine already writes to ${directory}.`)
    return cannotOpen(error, directory)
  }
}
