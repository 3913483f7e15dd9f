import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nowWith } from '../main/now.ts'
import { installApp, type TestApp, tellFakeEngine, waitFor } from '../support/app.ts'
import { windowsOf } from '../support/windows.ts'

let app: TestApp
let electron: ElectronApplication
let page: Page
beforeEach(async () => {
  app = installApp('fake')
  tellFakeEngine(app, nowWith())
  const { command, args, env } = app.command()
  electron = await _electron.launch({ executablePath: command, args, env: env as Record<string, string> })
  app.adopt(electron.process())
  page = await electron.firstWindow()
  await page.waitForLoadState()
  await waitFor('the engine', () => count('"method":"now"') > 0)
})
afterEach(() => app.dispose())

const asked = () => app.asked()
const count = (text: string) => asked().split(text).length - 1
/** In the page, as text: tests are compiled for Node and know no `window`. */
const inPage = (expression: string): Promise<unknown> => page.evaluate(expression)
const call = (name: string, input: unknown) => inPage(`perwatt.call(${JSON.stringify(name)}, ${JSON.stringify(input)})`)

test('the page is ours, shows the figures, and has neither Node nor Electron', async () => {
  expect(page.url()).toBe('perwatt://app/index.html#now')
  await page.getByText('38', { exact: false }).first().waitFor()
  expect(
    await inPage(`['require', 'process', 'module', 'Buffer', 'electron'].filter((name) => name in window)`),
  ).toEqual([])
  expect(await inPage('Object.keys(perwatt).toSorted()')).toEqual(['call', 'on', 'platform'])
})

test('no request of a page reaches any network, not even this machine', async () => {
  let hits = 0
  const server = createServer((_request, response) => {
    hits += 1
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const fetched = await inPage(`fetch('${url}', { mode: 'no-cors' }).then(() => 'reached', () => 'refused')`)
  const pictured = await inPage(`new Promise((resolve) => {
    const picture = new Image()
    picture.onload = () => resolve('reached')
    picture.onerror = () => resolve('refused')
    picture.src = '${url}'
  })`)
  const opened = await inPage(`window.open('${url}')`)
  // The session refuses by itself too, without the page's own policy.
  const direct = await electron.evaluate(
    ({ session }, address) =>
      session
        .fromPartition('perwatt')
        .fetch(address)
        .then(
          () => 'reached',
          () => 'refused',
        ),
    url,
  )
  server.close()
  expect([fetched, pictured, opened, direct, hits]).toEqual(['refused', 'refused', null, 'refused', 0])
})

test('a window cannot be led elsewhere, and files outside the pages are not there', async () => {
  await inPage(`location.assign('https://example.org/')`)
  expect(await inPage('location.href')).toBe('perwatt://app/index.html#now')
  const statuses = await electron.evaluate(async ({ session }) => {
    const own = session.fromPartition('perwatt')
    const addresses = ['perwatt://app/index.html', 'perwatt://app/..%2f..%2fpackage.json', 'perwatt://app/missing.html']
    return Promise.all(addresses.map(async (address) => (await own.fetch(address)).status))
  })
  expect(statuses).toEqual([200, 404, 404])
})

test('permissions are denied and the window is sandboxed', async () => {
  const notification = await inPage('Notification.requestPermission()')
  const clipboard = await inPage(`navigator.clipboard.readText().then(() => 'read', () => 'refused')`)
  expect([notification, clipboard]).toEqual(['denied', 'refused'])
  const preferences = await electron.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { getLastWebPreferences(): object }
    return contents.getLastWebPreferences()
  })
  expect(preferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
  })
})

test('calls are checked: an unknown name, a bad input and a withheld method are refused', async () => {
  expect(await call('live', { forS: 1 })).toMatchObject({ ok: false, code: 'badInput' })
  expect(await call('stop', {})).toMatchObject({ ok: false, code: 'unknownMethod' })
  expect(await call('constructor', {})).toMatchObject({ ok: false, code: 'unknownMethod' })
  expect(count('"method":"stop"')).toBe(0)
})

test('the app says what it is and that its icon is shown', async () => {
  await waitFor('the icon to be found', async () => {
    const info = (await call('appInfo', {})) as { value?: { trayState: string } }
    return info.value?.trayState === 'shown'
  })
  expect(await call('appInfo', {})).toMatchObject({
    ok: true,
    value: { version: '0.1.0', loginItem: false, engine: { state: 'running', reason: null, attempts: 0 } },
  })
})

test('start at login writes an autostart entry that starts this app hidden, and takes it away again', async () => {
  const file = join(app.env.XDG_CONFIG_HOME ?? '', 'autostart', 'perwatt.desktop')
  expect(await call('setStartAtLogin', { on: true })).toEqual({ ok: true, value: { loginItem: true } })
  const [exec = ''] = /^Exec=.*$/m.exec(readFileSync(file, 'utf8')) ?? []
  expect(exec).toContain(' --hidden ')
  expect(exec).toContain(`--data-dir ${app.dataDir}`)
  expect(count('"startAtLogin":true')).toBe(1)
  expect(await call('setStartAtLogin', { on: false })).toEqual({ ok: true, value: { loginItem: false } })
  expect(existsSync(file)).toBe(false)
})

test('a minimised window is told no ticks, and the engine is not asked for them', async () => {
  await waitFor('the subscription', () => count('"subscribe":"tick"') === 1)
  const order = (what: 'minimize' | 'restore') =>
    electron.evaluate(({ BrowserWindow }, name) => BrowserWindow.getAllWindows()[0]?.[name](), what)
  await order('minimize')
  await waitFor('the end of the subscription', () => count('"unsubscribe":"tick"') === 1)
  await order('restore')
  await waitFor('the subscription', () => count('"subscribe":"tick"') === 2)
})

test('Chromium’s own traffic is off: component updates, background requests, spelling dictionaries', async () => {
  const [missing, isSpellChecking] = await electron.evaluate(({ app: main, session }) => {
    const switches = [
      'disable-component-update',
      'disable-background-networking',
      'disable-domain-reliability',
      'disable-breakpad',
    ]
    const own = session.fromPartition('perwatt')
    return [switches.filter((name) => !main.commandLine.hasSwitch(name)), own.isSpellCheckerEnabled()] as const
  })
  expect([missing, isSpellChecking]).toEqual([[], false])
})

test('sleep and waking are passed on to the engine', async () => {
  await electron.evaluate(({ powerMonitor }) => void (powerMonitor.emit('suspend') && powerMonitor.emit('resume')))
  await waitFor('both', () => count('{"kind":"suspend"}') === 1 && count('{"kind":"resume"}') === 1)
})

test('no process of the app may use a graphics card or holds one open', () => {
  const pids = app.processes().map(({ pid }) => pid)
  expect(pids.length).toBeGreaterThan(3)
  const drawing = pids
    .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    .filter((text) => text.includes('gpu-process'))
  for (const commandLine of drawing) expect(commandLine).toContain('--use-gl=disabled')
  const held = pids.flatMap((pid) => readdirSync(`/proc/${pid}/fd`).map((fd) => linkOrEmpty(`/proc/${pid}/fd/${fd}`)))
  expect(held.length).toBeGreaterThan(50)
  expect(held.filter((file) => /^\/dev\/(dri|nvidia|kfd)/.test(file))).toEqual([])
})

function linkOrEmpty(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return '' // closed since it was listed
  }
}

test('the window comes back where it was', async () => {
  const place = { x: 60, y: 50, width: 950, height: 640 }
  await waitFor('the window', () => windowsOf(app).length === 1)
  await electron.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds), place)
  const bounds = () => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())
  await waitFor('the new size', async () => (await bounds())?.width === 950)
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await waitFor('the end of the window', () => electron.windows().length === 0)
  const { isMaximized, ...remembered } = JSON.parse(app.remembered()).dashboard
  expect({ isMaximized, width: remembered.width, height: remembered.height }).toEqual({
    isMaximized: false,
    width: 950,
    height: 640,
  })
  await electron.evaluate(({ app: main }) => void main.emit('second-instance'))
  await waitFor('the window', () => electron.windows().length === 1)
  await waitFor('its old place', async () => JSON.stringify(await bounds()) === JSON.stringify(remembered))
})
