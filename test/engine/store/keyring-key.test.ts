import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ok, problem } from '../../../contract/result.ts'
import { type Keyring, keyInKeyring } from '../../../engine/store/keyring-key.ts'
import { keyInFile } from '../../../engine/store/secret-key.ts'
import { openSecrets } from '../../../engine/store/secrets-file.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'perwatt-keyring-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** A keyring of the desktop as the engine sees it through the app: what it sealed, this one alone opens. */
class Desktop implements Keyring {
  state: 'open' | 'locked' | 'none' = 'open'
  /** What it forgets, as after a new installation of the system. */
  mark = 'sealed:'
  asked = 0
  seal(hex: string) {
    return this.#answer(Buffer.from(this.mark + hex).toString('base64'))
  }
  unseal(sealed: string) {
    const text = Buffer.from(sealed, 'base64').toString()
    return this.#answer(text.startsWith(this.mark) ? text.slice(this.mark.length) : null)
  }
  async #answer(value: string | null) {
    this.asked++
    if (this.state === 'none') return problem('absent', 'This desktop has no keyring.')
    if (this.state === 'locked' || value === null) return problem('denied', 'It refused.')
    return ok(value)
  }
}

const path = (name: string) => join(directory, name)
const files = () => readdirSync(directory).toSorted()
const openWith = (desktop: Keyring) => openSecrets(directory, keyInKeyring(directory, desktop))
const headless = () => openSecrets(directory, keyInFile(directory))
const denied = { ok: false, code: 'denied', remedy: { argv: ['mv', expect.any(String), expect.any(String)] } }

async function keep(desktop: Keyring, name: string, secret: string) {
  const secrets = openWith(desktop)
  await secrets.ready('keep')
  return secrets.keep(name, secret)
}

async function found(desktop: Keyring, name: string) {
  const secrets = openWith(desktop)
  await secrets.ready('secret')
  return secrets.secret(name)
}

test('a keyring is not bothered before there is a secret', async () => {
  const desktop = new Desktop()
  const secrets = openWith(desktop)
  expect([await secrets.ready('secret'), secrets.keyPlace, desktop.asked, files()]).toEqual([false, null, 0, []])
})

test('the first secret makes a key in the keyring, of which only the sealed one is on the disk', async () => {
  const desktop = new Desktop()
  expect(await keep(desktop, 'wall/desk', 'hunter2')).toEqual(ok(null))
  expect(files()).toEqual(['secrets.json', 'secrets.key.sealed'])
  if (process.platform !== 'win32') expect(statSync(path('secrets.key.sealed')).mode & 0o777).toBe(0o600)
  const secrets = openWith(desktop)
  expect(secrets.secret('wall/desk')).toMatchObject({ ok: false, reason: expect.stringContaining('is being asked') })
  expect(await secrets.ready('secret')).toBe(true)
  expect([secrets.secret('wall/desk'), secrets.keyPlace]).toEqual([ok('hunter2'), 'keyring'])
  expect(await secrets.ready('secret')).toBe(false)
})

test.each(['none', 'locked'] as const)(
  'with a keyring that is %s the first secret is kept under a file',
  async (state) => {
    const desktop = new Desktop()
    desktop.state = state
    expect(await keep(desktop, 'a', 'x')).toEqual(ok(null))
    expect([files(), openWith(desktop).keyPlace]).toEqual([['secrets.json', 'secrets.key'], 'file'])
    expect(await found(desktop, 'a')).toEqual(ok('x'))
    expect(headless().secret('a')).toEqual(ok('x'))
  },
)

describe('a key file that is there', () => {
  beforeEach(() => {
    headless().keep('a', 'x')
  })

  test('moves into the keyring, and its secrets with it', async () => {
    const desktop = new Desktop()
    expect(await found(desktop, 'a')).toEqual(ok('x'))
    expect(files()).toEqual(['secrets.json', 'secrets.key.sealed'])
    expect(await found(desktop, 'a')).toEqual(ok('x'))
  })

  test.each(['none', 'locked'] as const)('stays where the keyring is %s', async (state) => {
    const desktop = new Desktop()
    desktop.state = state
    expect(await found(desktop, 'a')).toEqual(ok('x'))
    expect(files()).toEqual(['secrets.json', 'secrets.key'])
  })

  test('stays where the keyring gives back another text than it was given', async () => {
    const desktop = new Desktop()
    const liar: Keyring = { seal: (hex) => desktop.seal(hex), unseal: () => Promise.resolve(ok('cd'.repeat(32))) }
    expect(await found(liar, 'a')).toEqual(ok('x'))
    expect(files()).toEqual(['secrets.json', 'secrets.key'])
  })

  test('is used, and goes, where the move was interrupted before it went', async () => {
    const desktop = new Desktop()
    const plain = readFileSync(path('secrets.key'))
    await found(desktop, 'a')
    writeFileSync(path('secrets.key'), plain, { mode: 0o600 })
    const locked = new Desktop()
    locked.state = 'locked'
    expect([await found(locked, 'a'), files().length]).toEqual([ok('x'), 3])
    expect(await found(desktop, 'a')).toEqual(ok('x'))
    expect(files()).toEqual(['secrets.json', 'secrets.key.sealed'])
  })

  test.runIf(process.platform !== 'win32')('does not move while others may read it', async () => {
    chmodSync(path('secrets.key'), 0o644)
    const desktop = new Desktop()
    expect(await found(desktop, 'a')).toMatchObject({
      code: 'denied',
      remedy: { argv: expect.arrayContaining(['chmod']) },
    })
    expect(await keep(desktop, 'b', 'y')).toMatchObject({ code: 'denied' })
    expect(files()).toEqual(['secrets.json', 'secrets.key'])
  })
})

describe('a keyring that does not open', () => {
  test.each(['none', 'locked'] as const)(
    '(%s) denies the secrets with a remedy, and nothing is written over',
    async (state) => {
      const desktop = new Desktop()
      await keep(desktop, 'a', 'x')
      const before = files().map((name) => readFileSync(path(name), 'utf8'))
      desktop.state = state
      expect([await found(desktop, 'a'), await keep(desktop, 'b', 'y')]).toMatchObject([denied, denied])
      expect(files().map((name) => readFileSync(path(name), 'utf8'))).toEqual(before)
      desktop.state = 'open'
      expect(await found(desktop, 'a')).toEqual(ok('x'))
    },
  )

  test('is asked again at the next look', async () => {
    const desktop = new Desktop()
    await keep(desktop, 'a', 'x')
    desktop.state = 'locked'
    const secrets = openWith(desktop)
    expect([await secrets.ready('secret'), secrets.secret('a')]).toMatchObject([false, denied])
    desktop.state = 'open'
    expect([await secrets.ready('secret'), secrets.secret('a')]).toEqual([true, ok('x')])
  })

  test('and knows the key no more: with the secrets set aside, new ones are kept under a new key', async () => {
    const desktop = new Desktop()
    await keep(desktop, 'a', 'x')
    desktop.mark = 'another keyring:'
    expect(await found(desktop, 'a')).toMatchObject(denied)
    rmSync(path('secrets.json'))
    expect(await keep(desktop, 'a', 'new')).toEqual(ok(null))
    expect(files()).toEqual(['secrets.json', 'secrets.key', 'secrets.key.sealed.unreadable'])
    // Now that there is a key in a file, it moves in as any other.
    expect(await found(desktop, 'a')).toEqual(ok('new'))
    expect(files()).toEqual(['secrets.json', 'secrets.key.sealed', 'secrets.key.sealed.unreadable'])
  })
})

test('an engine without the app denies what the keyring holds, with its remedy, and leaves it alone', async () => {
  const desktop = new Desktop()
  await keep(desktop, 'a', 'x')
  expect([headless().secret('a'), headless().keep('b', 'y')]).toMatchObject([denied, denied])
  expect(headless().secret('a')).toMatchObject({ reason: expect.stringContaining('start the app') })
  expect(files()).toEqual(['secrets.json', 'secrets.key.sealed'])
  expect(await found(desktop, 'a')).toEqual(ok('x'))
})

test('two first secrets at once make one key', async () => {
  const desktop = new Desktop()
  const secrets = openWith(desktop)
  await Promise.all([secrets.ready('keep'), secrets.ready('keep')])
  secrets.keep('a', 'x')
  secrets.keep('b', 'y')
  expect([await found(desktop, 'a'), await found(desktop, 'b')]).toEqual([ok('x'), ok('y')])
  expect(existsSync(path('secrets.key'))).toBe(false)
})
