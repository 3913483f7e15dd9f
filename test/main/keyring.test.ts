import { describe, expect, test } from 'vitest'
import { keyringOf, type SafeStorage } from '../../main/keyring.ts'

const HEX = 'ab'.repeat(32)
const absent = { ok: false, code: 'absent', remedy: null, reason: expect.any(String) }

/** Electron's `safeStorage` as electronjs.org documents it. What it seals begins with `v11` on Linux, or `v10` without a keyring. */
function storageOf(prefix: string, parts: Partial<SafeStorage> = {}): SafeStorage {
  return {
    isEncryptionAvailable: () => true,
    getSelectedStorageBackend: () => 'gnome_libsecret',
    encryptString: (text) => Buffer.from(prefix + text),
    decryptString(sealed) {
      const text = sealed.toString()
      if (!text.startsWith(prefix)) throw new Error(`Error while decrypting ${text}`)
      return text.slice(prefix.length)
    },
    ...parts,
  }
}

test('what is sealed is opened again, and is base64', () => {
  const keyring = keyringOf(storageOf('v11'), 'linux')
  const sealed = keyring.seal(HEX)
  expect(sealed).toEqual({ ok: true, value: Buffer.from(`v11${HEX}`).toString('base64') })
  expect(sealed.ok && keyring.unseal(sealed.value)).toEqual({ ok: true, value: HEX })
})

describe('there is no keyring', () => {
  test.each([
    ['where nothing encrypts', storageOf('v11', { isEncryptionAvailable: () => false })],
    ['where Chromium’s own key would', storageOf('v10', { getSelectedStorageBackend: () => 'basic_text' })],
    ['where nobody knows what would', storageOf('v11', { getSelectedStorageBackend: () => 'unknown' })],
    ['where what was made shows that Chromium’s own key did', storageOf('v10')],
  ])('%s', (_, storage) => {
    expect(keyringOf(storage, 'linux').seal(HEX)).toEqual(absent)
  })

  test('but another system’s own does not begin with Linux’ marks', () => {
    const { getSelectedStorageBackend: _, ...storage } = storageOf('v10')
    expect(keyringOf(storage, 'darwin').seal(HEX)).toMatchObject({ ok: true })
  })

  test('and a runtime that cannot tell is judged by what it makes', () => {
    const { getSelectedStorageBackend: _, ...old } = storageOf('v11')
    expect(keyringOf(old, 'linux').seal(HEX)).toMatchObject({ ok: true })
  })
})

test('what another keyring sealed is denied, without a word of what it was', () => {
  const answer = keyringOf(storageOf('v11'), 'linux').unseal(Buffer.from('foreign text').toString('base64'))
  expect(answer).toMatchObject({ ok: false, code: 'denied' })
  expect(JSON.stringify(answer)).not.toContain('foreign')
})
