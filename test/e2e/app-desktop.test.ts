import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nowWith } from '../main/now.ts'
import { installApp, type TestApp, tellFakeEngine, waitFor } from '../support/app.ts'
import { type Desktop, startDesktop } from '../support/desktop.ts'
import { trayItem } from '../support/tray.ts'
import { windowsOf } from '../support/windows.ts'

let desktop: Desktop
let app: TestApp
let ends: (() => void)[]
beforeEach(async () => {
  ends = []
  desktop = await startDesktop()
})
afterEach(async () => {
  await app.dispose()
  for (const end of ends) end()
  await desktop.stop()
})

function install(env: NodeJS.ProcessEnv): void {
  app = installApp('fake', env)
  tellFakeEngine(app, nowWith())
}

test('a panel that is started again shows the icon again, with its figures', async () => {
  install(desktop.env)
  app.start(['--hidden'])
  await waitFor('the figures', () => trayItem(app)?.tooltip.includes('38'))
  await desktop.restartPanel()
  const item = await waitFor('the item at the new panel', () => trayItem(app))
  expect(item.tooltip).toContain('38')
  expect(item.icon.argb.length).toBeGreaterThan(0)
})

/** The same screen with a session bus of its own, on which nobody keeps a tray. */
async function withoutTray(): Promise<NodeJS.ProcessEnv> {
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address'], { env: desktop.env })
  ends.push(() => bus.kill())
  const [address] = await once(bus.stdout, 'data')
  return { ...desktop.env, DBUS_SESSION_BUS_ADDRESS: String(address).trim() }
}

test('where there is no tray a hidden start opens the window after a while, and a panel that comes late gets the icon', async () => {
  const env = await withoutTray()
  install(env)
  app.start(['--hidden'])
  await waitFor('the engine', () => app.processes().some(({ kind }) => kind === 'engine'))
  expect(windowsOf(app)).toEqual([])
  await waitFor('the window instead of the icon', () => windowsOf(app).length === 1, 25_000)
  const panel = spawn('xfce4-panel', ['--disable-wm-check'], { env, stdio: 'ignore' })
  ends.push(() => panel.kill())
  await waitFor('the icon at the late panel', () => trayItem(app)?.tooltip.includes('38'))
})

test('that there is no tray is said once: the next hidden start stays hidden', async () => {
  const env = await withoutTray()
  install(env)
  const first = app.start()
  await waitFor('the window', () => windowsOf(app).length === 1)
  await waitFor('the note that it was said', () => app.remembered().includes('"toldOfMissingTray":true'))
  first.kill('SIGTERM')
  await waitFor('the end of every process', () => app.processes().length === 0)
  app.start(['--hidden'])
  await waitFor('the engine', () => app.processes().some(({ kind }) => kind === 'engine'))
  const until = performance.now() + 18_000
  await waitFor(
    'more than the grace time',
    () => {
      expect(windowsOf(app)).toEqual([])
      return performance.now() > until
    },
    25_000,
  )
})
