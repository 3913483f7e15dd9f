import type { Result } from '../../contract/result.ts'
import type { FileFault } from './host.ts'

/** A file or folder of a user, links followed. `id`: device and inode (Windows: volume and file id), the same under every name. */
export type FileLook = {
  readonly id: string
  readonly kind: 'file' | 'folder'
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** Stands on the same file when its name is given to another one. */
export interface UserFile {
  readonly id: string
  /** Bytes read into `buffer`; 0 at the end, -1 where it cannot be read. */
  read(buffer: Uint8Array, atBytes: number): number
  close(): void
}

/** Another program's SQLite store, read-only; each question is a transaction of its own, and gives up at once where the owner holds a lock. */
export interface UserStore {
  rows(sql: string, parameters: readonly (string | number)[]): Result<Record<string, unknown>[], FileFault>
  close(): void
}

/** Files that other programs keep in a user's home: read where they lie, never written, copied or locked. Pipes and devices are absent. */
export interface AgentFiles {
  look(path: string): Result<FileLook, FileFault>
  /** Names in a folder, unsorted. */
  list(path: string): Result<string[], FileFault>
  open(path: string): Result<UserFile, FileFault>
  store(path: string): Result<UserStore, FileFault>
  /** Unpacks zstd; `null` where it is none, or larger than `mostBytes` unpacked. */
  unpack(bytes: Uint8Array, mostBytes: number): Uint8Array | null
}
