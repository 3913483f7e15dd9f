import { fork } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nowWith } from '../main/now.ts'
import { exitOf, installApp, type TestApp, tellFakeEngine, waitFor } from '../support/app.ts'
import { choose, click, trayItem } from '../support/tray.ts'
import { focus, pressKeys, windowsOf } from '../support/windows.ts'

let app: TestApp
beforeEach(() => {
  app = installApp('fake')
  tellFakeEngine(app, nowWith())
})
afterEach(() => app.dispose())

const shownItem = () => waitFor('the tray item', () => trayItem(app))
const renderers = () => app.processes().filter(({ kind }) => kind === 'renderer').length
const engineSays = (text: string) => waitFor(text, () => trayItem(app)?.tooltip.includes(text))
const asked = () => app.asked()
const engines = (of: TestApp) => of.processes().filter(({ kind }) => kind === 'engine')

test('a start by hand opens the window, a second one brings the window of the first back', async () => {
  app.start()
  await waitFor('the dashboard', () => windowsOf(app).length === 1)
  const second = app.start()
  expect(await exitOf(second)).toBe(0)
  const count = (kind: string) => app.processes().filter((each) => each.kind === kind).length
  await waitFor(
    'one app with one engine and one window',
    () => count('main') + count('engine') + count('renderer') === 3,
  )
  expect(windowsOf(app)).toHaveLength(1)
})

test('a second start shows the window of an app that started hidden', async () => {
  app.start(['--hidden'])
  await shownItem()
  expect(renderers()).toBe(0)
  app.start()
  await waitFor('the dashboard', () => windowsOf(app).length === 1)
})

test('a data directory that cannot be used is named with its reason, in a box and on the terminal, and the app exits with 5', async () => {
  rmSync(app.dataDir, { recursive: true })
  writeFileSync(app.dataDir, '')
  const refused = app.start()
  const box = await waitFor('the box', () => windowsOf(app)[0])
  expect(app.log()).toContain(`Perwatt cannot keep its data in ${app.dataDir}: a file stands in the way.`)
  pressKeys(app, box, 'Return')
  expect(await exitOf(refused)).toBe(5)
})

test('another data directory is another app', async () => {
  const other = installApp('fake')
  tellFakeEngine(other, nowWith())
  try {
    app.start(['--hidden'])
    other.start(['--hidden'])
    await waitFor('both items', () => trayItem(app) !== null && trayItem(other) !== null)
    await waitFor('both engines', () => engines(app).length === 1 && engines(other).length === 1)
    expect(app.pidOf('engine')).not.toBe(other.pidOf('engine'))
  } finally {
    await other.dispose()
  }
})

test('a killed engine is said to be gone, started again, and asked again', async () => {
  app.start(['--hidden'])
  await engineSays('38')
  const before = app.pidOf('engine')
  writeFileSync(join(app.dataDir, 'fake-crash'), '')
  process.kill(before, 'SIGKILL')
  await engineSays('Measuring stopped')
  rmSync(join(app.dataDir, 'fake-crash'))
  await engineSays('38')
  expect(app.pidOf('engine')).not.toBe(before)
})

test('an engine that will not start is said in its own words, in tray and window', async () => {
  writeFileSync(join(app.dataDir, 'fake-refuse'), 'The ledger is from a newer Perwatt.')
  app.start(['--hidden'])
  await engineSays('The ledger is from a newer Perwatt.')
  rmSync(join(app.dataDir, 'fake-refuse'))
  choose(await shownItem(), 'Start measuring again now')
  await engineSays('38')
})

test('when the app is killed its engine ends by itself', async () => {
  const main = app.start(['--hidden'])
  await engineSays('38')
  main.kill('SIGKILL')
  await waitFor('the end of every process', () => app.processes().length === 0)
})

test('asked to end by the session, the app stops its engine in order', async () => {
  const main = app.start(['--hidden'])
  await engineSays('38')
  main.kill('SIGTERM')
  expect(await exitOf(main)).toBe(0)
  await waitFor('the end of every process', () => app.processes().length === 0)
  expect(asked()).toContain('"method":"stop"')
})

test('an engine that was there before is used, and left running', async () => {
  const script = fileURLToPath(new URL('../support/scripted-engine.ts', import.meta.url))
  const service = fork(script, ['--data-dir', app.dataDir], { stdio: 'ignore', detached: true })
  app.adopt(service)
  await waitFor('the service', () => existsSync(join(app.dataDir, 'engine.sock')))
  const main = app.start(['--hidden'])
  await engineSays('38')
  choose(await shownItem(), 'Quit')
  expect(await exitOf(main)).toBe(0)
  await waitFor('the end of all but the service', () => app.processes().length === 1)
  expect(app.processes()[0]?.pid).toBe(service.pid)
  expect(asked()).not.toContain('"method":"stop"')
})

test('the popover goes away when another window is looked at', async () => {
  app.start()
  const [dashboard = ''] = await waitFor('the dashboard', () => (windowsOf(app).length === 1 ? windowsOf(app) : null))
  click(await shownItem())
  await waitFor('the popover', () => windowsOf(app).length === 2)
  focus(app, dashboard)
  await waitFor('the popover to hide', () => windowsOf(app).length === 1)
  expect(windowsOf(app)).toEqual([dashboard])
})

test('a window closed with Ctrl+W leaves no renderer, a closed popover none after half a minute', async () => {
  app.start()
  const [dashboard = ''] = await waitFor('the dashboard', () => (windowsOf(app).length === 1 ? windowsOf(app) : null))
  pressKeys(app, dashboard, 'ctrl+w')
  await waitFor('the end of its renderer', () => renderers() === 0)
  const item = await shownItem()
  click(item)
  await waitFor('the popover', () => windowsOf(app).length === 1)
  click(item)
  await waitFor('the popover to hide', () => windowsOf(app).length === 0)
  expect(renderers()).toBe(1)
  await waitFor('the end of its renderer', () => renderers() === 0, 35_000)
})
