import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../engine/clock/system.ts'
import { createVendorPort } from '../../engine/vendor/client.ts'
import { vendorUnderNode } from '../../engine/vendor/vendor-process.ts'
import { launchCommand, presentRuntime } from '../../scripts/lib/runtime.mjs'
import { exitOf, installApp, type TestApp, waitFor } from '../support/app.ts'
import { choose, trayItem } from '../support/tray.ts'

const projectDir = fileURLToPath(new URL('../..', import.meta.url))
const executable = join(projectDir, 'dist', 'linux-unpacked', 'perwatt-app')
const unpacked = join(projectDir, 'dist', 'linux-unpacked', 'resources', 'app.asar.unpacked')

let app: TestApp
beforeEach(() => {
  app = installApp('real')
})
afterEach(() => app.dispose())

test('the packaged app has its fuses set, starts with its engine, sits in the tray and quits without leaving a process', async () => {
  const made = spawnSync(process.execPath, ['scripts/package.mjs'], {
    cwd: projectDir,
    encoding: 'utf8',
    timeout: 120_000,
  })
  expect(made).toMatchObject({ status: 0, stderr: expect.stringContaining('Packaged: dist/linux-unpacked') })
  // Run as Node, encrypt cookies, NODE_OPTIONS, --inspect, check the archive, load from the archive only.
  expect(fuseWire(executable).slice(0, 6)).toBe('000011')

  expect(await packagedDriver()).toMatchObject({ code: 'absent' })

  const child = startPackaged()
  const item = await waitFor('the tray item', () => trayItem(app))
  await waitFor('the engine', () => app.processes().some(({ kind }) => kind === 'engine'))
  choose(item, 'Quit')
  expect(await exitOf(child)).toBe(0)
  await waitFor('the end of every process', () => app.processes().length === 0)
})

/** What the packaged vendor program says of a driver that nobody wrote: it can only answer where it found koffi and its binary. */
async function packagedDriver() {
  const clock = systemClock()
  const start = vendorUnderNode(pathToFileURL(join(unpacked, 'out', 'engine', 'vendor.mjs')), clock)
  const session = createVendorPort({ start, clock }).session('unheard-of')
  const answer = await session.answer()
  session.close()
  return answer
}

/** With the flags and the environment that this runtime needs, but its own app instead of a folder. */
function startPackaged() {
  const { args, env } = launchCommand(presentRuntime(), projectDir, ['--data-dir', app.dataDir, '--hidden'], app.env)
  const ownArgs = args.filter((arg) => arg !== projectDir)
  const child = spawn(executable, ownArgs, { env, stdio: 'ignore', detached: true })
  app.adopt(child)
  return child
}

/** The states of the fuses as digits, from behind the marker that Electron's binary carries for them (docs: tutorial/fuses). */
function fuseWire(file: string): string {
  const binary = readFileSync(file)
  const marker = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
  const at = binary.indexOf(marker) + marker.length
  return binary.toString('latin1', at + 2, at + 2 + (binary[at + 1] ?? 0))
}
