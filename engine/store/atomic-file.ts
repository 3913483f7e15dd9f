import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { ok, problem, type Result } from '../../contract/result.ts'

/** Whole text of a small file of ours; `null` where there is none. */
export function readOwnFile(path: string): Result<string | null, 'notReadable'> {
  try {
    return ok(readFileSync(path, 'utf8'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ok(null)
    return problem('notReadable', `${path} cannot be read (${codeOf(error)}).`, {
      kind: 'command',
      argv: ['ls', '-l', path],
      asRoot: false,
    })
  }
}

/** Replaces a file as a whole: after a crash or on a full disk there is the old text or the new one, never a part. Mode 0600. */
export function replaceFile(path: string, text: string): Result<null, 'notWritable'> {
  const next = `${path}.${process.pid}.new`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(next, 'w', 0o600)
    try {
      writeAll(file, Buffer.from(text))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(next, path)
    return ok(null)
  } catch (error) {
    removeLeftOver(next)
    const reason = codeOf(error) === 'ENOSPC' ? 'the disk is full' : String(codeOf(error) ?? error)
    return problem('notWritable', `${path} cannot be written: ${reason}. The change was not kept.`, {
      kind: 'command',
      argv: ['df', '-h', dirname(path)],
      asRoot: false,
    })
  }
}

/** Where the directory itself is the fault there is nothing to remove, and the first fault is the one to tell. */
function removeLeftOver(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    return
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
