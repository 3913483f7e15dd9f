import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { AppId } from '../../contract/ids.ts'
import { Live, Now } from '../../contract/now.ts'
import type { Result } from '../../contract/result.ts'
import { Sources } from '../../contract/sources.ts'
import type { RigHost } from '../../engine/host/rig/rig-host.ts'
import { type Engine, startEngine } from '../../engine/index.ts'
import { hostWith } from '../support/rigs.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'perwatt-engine-'))
  ends.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function engineOn(host: RigHost, dataDir: string | null): Promise<Engine> {
  const engine = value(await startEngine(host, { version: 'test', dataDir, timeZone: 'UTC', mode: 'simulated' }))
  ends.push(() => engine.stop())
  return engine
}

function tick(host: RigHost, engine: Engine, times = 1): void {
  for (let i = 0; i < times; i++) {
    host.clock.advance(1_000)
    engine.tick()
  }
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

const MACHINE = {
  cpu: { model: 'Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz', vendor: 'GenuineIntel', logicalCpus: 12, physicalCores: 6 },
  domains: [{ zone: 'package-0', floorW: 5, wattsPerCore: 8 }],
  processes: [
    { name: 'ollama', exe: '/usr/bin/ollama', args: ['serve'], load: { steps: [['120s', 2]] } },
    { name: 'make', exe: '/usr/bin/make', load: { steps: [['120s', 1]] } },
  ],
}

test('a busy app gets its watts, the rest is other, the floor is the machine’s: 5 W + 2 × 8 W + 1 × 8 W', async () => {
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, null)
  tick(host, engine, 180)
  const now = Now.parse(value(await engine.handlers.now({})))
  const cpu = now.domains.find((domain) => domain.id === 'cpu/0')
  expect(cpu?.powerW).toBeCloseTo(29, 1)
  const ollama = now.apps.find((app) => app.id === 'ollama')
  expect(ollama?.powerW).toBeCloseTo(16, 1)
  expect(ollama?.cpuCores).toBeCloseTo(2, 2)
  expect(now.apps.find((app) => app.id === 'make')).toBeUndefined()
  expect(now.machine.aiPowerW).toBeCloseTo(16, 1)
})

test('an answer holds what the contract says of it: now, live, sources', async () => {
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, directory())
  tick(host, engine, 150)
  Now.parse(value(await engine.handlers.now({})))
  const live = Live.parse(value(await engine.handlers.live({ forS: 60 })))
  expect(live.at.length).toBe(60)
  expect(live.apps[0]?.key).toBe('ollama')
  const sources = Sources.parse(value(await engine.handlers.sources({})))
  expect(sources.sources.find((source) => source.id === 'rapl')).toMatchObject({ state: 'measuring', reason: null })
})

test('the first picture is warming, never 0 W', async () => {
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, null)
  expect(value(await engine.handlers.now({}))).toMatchObject({ state: 'warming', machine: { powerW: null } })
})

test('while paused nothing is measured, and the pause is a gap of its own in the history', async () => {
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, directory())
  tick(host, engine, 130)
  const fromS = Math.floor(host.clock.wallMs() / 1_000)
  await engine.handlers.pause({ forS: null })
  tick(host, engine, 60)
  expect(value(await engine.handlers.now({})).state).toBe('paused')
  await engine.handlers.resume({})
  tick(host, engine, 30)
  const toS = Math.floor(host.clock.wallMs() / 1_000)
  const history = value(await engine.handlers.history({ fromS, toS, by: 'app' }))
  expect(history.gaps.map((gap) => gap.cause)).toContain('paused')
  // 30 W for the 28 ticks after the pause and a bucket's 9 s before it, none for the 60 s of the pause.
  expect(history.measuredMj / 1_000).toBeLessThan(31 * 45)
})

test('an engine that ends while paused leaves the pause as a gap, not as time that was covered', async () => {
  const dataDir = directory()
  const host = hostWith(MACHINE)
  const first = value(await startEngine(host, { version: 'test', dataDir, timeZone: 'UTC', mode: 'simulated' }))
  const fromS = Math.floor(host.clock.wallMs() / 1_000)
  tick(host, first, 60)
  await first.handlers.pause({ forS: null })
  tick(host, first, 60)
  await first.stop()
  const toS = Math.floor(host.clock.wallMs() / 1_000)
  const second = await engineOn(host, dataDir)
  const history = value(await second.handlers.history({ fromS, toS, by: 'app' }))
  expect(history.gaps).toContainEqual({ fromS: fromS + 60, toS, cause: 'paused' })
  expect(history.coverageRatio).toBeCloseTo(0.5, 2)
})

test('where cores differ, a share by CPU time is less sure: 20 % instead of 15 %', async () => {
  const cpu = { ...MACHINE.cpu, efficiency: { cpus: 4, capacityRatio: 0.5 } }
  const uncertainties = []
  for (const machine of [MACHINE, { ...MACHINE, cpu }]) {
    const host = hostWith(machine)
    const engine = await engineOn(host, null)
    tick(host, engine, 180)
    uncertainties.push(value(await engine.handlers.now({})).apps.find((app) => app.id === 'ollama')?.uncertainty ?? 0)
  }
  expect(uncertainties[1]).toBeGreaterThan(uncertainties[0] as number)
})

test('the gauge’s full scale follows the most that the AI drew in a week, while the engine runs', async () => {
  const host = hostWith({ ...MACHINE, duration: '4h' })
  const engine = await engineOn(host, directory())
  expect(value(await engine.handlers.now({})).gaugeFullW).toBe(50)
  for (let minute = 0; minute < 130; minute++) {
    host.clock.advance(60_000)
    engine.tick()
    await Promise.resolve()
  }
  await Promise.resolve()
  expect(value(await engine.handlers.now({})).gaugeFullW).toBe(20)
})

test('a pause for a time ends by itself', async () => {
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, null)
  await engine.handlers.pause({ forS: 10 })
  tick(host, engine, 9)
  expect(value(await engine.handlers.now({})).state).toBe('paused')
  tick(host, engine, 4)
  expect(value(await engine.handlers.now({})).state).toBe('measuring')
})

test('today’s sums go on after a restart', async () => {
  const dataDir = directory()
  const host = hostWith(MACHINE)
  const first = value(await startEngine(host, { version: 'test', dataDir, timeZone: 'UTC', mode: 'simulated' }))
  tick(host, first, 300)
  const before = value(await first.handlers.now({})).today
  await first.stop()
  const second = await engineOn(host, dataDir)
  expect(value(await second.handlers.now({})).today.measuredMj).toBe(before.measuredMj)
  expect(value(await second.handlers.now({})).today.aiMj).toBe(before.aiMj)
  expect(before.aiMj).toBeGreaterThan(0)
})

test('a heavy process without a name is offered, named, and counted from then on; forgotten again, it is other', async () => {
  const dataDir = directory()
  const host = hostWith({ ...MACHINE, processes: [{ name: 'oracle', exe: '/opt/oracle/bin/oracle', load: 1.5 }] })
  const engine = await engineOn(host, dataDir)
  tick(host, engine, 90)
  const offered = value(await engine.handlers.unnamed({})).processes
  expect(offered).toMatchObject([{ exe: 'oracle', processes: 1 }])
  const { id } = value(
    await engine.handlers.nameApp({ exe: 'oracle', name: 'Oracle of Delphi', category: 'model-server' }),
  )
  tick(host, engine, 3)
  expect(value(await engine.handlers.now({})).apps.find((app) => app.id === id)).toMatchObject({
    name: 'Oracle of Delphi',
  })
  expect(readFileSync(join(dataDir, 'rules.json'), 'utf8')).toContain('oracle')
  value(await engine.handlers.forgetApp({ id }))
  tick(host, engine, 3)
  expect(value(await engine.handlers.now({})).apps.find((app) => app.id === id)?.powerW ?? 0).toBe(0)
})

test('a rule file with a fault is named by line and left as it is, and the built-in catalogue still holds', async () => {
  const dataDir = directory()
  writeFileSync(join(dataDir, 'rules.json'), '{\n  "version": 1,\n  "apps": [{ "id": 3 }]\n}\n')
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, dataDir)
  tick(host, engine, 2)
  const { rulesProblem, apps } = value(await engine.handlers.catalogue({}))
  expect(rulesProblem).toContain('rules.json:3')
  expect(apps.length).toBeGreaterThan(100)
  expect(value(await engine.handlers.now({})).notices.map((notice) => notice.code)).toContain('rules')
  expect(await engine.handlers.nameApp({ exe: 'oracle', name: 'Oracle', category: 'other' })).toMatchObject({
    ok: false,
    code: 'badRules',
  })
})

test('what counts as AI is the user’s to say, at once', async () => {
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, null)
  tick(host, engine, 180)
  expect(value(await engine.handlers.now({})).machine.aiPowerW).toBeGreaterThan(10)
  await engine.handlers.changeSettings({ countAsAi: { ollama: false } })
  expect(value(await engine.handlers.now({})).machine.aiPowerW).toBe(0)
})

const statesOf = ({ sources }: Pick<Sources, 'sources'>) =>
  Object.fromEntries(sources.map(({ id, state }) => [id, state]))

test('a grant is found within a minute, although nobody asked', async () => {
  const host = hostWith({ ...MACHINE, events: [{ fault: 'denied', zone: 'package-0', at: '0s', for: '60s' }] })
  const engine = await engineOn(host, directory())
  for (let i = 0; i < 130; i++) {
    tick(host, engine)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const roots = value(await engine.handlers.now({})).domains.filter((domain) => domain.kind === 'cpu')
  expect(roots).toMatchObject([{ id: 'cpu/0', provenance: 'counter', state: 'measuring' }])
})

test('counters that are denied are found after the grant, without a restart, and meanwhile there is an estimate', async () => {
  const host = hostWith({
    ...MACHINE,
    events: [{ fault: 'denied', zone: 'package-0', at: '0s', for: '60s' }],
  })
  const engine = await engineOn(host, directory())
  tick(host, engine, 5)
  const before = value(await engine.handlers.sources({}))
  expect(statesOf(before)).toMatchObject({ rapl: 'denied', estimate: 'measuring' })
  expect(before.sources.find(({ id }) => id === 'rapl')?.remedyText).toContain('udev')
  tick(host, engine, 60)
  expect(statesOf(value(await engine.handlers.checkAgain({})))).toMatchObject({ rapl: 'measuring' })
  tick(host, engine, 3)
  const cpu = value(await engine.handlers.now({})).domains.find((domain) => domain.kind === 'cpu')
  expect(cpu).toMatchObject({ id: 'cpu/0', provenance: 'counter', state: 'measuring' })
})

test('counters that stand still while the processor works are given up within a minute, and an estimate stands in', async () => {
  const host = hostWith({ ...MACHINE, events: [{ fault: 'stuck', zone: 'package-0', at: '121s', for: '40m' }] })
  const engine = await engineOn(host, directory())
  for (let i = 0; i < 260; i++) {
    tick(host, engine)
    await Promise.resolve()
  }
  const { sources } = value(await engine.handlers.sources({}))
  expect(statesOf({ sources })).toMatchObject({ rapl: 'broken', estimate: 'measuring' })
  const roots = value(await engine.handlers.now({})).domains.filter((domain) => domain.kind === 'cpu')
  expect(roots.map((domain) => domain.id)).toEqual(['cpu/estimate'])
})

test('a counter that failed for a moment when the minute came stays what is measured', async () => {
  const host = hostWith({ ...MACHINE, events: [{ fault: 'broken', zone: 'package-0', at: '118s', for: '4s' }] })
  const engine = await engineOn(host, directory())
  const seen = new Set<string>()
  for (let i = 0; i < 200; i++) {
    tick(host, engine)
    await new Promise((resolve) => setImmediate(resolve))
    for (const { kind, source } of value(await engine.handlers.now({})).domains) if (kind === 'cpu') seen.add(source)
  }
  expect([...seen]).toEqual(['rapl'])
})

test('the engine’s own history is refused to an app id that nobody knows', async () => {
  const host = hostWith(MACHINE)
  const engine = await engineOn(host, directory())
  expect(await engine.handlers.forgetApp({ id: 'nobody' as AppId })).toMatchObject({ ok: false, code: 'unknownApp' })
})
