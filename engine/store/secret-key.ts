import { existsSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ok, type Problem, problem, type Remedy, type Result } from '../../contract/result.ts'
import { readOwnFile, replaceFile } from './atomic-file.ts'

export const SECRETS_FILE = 'secrets.json'
export const KEY_FILE = 'secrets.key'
/** The same key, encrypted by the desktop's keyring; base64. Only the app can have it opened. */
export const SEALED_KEY_FILE = 'secrets.key.sealed'
const KEY_BYTES = 32

/**
 * Where the one key comes from. `key` never makes a new one where an old one is missing: what is encrypted under it would be lost for good.
 */
export interface SecretKey {
  key(): Result<Uint8Array, 'denied'>
  /** The key, made now where there never was one; for when nothing is encrypted yet. */
  keyOrNew(): Result<Uint8Array, 'denied' | 'notWritable'>
  /** Where it lies; `null` where there is none yet, or none that can be opened. */
  readonly place: 'keyring' | 'file' | null
  /**
   * Fetches it from wherever that takes time, and a new one there where `keyOrNew` comes next. `true`: a key is at hand that was not before. A
   * desktop may ask its user first.
   */
  prepare?(wants: 'key' | 'keyOrNew'): Promise<boolean>
}

/** 64 hex digits in a file that only its owner may read. */
export function keyInFile(directory: string): SecretKey {
  const path = join(directory, KEY_FILE)
  const sealedPath = join(directory, SEALED_KEY_FILE)
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
      if (found.value !== null) return ok(found.value)
      return existsSync(sealedPath) ? sealedElsewhere(directory) : missing(directory)
    },
    keyOrNew() {
      const found = read()
      if (!found.ok) return found
      if (found.value !== null) return ok(found.value)
      const aside = setAside(sealedPath)
      if (!aside.ok) return aside
      const hex = freshKey()
      const written = replaceFile(path, `${hex}\n`)
      return written.ok ? ok(Buffer.from(hex, 'hex')) : written
    },
    get place() {
      return existsSync(path) ? 'file' : null
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
  return { key: handed, keyOrNew: handed, place: 'keyring' }
}

/** 64 hex digits. */
export function freshKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString('hex')
}

export function keyOf(text: string): Uint8Array | null {
  const hex = text.trim()
  return /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : null
}

/** A sealed key that nobody here can open, and under which nothing is encrypted, makes room for a new one. It is not thrown away. */
function setAside(sealedPath: string): Result<null, 'notWritable'> {
  if (!existsSync(sealedPath)) return ok(null)
  try {
    renameSync(sealedPath, `${sealedPath}.unreadable`)
    return ok(null)
  } catch {
    return problem('notWritable', `${sealedPath} cannot be set aside. The change was not kept.`, {
      kind: 'command',
      argv: ['ls', '-ld', dirname(sealedPath)],
      asRoot: false,
    })
  }
}

/** Windows tells no such bits; there the folder's access list protects the file. */
function isOpenToOthers(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0
}

/** An engine without the app around it, or a file of another machine. */
function sealedElsewhere(directory: string): Problem<'denied'> {
  return problem(
    'denied',
    'The key of your secrets is in the desktop’s keyring, and only an engine that the Perwatt app started gets it from there. End this engine and start the app, or set the secrets aside and type them anew.',
    secretsAside(directory),
  )
}

/** What is typed anew is encrypted under a new key; the old ones can be put back with the old key. */
export function secretsAside(directory: string): Remedy {
  const secrets = join(directory, SECRETS_FILE)
  return { kind: 'command', argv: ['mv', secrets, `${secrets}.unreadable`], asRoot: false }
}

function missing(directory: string): Problem<'denied'> {
  return problem(
    'denied',
    `The key of your secrets, ${join(directory, KEY_FILE)}, is missing. Put it back from a backup, or set the secrets aside and type them anew.`,
    secretsAside(directory),
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
