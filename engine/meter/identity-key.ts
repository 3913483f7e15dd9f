import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ok, problem, type Result } from '../../contract/result.ts'
import { ensurePrivateDir } from '../socket/private-dir.ts'

const FILE = 'identity.key'
const KEY_BYTES = 32

/**
 * The installation's secret, under which API keys and names of people are hashed: 64 hex digits in a file of the owner alone. Made where there
 * is none; two meters that start at once agree on one. A new key would make everybody a new user, so that a spoilt file is not replaced.
 */
export function identityKey(dataDir: string): Result<Uint8Array, 'notWritable' | 'notPrivate' | 'denied'> {
  const directory = ensurePrivateDir(dataDir)
  if (!directory.ok) return directory
  const path = join(dataDir, FILE)
  try {
    writeFileSync(path, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { flag: 'wx', mode: 0o600, flush: true })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return problem('notWritable', `${path} cannot be written (${codeOf(error)}).`)
  }
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
    const hex = readFileSync(path, 'utf8').trim()
    if (/^[0-9a-f]{64}$/i.test(hex)) return ok(Buffer.from(hex, 'hex'))
    return problem(
      'denied',
      `${path} holds no key. Put it back from a backup, or set it aside: everybody is a new user then.`,
      {
        ...{ kind: 'command', argv: ['mv', path, `${path}.unreadable`], asRoot: false },
      },
    )
  } catch (error) {
    return problem('denied', `${path} cannot be read (${codeOf(error)}).`, {
      ...{ kind: 'command', argv: ['ls', '-l', path], asRoot: false },
    })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error)
}
