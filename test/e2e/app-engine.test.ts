import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { History } from '../../contract/history.ts'
import { Now } from '../../contract/now.ts'
import { installApp, type TestApp, waitFor } from '../support/app.ts'
import { trayItem } from '../support/tray.ts'

let app: TestApp
let electron: ElectronApplication
let page: Page
let folder: string
let busy: ChildProcess | null
beforeEach(async () => {
  busy = null
  folder = mkdtempSync(join(tmpdir(), 'perwatt-busy-'))
  app = installApp('real')
  const { command, args, env } = app.command()
  electron = await _electron.launch({ executablePath: command, args, env: env as Record<string, string> })
  app.adopt(electron.process())
  page = await electron.firstWindow()
  await waitFor('the first figures', async () => (await now())?.state === 'measuring')
})
afterEach(async () => {
  busy?.kill('SIGKILL')
  await app.dispose()
  rmSync(folder, { recursive: true, force: true })
})

async function call(name: string, input: unknown): Promise<unknown> {
  return page.evaluate(`perwatt.call(${JSON.stringify(name)}, ${JSON.stringify(input)})`)
}

async function now(): Promise<Now | null> {
  const answer = (await call('now', {})) as { ok: boolean; value?: unknown }
  return answer.ok ? Now.parse(answer.value) : null
}

const ollama = async () => (await now())?.apps.find(({ id }) => id === 'ollama') ?? null
/** The apps as the page lists them, top first. */
const listedApps = () => page.locator('table tbody tr').allInnerTexts()

/** A program named like a catalogue app that keeps one core busy. */
async function startBusyOllama(): Promise<ChildProcess> {
  const file = join(folder, 'ollama')
  copyFileSync(process.execPath, file)
  const child = spawn(file, ['-e', 'for (;;);'], { stdio: 'ignore' })
  await once(child, 'spawn')
  return child
}

test('a busy process named like an AI app rises to the top of Now within three seconds, and falls when it ends', async () => {
  const before = (await now())?.machine.powerW ?? 0
  expect(before).toBeGreaterThan(0)
  expect(await ollama()).toBeNull()
  busy = await startBusyOllama()
  await waitFor('Ollama on top of the page', async () => /^Ollama/.test((await listedApps())[0] ?? ''), 3_000)
  await waitFor('a core of load', async () => ((await ollama())?.cpuCores ?? 0) > 0.5)
  const working = await ollama()
  expect(working?.activeW).toBeGreaterThan(0)
  expect(working?.local).toBe(true)
  await waitFor('its name in the tray', () => /AI ≈/.test(trayItem(app)?.tooltip ?? ''))
  busy.kill('SIGKILL')
  await waitFor('its end', async () => ((await ollama())?.powerW ?? 0) === 0, 5_000)
})

test('an engine that is killed goes on with the same ledger', async () => {
  const measured = async () => {
    const answer = (await call('history', { fromS: 0, toS: Math.ceil(Date.now() / 1_000), by: 'app' })) as {
      ok: boolean
      value?: unknown
    }
    return answer.ok ? History.parse(answer.value).measuredMj : null
  }
  // The first flush comes ten seconds after the start; what was flushed must not be lost.
  const flushed = await waitFor('the first flush', async () => (await measured()) || null, 25_000)
  const killed = app.pidOf('engine')
  process.kill(killed, 'SIGKILL')
  await waitFor('the banner', () => page.getByText('being started again', { exact: false }).isVisible())
  await waitFor('figures of the next engine', async () => (await now())?.state === 'measuring', 20_000)
  expect(app.pidOf('engine')).not.toBe(killed)
  await waitFor('the history of before', async () => ((await measured()) ?? 0) >= flushed)
})

test('without the app there is no engine: a killed app leaves nothing behind', async () => {
  electron.process().kill('SIGKILL')
  await waitFor('the end of every process', () => app.processes().length === 0)
})
