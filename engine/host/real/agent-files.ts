import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { ok, type Result } from '../../../contract/result.ts'
import type { AgentFiles, FileLook, UserFile, UserStore } from '../agent-files.ts'
import { fileProblem } from '../file-problem.ts'
import type { FileFault } from '../host.ts'
import { faultOf } from './files.ts'

/** A named pipe under a log's name must not hold us up. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** The real machine's. A store is opened with `mode=ro`, never `immutable`: its owner may be writing to it. */
export function realAgentFiles(): AgentFiles {
  return {
    look(path) {
      try {
        const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
        if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return fileProblem(path, 'absent')
        return ok({
          id: `${stats.dev}:${stats.ino}`,
          kind: stats.isFile() ? 'file' : 'folder',
          sizeBytes: Number(stats.size),
          modifiedMs: Number(stats.mtimeMs),
        } satisfies FileLook)
      } catch (error) {
        return fileProblem(path, faultOf(error))
      }
    },
    list: (path) => attempt(path, () => readdirSync(path)),
    open: (path) => attempt(path, () => openUserFile(path)),
    store: (path) =>
      attempt(path, () => openStore(path, new Database(path, { readonly: true, fileMustExist: true, timeout: 0 }))),
    unpack(bytes, mostBytes) {
      try {
        return zstdDecompressSync(bytes, { maxOutputLength: mostBytes })
      } catch {
        return null
      }
    },
  }
}

/** The home of whoever runs the engine; `null` where a system has none for that account. */
export function userHome(): {
  readonly files: AgentFiles
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
} | null {
  const home = homedir().replace(/(?<=.)[\\/]+$/, '')
  return /^(\/.|[A-Za-z]:)/.test(home) ? { files: realAgentFiles(), home, env: process.env } : null
}

function openUserFile(path: string): UserFile | null {
  const descriptor = openSync(path, FLAGS)
  const stats = fstatSync(descriptor, { bigint: true })
  if (!stats.isFile()) {
    closeSync(descriptor)
    return null
  }
  return {
    id: `${stats.dev}:${stats.ino}`,
    read(buffer, atBytes) {
      try {
        return readSync(descriptor, buffer, 0, buffer.length, atBytes)
      } catch {
        return -1
      }
    },
    close: () => closeSync(descriptor),
  }
}

function openStore(path: string, db: Database.Database): UserStore {
  return {
    rows: (sql, parameters) =>
      attempt(path, () => db.prepare<(string | number)[], Record<string, unknown>>(sql).all(...parameters)),
    close: () => void db.close(),
  }
}

function attempt<T>(path: string, use: () => T | null): Result<T, FileFault> {
  try {
    const value = use()
    return value === null ? fileProblem(path, 'absent') : ok(value)
  } catch (error) {
    // better-sqlite3 says so where the folder is gone.
    if (error instanceof TypeError) return fileProblem(path, 'absent')
    if (!(error instanceof Database.SqliteError)) return fileProblem(path, faultOf(error))
    return fileProblem(path, error.code === 'SQLITE_CANTOPEN' ? 'denied' : 'broken')
  }
}
