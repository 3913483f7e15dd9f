import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyInFile } from '../../engine/store/secret-key.ts'
import { openSecrets } from '../../engine/store/secrets-file.ts'
import { EngineClient, socketOf } from '../../main/engine-client.ts'
import { exitOf, installApp, type TestApp, waitFor } from '../support/app.ts'
import { choose, trayItem } from '../support/tray.ts'

const SECRET = 'a-plug-password-of-the-test'
/** Nobody listens on the port of `discard` here: the meter is never reached, and its secret goes nowhere. */
const desk = {
  ...{ id: 'desk', name: 'Desk plug', dialect: 'shelly-2', address: 'http://127.0.0.1:9', provenance: 'counter' },
  ...{ options: { unit: 'switch:0', user: 'admin' }, hasSecret: true },
}
const hasKeyring = spawnSync('gnome-keyring-daemon', ['--version']).status === 0

let app: TestApp
let keyring: { readonly daemon: ChildProcess; readonly home: string } | null
let hex: string

/** A data directory in which an engine without a keyring has kept a secret, so that its key is known to the test. */
function install(env: NodeJS.ProcessEnv): void {
  app = installApp('real', env)
  const secrets = openSecrets(app.dataDir, keyInFile(app.dataDir))
  expect(secrets.keep('wall/desk', SECRET)).toMatchObject({ ok: true })
  hex = readFileSync(join(app.dataDir, 'secrets.key'), 'utf8').trim()
  writeFileSync(join(app.dataDir, 'settings.json'), JSON.stringify({ firstRunDone: true, wallMeters: [desk] }))
}

beforeEach(() => {
  keyring = null
})
afterEach(async () => {
  await app.dispose()
  if (keyring === null) return
  const ended = exitOf(keyring.daemon)
  keyring.daemon.kill('SIGTERM')
  await ended
  rmSync(keyring.home, { recursive: true, force: true })
})

/** Debian's gnome-keyring with one keyring that is open, as after a login with a password. */
async function openKeyring(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'perwatt-keyring-'))
  const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    env: { ...process.env, XDG_DATA_HOME: home },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  keyring = { daemon, home }
  daemon.stdin?.end('a password')
  const names = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/']
  await waitFor(
    'the keyring',
    () =>
      spawnSync('dbus-send', [...names, 'org.freedesktop.DBus.NameHasOwner', 'string:org.freedesktop.secrets'], {
        encoding: 'utf8',
      }).stdout.includes('boolean true') && existsSync(join(home, 'keyrings')),
  )
}

async function keyPlace(): Promise<string | null | undefined> {
  const client = new EngineClient()
  const connected = await client.connect(socketOf(app.dataDir), () => {})
  const sources = connected.ok ? await client.wire.call('sources', {}) : connected
  client.disconnect()
  return sources.ok ? sources.value.secretKeyPlace : undefined
}

const filesOf = () => readdirSync(app.dataDir).filter((name) => name.startsWith('secrets'))

/** Where neither secret nor key may ever stand: arguments, environments, what was logged, and every file but the one that is the key. */
function exposures(): string[] {
  const processes = app.processes().flatMap(({ pid }) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
  const files = readdirSync(app.dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'secrets.key')
    .map((entry) => join(entry.parentPath, entry.name))
  const texts = [...processes, ...files].map((path) => [path, readOrEmpty(path)] as const)
  expect(texts.length).toBeGreaterThan(5)
  const words = [
    SECRET,
    hex,
    Buffer.from(hex, 'hex').toString('latin1'),
    Buffer.from(hex).toString('base64').slice(0, 80),
  ]
  return [...texts, ['the log', app.log()] as const]
    .filter(([, text]) => words.some((word) => text.includes(word)))
    .map(([where]) => where)
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

async function quit(child: ChildProcess): Promise<void> {
  const item = await waitFor('the tray item', () => trayItem(app))
  choose(item, 'Quit')
  expect(await exitOf(child)).toBe(0)
}

test.runIf(hasKeyring)(
  'a key file moves into the desktop’s keyring, is opened there at the next start, and is seen nowhere',
  async () => {
    await openKeyring()
    install(process.env)
    const first = app.start(['--hidden'])
    await waitFor('the move', async () => (await keyPlace()) === 'keyring', 30_000)
    expect(filesOf()).toEqual(['secrets.json', 'secrets.key.sealed'])
    expect(exposures()).toEqual([])
    await quit(first)

    const second = app.start(['--hidden'])
    await waitFor('the key', async () => (await keyPlace()) === 'keyring', 30_000)
    expect([filesOf(), exposures()]).toEqual([['secrets.json', 'secrets.key.sealed'], []])
    await quit(second)

    const headless = openSecrets(app.dataDir, keyInFile(app.dataDir))
    expect(headless.secret('wall/desk')).toMatchObject({ ok: false, code: 'denied', remedy: { kind: 'command' } })
  },
)

test('on a desktop without a keyring the key stays in its file, and is seen nowhere else', async () => {
  // Chromium knows no keyring of a desktop that has no name, and encrypts with a key of its own: that is none.
  install({ ...process.env, XDG_CURRENT_DESKTOP: '', DESKTOP_SESSION: '' })
  const child = app.start(['--hidden'])
  await waitFor('the key', async () => (await keyPlace()) === 'file', 30_000)
  expect([filesOf(), exposures()]).toEqual([['secrets.json', 'secrets.key'], []])
  await quit(child)
})
