import { statSync } from 'node:fs'
import { join } from 'node:path'
import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import { readOwnFile, replaceFile } from './atomic-file.ts'

export const SECRETS_FILE = 'secrets.json'
export const KEY_FILE = 'secrets.key'
const KEY_BYTES = 32

/**
 * Where the one key comes from. `key` never makes a new one where an old one is missing: what is encrypted under it would be lost for good.
 */
export interface SecretKey {
  key(): Result<Uint8Array, 'denied'>
  /** The key, made now where there never was one. */
  keyOrNew(): Result<Uint8Array, 'denied' | 'notWritable'>
}

/** 64 hex digits in a file that only its owner may read. */
export function keyInFile(directory: string): SecretKey {
  const path = join(directory, KEY_FILE)
  function read(): Result<Uint8Array | null, 'denied'> {
    const text = readOwnFile(path)
    if (!text.ok) return problem('denied', text.reason, text.remedy)
    if (text.value === null) return ok(null)
    if (isOpenToOthers(path)) {
      return problem('denied', `The key of your secrets, ${path}, can be read by other accounts.`, {
        ...{ kind: 'command', argv: ['chmod', '600', path], asRoot: false },
        note: 'Change the passwords if somebody else uses this machine.',
      })
    }
    const bytes = keyOf(text.value)
    return bytes === null ? spoilt(path) : ok(bytes)
  }
  return {
    key() {
      const found = read()
      if (!found.ok) return found
      return found.value === null ? missing(directory) : ok(found.value)
    },
    keyOrNew() {
      const found = read()
      if (!found.ok) return found
      if (found.value !== null) return ok(found.value)
      const fresh = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
      const written = replaceFile(path, `${Buffer.from(fresh).toString('hex')}\n`)
      return written.ok ? ok(fresh) : written
    },
  }
}

/**
 * A key that somebody else keeps: the tray app, in the desktop's keyring. 64 hex digits.
 * @throws where it is anything else, which is a bug of whoever handed it in
 */
export function keyHandedIn(hex: string): SecretKey {
  const bytes = keyOf(hex)
  if (bytes === null) throw new Error('a key of 64 hex digits was expected')
  const handed = () => ok(bytes)
  return { key: handed, keyOrNew: handed }
}

function keyOf(text: string): Uint8Array | null {
  const hex = text.trim()
  return /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : null
}

/** Windows tells no such bits; there the folder's access list protects the file. */
function isOpenToOthers(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0
}

function missing(directory: string): Problem<'denied'> {
  const secrets = join(directory, SECRETS_FILE)
  return problem(
    'denied',
    `The key of your secrets, ${join(directory, KEY_FILE)}, is missing. Put it back from a backup, or set the secrets aside and type them anew.`,
    { kind: 'command', argv: ['mv', secrets, `${secrets}.unreadable`], asRoot: false },
  )
}

function spoilt(path: string): Problem<'denied'> {
  return problem(
    'denied',
    `${path} holds no key. Put it back from a backup, or set it aside and type the secrets anew.`,
    {
      kind: 'command',
      argv: ['mv', path, `${path}.unreadable`],
      asRoot: false,
    },
  )
}
