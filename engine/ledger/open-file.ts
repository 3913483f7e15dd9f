import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import { backUpBeforeMigration } from './backup.ts'
import { faultOf } from './faults.ts'
import { ensureFile, LEDGER_FILE } from './files.ts'
import { type Condition, inspect } from './inspect.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/registry.ts'
import { salvage } from './salvage.ts'
import { OWN, readOwn, stateWriter } from './state.ts'
import type { LedgerNotice } from './types.ts'

export type OpenCode = 'newer' | 'notWritable' | 'diskFull' | 'locked' | 'broken'
export type OpenFile = { readonly db: Database.Database; readonly notice: LedgerNotice | null }

/** 4 MiB: what the automatic checkpoint at 1,000 pages makes of the log anyway. */
const LOG_LIMIT_BYTES = 4 * 1_024 * 1_024
const CACHE_KIB = 2_048

/** Opens the ledger for writing: checked, salvaged where it is corrupt, migrated. The caller holds the writer's lock. */
export function openFile(
  directory: string,
  options: {
    nowS: number
    synchronous: 'full' | 'off'
    /** The file is known to be damaged, whatever a check says. */
    damagedGoOnWith?: 'backup' | 'anew'
  },
): Result<OpenFile, OpenCode> {
  const file = join(directory, LEDGER_FILE)
  let db: Database.Database | null = null
  try {
    const condition = conditionOf(file, options.damagedGoOnWith !== undefined)
    if (condition === 'newer') return newer(file)
    const notice =
      condition === 'corrupt' ? salvage(directory, options.nowS, options.damagedGoOnWith ?? 'backup') : null
    ensureFile(file)
    db = new Database(file, { timeout: 5_000 })
    prepare(db, options.synchronous)
    const opened = db
    migrate(db, migrations, (version) => backUpBeforeMigration(opened, directory, version, options.nowS))
    if (readOwn(db, OWN.begunS) === null) stateWriter(db)(OWN.begunS, JSON.stringify(options.nowS))
    return ok({ db, notice })
  } catch (error) {
    db?.close()
    return cannotOpen(error, directory)
  }
}

function conditionOf(file: string, isDamaged: boolean): Condition {
  if (!existsSync(file)) return 'empty'
  return isDamaged ? 'corrupt' : inspect(file)
}

function prepare(db: Database.Database, synchronous: 'full' | 'off'): void {
  db.pragma('journal_mode = WAL')
  db.pragma(`synchronous = ${synchronous}`)
  db.pragma(`journal_size_limit = ${LOG_LIMIT_BYTES}`)
  db.pragma(`cache_size = -${CACHE_KIB}`)
}

function newer(file: string): Problem<'newer'> {
  return problem(
    'newer',
    `The history in ${file} was written by a newer Perwatt; it is left untouched and nothing is recorded. Install that version again, or name another data directory.`,
    { kind: 'command', argv: ['perwatt', '--data-dir', 'DIR'], asRoot: false },
  )
}

/** An expected failure as a problem; anything else is thrown on. */
export function cannotOpen(error: unknown, directory: string): Problem<OpenCode> {
  const fault = faultOf(error)
  if (fault === 'diskFull')
    return problem('diskFull', `The disk that holds ${directory} is full. Free some space and start Perwatt again.`, {
      kind: 'command',
      argv: ['df', '-h', directory],
      asRoot: false,
    })
  if (fault === 'notWritable')
    return problem('notWritable', `Perwatt cannot write to ${directory}.`, {
      kind: 'command',
      argv: ['chmod', '-R', 'u+rwX', directory],
      asRoot: false,
    })
  if (fault === 'busy') return problem('locked', `Another program keeps the history in ${directory} locked.`)
  if (fault === null) throw error
  return problem('broken', `The history in ${directory} cannot be opened: the file system reports errors.`)
}
