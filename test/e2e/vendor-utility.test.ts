import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { launchCommand, presentRuntime } from '../../scripts/lib/runtime.mjs'
import { hasEnded } from '../engine/vendor/has-ended.ts'
import { exitOf, waitFor } from '../support/app.ts'

const projectDir = fileURLToPath(new URL('../..', import.meta.url))
const sources = fileURLToPath(new URL('../support/utility-app', import.meta.url))
const Line = z.object({
  request: z.string(),
  ok: z.boolean(),
  reason: z.string().nullable(),
  pid: z.int().nullable(),
})

/** CommonJS for the oldest runtime: the real engine's bundle needs a newer Node than the fallback's. */
async function bundle(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'perwatt-utility-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'perwatt', version: '0.0.0', main: 'main.cjs' }))
  symlinkSync(join(projectDir, 'node_modules'), join(dir, 'node_modules'))
  for (const name of ['main', 'engine', 'vendor']) {
    await build({
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true, external: ['electron', 'koffi'] },
      build: {
        ssr: join(sources, `${name}.ts`),
        target: 'node18',
        outDir: dir,
        emptyOutDir: false,
        rolldownOptions: { output: { format: 'cjs', entryFileNames: `${name}.cjs`, codeSplitting: false } },
      },
    })
  }
  return dir
}

test('in Electron’s own utility processes a driver that crashes or hangs costs its process alone, and none outlives the engine', async () => {
  const dir = await bundle()
  const { command, args, env } = launchCommand(presentRuntime(), dir, [], process.env)
  // Without the Node of its own, the engine is a utility process.
  const { PERWATT_NODE: _, ...utilityEnv } = env
  const child = spawn(command, args, { env: utilityEnv, stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: z.infer<typeof Line>[] = []
  let isStuck = false
  createInterface({ input: child.stderr }).on('line', (text) => {
    if (text.startsWith('{')) said.push(Line.parse(JSON.parse(text)))
    isStuck ||= text === 'stuck'
  })
  await waitFor('the driver that hangs last', () => isStuck, 40_000)
  expect(said).toMatchObject([
    { request: 'hello', ok: true, pid: expect.any(Number) },
    // Which code, Electron 25 does not always tell: its Chromium may look after the process was cleared away.
    { request: 'abort', ok: false, reason: expect.stringMatching(/ended while one was asked \(code \d+\)/), pid: null },
    { request: 'hang', ok: false, reason: expect.stringContaining('did not answer'), pid: null },
    { request: 'hello', ok: true, pid: expect.any(Number) },
  ])
  const pids = said.flatMap(({ pid }) => (pid === null ? [] : [pid]))
  expect(pids.map(hasEnded)).toEqual([true, false])
  child.kill('SIGTERM')
  await exitOf(child)
  await waitFor('the end of every vendor process', () => pids.every(hasEnded))
})
