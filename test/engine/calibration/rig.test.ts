import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HistoryRow } from '../../../contract/history.ts'
import { loadRigFile } from '../../../engine/host/rig/load-file.ts'
import { type RigHost, rigHost } from '../../../engine/host/rig/rig-host.ts'
import type { Rig } from '../../../engine/host/rig/schema.ts'
import { rigTruth } from '../../../engine/host/rig/truth.ts'
import { type Engine, startEngine } from '../../../engine/index.ts'
import { rigPlayer } from '../../../engine/simulate.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'perwatt-test-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const MINUTE_MS = 60_000
const PLUGGED_IN_MS = 70 * MINUTE_MS

async function shipped(): Promise<Rig> {
  const rig = await loadRigFile(join(import.meta.dirname, '..', '..', 'rigs', 'calibrated-laptop.json'))
  if (!rig.ok) throw new Error(rig.reason)
  return rig.value
}

async function start(host: RigHost, timeZone: string): Promise<Engine> {
  const engine = await startEngine(host, { version: 'test', dataDir, timeZone, finestS: 10, mode: 'simulated' })
  if (!engine.ok) throw new Error(engine.reason)
  return engine.value
}

function playTo(host: RigHost, engine: Engine, untilMs: number): void {
  const player = rigPlayer(host)
  while (host.elapsedMs() < untilMs && player.step()) engine.tick()
}

async function domainsOf(engine: Engine, fromS: number, toS: number): Promise<Map<string, HistoryRow>> {
  const history = await engine.handlers.history({ fromS, toS, by: 'domain' })
  if (!history.ok) throw new Error(history.reason)
  return new Map(history.value.rows.map((row) => [row.key, row]))
}

test('after a while on its battery the plugged-in laptop’s estimate is within its stated uncertainty, over a restart too', async () => {
  const rig = await shipped()
  const host = rigHost(rig)
  const startS = Math.floor(host.clock.wallMs() / 1_000)
  const first = await start(host, rig.zone)
  playTo(host, first, PLUGGED_IN_MS + 20 * MINUTE_MS)
  await first.stop()
  const second = await start(host, rig.zone)
  playTo(host, second, host.durationMs)

  const fromMs = PLUGGED_IN_MS + 30 * MINUTE_MS
  const rows = await domainsOf(second, startS + fromMs / 1_000, startS + host.durationMs / 1_000)
  expect([...rows.keys()]).toEqual(['cpu/fit-20261103-1251'])
  const [fitted] = rows.values()
  expect(fitted?.name).toBe('Processor and all else unmeasured (fitted to your battery on 3 Nov 2026, ± 5\u202f%)')
  expect(fitted?.provenance).toBe('estimate')
  const { zones } = rigTruth(rig, fromMs, host.durationMs)
  const restMj = (rig.battery?.floorW ?? 0) * (host.durationMs - fromMs)
  const trueMj = restMj + zones.reduce((sum, zone) => sum + (zone.kind === 'battery' ? 0 : zone.energyMj), 0)
  const ratio = (fitted?.energyMj ?? 0) / trueMj
  expect(fitted?.uncertainty).toBeLessThan(0.1)
  expect(Math.abs(ratio - 1), `${ratio}`).toBeLessThan(fitted?.uncertainty ?? 0)

  // What was booked before the fit stays as it was booked, in a series of its own.
  const before = await domainsOf(second, startS, startS + 600)
  expect(before.get('cpu/estimate')?.uncertainty).toBeCloseTo(0.7, 6)
  await second.stop()
})

test('an estimate that was fitted to the whole machine leaves nothing for its battery to explain', async () => {
  const rig = await shipped()
  const host = rigHost(rig)
  const engine = await start(host, rig.zone)
  playTo(host, engine, PLUGGED_IN_MS - MINUTE_MS)
  const sources = await engine.handlers.sources({})
  if (!sources.ok) throw new Error(sources.reason)
  const measuring = sources.value.sources.find(({ id }) => id === 'estimate')?.domains.map(({ id }) => id)
  expect(measuring).toEqual(['cpu/fit-20261103-1251'])
  expect(sources.value.findings.map(({ code }) => code)).toEqual(['overhead'])
  const now = await engine.handlers.now({})
  const batteryW = sources.value.sources.find(({ id }) => id === 'battery')?.domains[0]?.powerW ?? 0
  expect(now.ok && Math.abs((now.value.machine.powerW ?? 0) / batteryW - 1)).toBeLessThan(0.06)
  await engine.stop()
})
