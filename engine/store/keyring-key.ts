import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Problem, problem, type Result } from '../../contract/result.ts'
import { readOwnFile, replaceFile } from './atomic-file.ts'
import {
  freshKey,
  KEY_FILE,
  keyHandedIn,
  keyInFile,
  keyOf,
  SEALED_KEY_FILE,
  type SecretKey,
  secretsAside,
} from './secret-key.ts'

/** What the app around the engine does with the desktop's keyring. It keeps no key itself: what it sealed lies in a file of ours. */
export interface Keyring {
  /** `hex` is the key. Base64, which `unseal` takes back. `absent`: this desktop has no keyring to rely on. */
  seal(hex: string): Promise<Result<string, 'absent' | 'denied'>>
  unseal(sealed: string): Promise<Result<string, 'absent' | 'denied'>>
}

/**
 * The key in the desktop's keyring, or in its 0600 file where there is no keyring. A key file that is there moves into the keyring: the sealed
 * one is written, read back and opened before the plain one goes, so that no crash between two steps loses it.
 */
export function keyInKeyring(directory: string, keyring: Keyring): SecretKey {
  const path = join(directory, KEY_FILE)
  const sealedPath = join(directory, SEALED_KEY_FILE)
  const file = keyInFile(directory)
  let held: SecretKey | null = null
  let fault: Problem<'denied'> = problem('denied', 'The desktop’s keyring is being asked for the key of your secrets.')
  let preparing: Promise<boolean> = Promise.resolve(false)

  async function prepare(wants: 'key' | 'keyOrNew'): Promise<boolean> {
    if (held !== null) return false
    const sealed = readOwnFile(sealedPath)
    if (!sealed.ok) {
      fault = problem('denied', sealed.reason, sealed.remedy)
      return false
    }
    const plain = file.key()
    const plainHex = plain.ok ? hexOf(plain.value) : null
    if (sealed.value === null) {
      if (plainHex !== null) await move(plainHex)
      // A key file that is there and cannot be used is no reason for a second key.
      else if (wants === 'keyOrNew' && !existsSync(path)) await move(freshKey())
      return held !== null
    }
    const opened = await unsealed(sealed.value)
    if (!opened.ok) {
      fault = closed(directory, opened)
      return false
    }
    held = opened.value
    // What an interrupted move left behind. Another key is not ours to remove.
    if (plainHex !== null && sameKey(held, plainHex)) rmSync(path, { force: true })
    return true
  }

  async function move(hex: string): Promise<void> {
    const sealed = await keyring.seal(hex)
    if (!sealed.ok || !replaceFile(sealedPath, `${sealed.value}\n`).ok) return
    const written = readOwnFile(sealedPath)
    const opened = written.ok && written.value !== null ? await unsealed(written.value) : null
    if (opened?.ok !== true || !sameKey(opened.value, hex)) {
      rmSync(sealedPath, { force: true })
      return
    }
    held = opened.value
    rmSync(path, { force: true })
  }

  async function unsealed(text: string): Promise<Result<SecretKey, 'absent' | 'denied'>> {
    const opened = await keyring.unseal(text.trim())
    if (!opened.ok) return opened
    return keyOf(opened.value) === null
      ? problem('denied', 'What it holds is no key.')
      : { ok: true, value: keyHandedIn(opened.value) }
  }

  function key(): Result<Uint8Array, 'denied'> {
    if (held !== null) return held.key()
    const plain = file.key()
    return plain.ok || !existsSync(sealedPath) ? plain : fault
  }

  return {
    key,
    keyOrNew: () => (held ?? file).keyOrNew(),
    get place() {
      return held === null ? file.place : 'keyring'
    },
    /** One at a time: two new keys would be one too many. */
    prepare(wants) {
      preparing = preparing.then(() => prepare(wants))
      return preparing
    },
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function sameKey(key: SecretKey, hex: string): boolean {
  const bytes = key.key()
  return bytes.ok && hexOf(bytes.value) === hex.toLowerCase()
}

function closed(directory: string, why: Problem): Problem<'denied'> {
  return problem(
    'denied',
    `The key of your secrets is in the desktop’s keyring, which did not open it. ${why.reason} Unlock the keyring, quit Perwatt and start it again; or set the secrets aside and type them anew.`,
    secretsAside(directory),
  )
}
