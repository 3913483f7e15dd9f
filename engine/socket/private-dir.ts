import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { ok, problem, type Result } from '../../contract/result.ts'

/**
 * Makes sure that nobody but its owner can enter the data directory (mode 0700). A new or empty directory, or one that is
 * already ours, is tightened; any other is left as it is, since `--data-dir /tmp` must not close /tmp to everybody.
 */
export function ensurePrivateDir(dir: string): Result<null, 'notWritable' | 'notPrivate'> {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const { mode, uid } = statSync(dir)
    const isOwn = process.getuid === undefined || uid === process.getuid()
    if (!isOwn) return problem('notPrivate', `The data directory ${dir} belongs to another user (uid ${uid}).`)
    if (process.platform === 'win32' || (mode & 0o077) === 0) return ok(null)
    if (!isOursToTighten(dir, mode)) return notPrivate(dir)
    chmodSync(dir, 0o700)
    return ok(null)
  } catch (error) {
    return problem('notWritable', `The data directory ${dir} cannot be used: ${messageOf(error)}.`)
  }
}

function isOursToTighten(dir: string, mode: number): boolean {
  // Where everybody may write (/tmp, a share), it was meant for everybody.
  if ((mode & 0o1002) !== 0) return false
  const names = readdirSync(dir)
  return names.length === 0 || names.some((name) => name.startsWith('ledger.') || name.startsWith('engine.'))
}

function notPrivate(dir: string): Result<never, 'notPrivate'> {
  const reason = `The data directory ${dir} is open to other users, and Perwatt closes only what it made itself.`
  return problem('notPrivate', reason, {
    ...{ kind: 'command', argv: ['chmod', '700', dir], asRoot: false },
    note: 'or name another with --data-dir',
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
