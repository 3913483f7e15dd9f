import type { KeyringAnswer } from '../contract/engine-child.ts'
import { ok } from '../contract/result.ts'

/** What is used of Electron's `safeStorage`. */
export type SafeStorage = {
  isEncryptionAvailable(): boolean
  /** Linux alone; Electron 25, the fallback runtime, does not have it. */
  getSelectedStorageBackend?(): string
  encryptString(text: string): Buffer
  decryptString(sealed: Buffer): string
}

export interface Keyring {
  seal(hex: string): KeyringAnswer
  unseal(sealed: string): KeyringAnswer
}

/** Without a keyring Chromium on Linux encrypts with a key that stands in its source; then what it made begins so (os_crypt_linux.cc). */
const NO_KEYRING_PREFIX = 'v10'
const NO_KEYRING_BACKENDS: readonly string[] = ['basic_text', 'unknown']

const ABSENT = refusal('absent', 'This desktop has no keyring that Perwatt can use.')
const DENIED = refusal('denied', 'It refused, or holds another key by now.')

/**
 * The desktop's keyring: Keychain, the Windows account, or a Secret Service on Linux. Asked only when an engine has a secret to protect,
 * since a locked one asks its user and holds this process meanwhile.
 */
export function keyringOf(storage: SafeStorage, platform: NodeJS.Platform): Keyring {
  const isFake = (sealed: Buffer) =>
    platform === 'linux' && sealed.subarray(0, NO_KEYRING_PREFIX.length).toString('latin1') === NO_KEYRING_PREFIX

  function isThere(): boolean {
    if (!storage.isEncryptionAvailable()) return false
    return platform !== 'linux' || !NO_KEYRING_BACKENDS.includes(storage.getSelectedStorageBackend?.() ?? '')
  }

  /** Electron throws where the keyring does not do it, and says nothing of what it was given. */
  function attempt(what: () => KeyringAnswer): KeyringAnswer {
    try {
      return isThere() ? what() : ABSENT
    } catch {
      return DENIED
    }
  }

  return {
    seal: (hex) =>
      attempt(() => {
        const sealed = storage.encryptString(hex)
        return isFake(sealed) ? ABSENT : ok(sealed.toString('base64'))
      }),
    unseal: (sealed) => attempt(() => ok(storage.decryptString(Buffer.from(sealed, 'base64')))),
  }
}

function refusal(code: 'absent' | 'denied', reason: string): KeyringAnswer {
  return { ok: false, code, reason, remedy: null }
}
