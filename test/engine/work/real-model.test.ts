import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { NvmlSimulator } from '../../support/nvml/nvml-scenario.ts'
import { programNamed, realParts, tinyModelFile } from '../../support/tiny-model/real-parts.ts'
import { CPU, ended, GPU, RealMachine } from './real-machine.ts'

const TINY = join(import.meta.dirname, '..', '..', 'support', 'tiny-model')
const onSoak = test.runIf(process.env.PERWATT_SOAK === '1' && process.platform === 'linux' && process.arch === 'x64')

let simulator: NvmlSimulator
const pathBefore = process.env.LD_LIBRARY_PATH
beforeAll(() => {
  simulator = new NvmlSimulator()
  process.env.LD_LIBRARY_PATH = simulator.directory
})
afterAll(() => {
  if (pathBefore === undefined) delete process.env.LD_LIBRARY_PATH
  else process.env.LD_LIBRARY_PATH = pathBefore
  rmSync(simulator.directory, { recursive: true })
})
const MODEL = 'tiny:F32'
const PATIENCE = { timeout: 60_000, interval: 100 }
type Line = { promptTokens: number; outputTokens: number; text: string; sent: { path: string; headers: Record<string, string>; body: string } }

async function modelServer(name: string) {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-tiny-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const args = [join(TINY, 'server.ts'), '--packages', realParts(), '--model', tinyModelFile(folder)]
  const child = spawn(programNamed(name, folder), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => ended(child))
  const [line] = await once(child.stdout, 'data')
  return { pid: child.pid as number, port: JSON.parse(String(line)).port as number }
}

async function client(kind: string, port: number, key: string, turns: unknown): Promise<Line[]> {
  const options = { packages: realParts(), kind, origin: `http://127.0.0.1:${port}`, key, model: MODEL, turns: JSON.stringify(turns) }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, [join(TINY, 'client.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => ended(child))
  let out = ''
  child.stdout.on('data', (d) => { out += d })
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  return out.trim().split('\n').map((l) => JSON.parse(l))
}

onSoak.each(['ollama', 'llama-server'])('%s', async (name) => {
  const server = await modelServer(name)
  const machine = new RealMachine(simulator, server.pid)
  await machine.start()
  await vi.waitFor(async () => {
    const servers = await machine.client.call('servers', {})
    if (!servers.ok) throw new Error(servers.reason)
    expect(servers.value).toMatchObject({ rows: [{ state: 'connected', models: [{ name: MODEL }] }] })
  }, PATIENCE).catch(async (e) => { console.log(JSON.stringify(await machine.client.call('servers', {}))); throw e })
  const port = await machine.meter(server.port)
  machine.work()
  const turns = [1, 2, 3, 4, 5, 6].map((n) => ({ prompt: 'word '.repeat(20 * n), mostTokens: 60 * n, isStream: n % 3 !== 0 }))
  const t = performance.now()
  const lines = await Promise.all([client('openai', port, 'key-1', turns), client('ollama', port, 'key-2', turns), client('ai-sdk', port, 'key-1', turns)])
  console.log('clients', performance.now() - t)
  machine.rest()
  const range = { fromS: Math.floor(Date.now() / 1000) - 3600, toS: Math.ceil(Date.now() / 1000) + 60 }
  await vi.waitFor(async () => {
    const r = await machine.client.call('requests', { ...range, limit: 100 })
    if (!r.ok) throw new Error(r.reason)
    expect(r.value.rows).toHaveLength(18)
  }, PATIENCE)
  console.log('settled', performance.now() - t)
  for (const m of ['models', 'users', 'apps'] as const) console.log(m, JSON.stringify(await machine.client.call(m, range)))
  const r = await machine.client.call('requests', { ...range, limit: 100 })
  if (!r.ok) throw new Error('')
  console.log(JSON.stringify(r.value.rows.slice(0, 3)))
  console.log('sum requests', r.value.rows.reduce((s, x) => s + (x.energyMj ?? 0), 0), machine.drawnMj, 'tokens', r.value.rows.reduce((s, x) => s + (x.completionTokens ?? 0), 0), lines.map((l) => l.reduce((s, x) => s + x.outputTokens, 0)))
  for (const by of ['domain', 'app'] as const) console.log(JSON.stringify(await machine.client.call('history', { ...range, by })))
  void CPU, GPU
})
