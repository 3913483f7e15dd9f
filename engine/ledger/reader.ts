import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ok, problem, type Result } from '../../contract/result.ts'
import { faultOf } from './faults.ts'
import { LEDGER_FILE } from './files.ts'
import { versionOf } from './migrate.ts'
import { LATEST_VERSION } from './migrations/registry.ts'
import { type Answer, type QuestionInput, type QuestionName, questions } from './queries/questions.ts'

export type ReadCode = 'noHistory' | 'ledgerUnusable'

/** Answers questions from a ledger, which another process may be writing: it never blocks the writer and writes nothing. */
export type Reader = {
  ask<N extends QuestionName>(name: N, input: QuestionInput<N>): Result<Answer<N>, ReadCode>
  close(): void
}

export function openReader(directory: string): Result<Reader, ReadCode> {
  const file = join(directory, LEDGER_FILE)
  if (!existsSync(file)) return problem('noHistory', `There is no history in ${directory} yet.`)
  try {
    const { db, release } = openReadOnly(file)
    const version = versionOf(db)
    if (version !== LATEST_VERSION) {
      db.close()
      release()
      return version === 0
        ? problem('noHistory', `There is no history in ${directory} yet.`)
        : problem('ledgerUnusable', `The history in ${directory} was written by another version of Perwatt.`)
    }
    return ok(readerOf(db, directory, release))
  } catch (error) {
    return unusable(error, directory)
  }
}

function readerOf(db: Database.Database, directory: string, release: () => void): Reader {
  return {
    ask(name, input) {
      try {
        return ok(answer(db, name, input))
      } catch (error) {
        return unusable(error, directory)
      }
    },
    close() {
      db.close()
      release()
    },
  }
}

/** In one read transaction, so that every statement of a question sees the same flush. */
function answer<N extends QuestionName>(db: Database.Database, name: N, input: QuestionInput<N>): Answer<N> {
  return db.transaction(() => questions[name](db, input)).deferred()
}

/** A database with a log needs its index file; where the directory takes none (a read-only medium), a copy is read instead. */
function openReadOnly(file: string): { db: Database.Database; release: () => void } {
  try {
    return { db: connect(file), release: () => {} }
  } catch (error) {
    if (faultOf(error) !== 'notWritable') throw error
  }
  const copyDirectory = mkdtempSync(join(tmpdir(), 'perwatt-'))
  const release = () => rmSync(copyDirectory, { recursive: true, force: true })
  try {
    for (const suffix of ['', '-wal'])
      if (existsSync(file + suffix)) copyFileSync(file + suffix, join(copyDirectory, LEDGER_FILE + suffix))
    return { db: connect(join(copyDirectory, LEDGER_FILE)), release }
  } catch (error) {
    release()
    throw error
  }
}

function connect(file: string): Database.Database {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 2_000 })
  try {
    versionOf(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function unusable(error: unknown, directory: string): Result<never, ReadCode> {
  const fault = faultOf(error)
  if (fault === null) throw error
  if (fault === 'corrupt')
    return problem(
      'ledgerUnusable',
      `The history in ${directory} is damaged; Perwatt sets it aside when it next starts.`,
    )
  return problem('ledgerUnusable', `The history in ${directory} cannot be read.`, {
    kind: 'command',
    argv: ['ls', '-la', directory],
    asRoot: false,
  })
}
