import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EngineState } from '../../contract/app.ts'
import type { ChildEvents, EngineChild } from '../../main/engine-child.ts'
import { EngineClient } from '../../main/engine-client.ts'
import { EngineProcess } from '../../main/engine-process.ts'
import { nowWith } from './now.ts'

const fakeEngine = fileURLToPath(new URL('../support/scripted-engine.ts', import.meta.url))

let dataDir: string
let pids: number[]
let opened: EngineProcess[]
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'perwatt-engine-'))
  pids = []
  opened = []
  writeFileSync(join(dataDir, 'fake-now.json'), JSON.stringify(nowWith()))
})
afterEach(async () => {
  await Promise.all(opened.map((engine) => engine.stop()))
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

/** The real protocol over a real socket to a real process; only Electron is left out. */
function startChild(events: ChildEvents): EngineChild {
  const child = fork(fakeEngine, ['--data-dir', dataDir], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  child.on('message', (message) => events.onAnnouncement(message as Parameters<ChildEvents['onAnnouncement']>[0]))
  child.once('exit', (code, signal) => events.onExit({ code, signal, complaint: null }))
  if (child.pid !== undefined) pids.push(child.pid)
  return { pid: child.pid, kill: () => void child.kill('SIGKILL') }
}

function openEngine() {
  const states: EngineState[] = []
  const client = new EngineClient()
  const engine = new EngineProcess(client, { dataDir, startChild, onState: (state) => states.push(state) })
  opened.push(engine)
  return { engine, client, states }
}

const isRunning = (engine: EngineProcess) => () => expect(engine.state.state).toBe('running')
const within = { timeout: 10_000 }

test('without an engine one is started, answers, and ends when it is told to stop', async () => {
  const { engine, client } = openEngine()
  await engine.start()
  await vi.waitFor(isRunning(engine), within)
  expect(await client.wire.call('now', {})).toEqual({ ok: true, value: nowWith() })
  await engine.stop()
  expect(pids.filter(isAlive)).toEqual([])
  expect(existsSync(join(dataDir, 'engine.sock'))).toBe(false)
  expect(readFileSync(join(dataDir, 'fake-asked.log'), 'utf8')).toContain('"method":"stop"')
})

test('an engine that is there is attached to, not doubled, and left running', async () => {
  const first = openEngine()
  await first.engine.start()
  await vi.waitFor(isRunning(first.engine), within)
  const second = openEngine()
  await second.engine.start()
  expect(second.engine.state).toEqual({ state: 'running', reason: null, attempts: 0 })
  expect(second.engine.pid).toBeNull()
  await second.engine.stop()
  expect(pids.filter(isAlive)).toHaveLength(1)
  expect((await first.client.wire.call('now', {})).ok).toBe(true)
})

test('an engine that is killed is said to be gone and started again, and listeners hear the new one', async () => {
  const { engine, client, states } = openEngine()
  const ticks: number[] = []
  client.wire.on('tick', ({ at }) => ticks.push(at))
  await engine.start()
  await vi.waitFor(isRunning(engine), within)
  process.kill(engine.pid ?? 0, 'SIGKILL')
  await vi.waitFor(() => expect(states.map(({ state }) => state)).toEqual(['running', 'restarting', 'running']), within)
  expect(states[1]).toMatchObject({ reason: 'The engine ended unexpectedly (signal SIGKILL).', attempts: 1 })
  ticks.length = 0
  await vi.waitFor(() => expect(ticks.length).toBeGreaterThan(0), within)
})

test('when the engine that was attached to ends, an own one takes over', async () => {
  const first = openEngine()
  await first.engine.start()
  await vi.waitFor(isRunning(first.engine), within)
  const second = openEngine()
  await second.engine.start()
  await first.engine.stop()
  await vi.waitFor(() => expect(second.engine.pid).not.toBeNull(), within)
  await vi.waitFor(isRunning(second.engine), within)
})

test('an engine that cannot run here is down with its own reason, and runs once that is mended', async () => {
  writeFileSync(join(dataDir, 'fake-refuse'), 'The ledger is from a newer Perwatt.')
  const { engine } = openEngine()
  await engine.start()
  const down = { state: 'down', reason: 'The ledger is from a newer Perwatt.', attempts: 1 }
  await vi.waitFor(() => expect(engine.state).toEqual(down), within)
  rmSync(join(dataDir, 'fake-refuse'))
  await engine.restartNow()
  await vi.waitFor(() => expect(engine.state).toEqual({ state: 'running', reason: null, attempts: 0 }), within)
})

test('an engine that refuses and does not end by itself is ended, so that its reason is told', async () => {
  let events: ChildEvents | null = null
  const engine = new EngineProcess(new EngineClient(), {
    dataDir,
    startChild(heard) {
      events = heard
      return { pid: undefined, kill: () => heard.onExit({ code: null, signal: 'SIGKILL', complaint: null }) }
    },
    onState() {},
  })
  opened.push(engine)
  await engine.start()
  const told = events as ChildEvents | null
  told?.onAnnouncement({ failed: { code: 'locked', reason: 'Another engine writes there.', remedy: null } })
  expect(engine.state).toEqual({ state: 'down', reason: 'Another engine writes there.', attempts: 1 })
})

test('an engine that dies at every start is tried with growing waits', async () => {
  writeFileSync(join(dataDir, 'fake-crash'), '')
  const { engine, states } = openEngine()
  await engine.start()
  await vi.waitFor(() => expect(states.length).toBeGreaterThanOrEqual(3), within)
  expect(states.slice(0, 3).map(({ state, attempts }) => [state, attempts])).toEqual([
    ['restarting', 1],
    ['restarting', 2],
    ['restarting', 3],
  ])
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
