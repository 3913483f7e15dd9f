import Database from 'better-sqlite3'
import { CorruptCells } from './varint.ts'

export type Fault = 'diskFull' | 'corrupt' | 'busy' | 'notWritable' | 'failing'

/** What SQLite's result code or Node's error code means for the ledger; `null` where it is a bug of ours, to be thrown. https://sqlite.org/rescode.html */
export function faultOf(error: unknown): Fault | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code } = error
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'diskFull'
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR' || code === 'EEXIST')
    return 'notWritable'
  if (error instanceof CorruptCells) return 'corrupt'
  if (!(error instanceof Database.SqliteError)) return code === 'EIO' || code === 'EMFILE' ? 'failing' : null
  if (code === 'SQLITE_FULL') return 'diskFull'
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'corrupt'
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy'
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM' || code === 'SQLITE_AUTH') return 'notWritable'
  if (code.startsWith('SQLITE_CANTOPEN')) return 'notWritable'
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_NOMEM' || code === 'SQLITE_PROTOCOL') return 'failing'
  return null
}
