import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { History } from '../../contract/history.ts'
import { Now } from '../../contract/now.ts'
import type { Result } from '../../contract/result.ts'
import type { RigHost } from '../../engine/host/rig/rig-host.ts'
import { type Engine, startEngine } from '../../engine/index.ts'
import { hostWith } from '../support/rigs.ts'

/** A package of 18 W and memory of 2 W beside a meter of the board that shows half as much again: 10 W of fans, losses and display. */
const MACHINE = {
  cpu: { logicalCpus: 4 },
  domains: [
    { zone: 'package-0', floorW: 4, wattsPerCore: 14, children: [{ zone: 'dram', floorW: 1, wattsPerCore: 1 }] },
    { zone: 'psys', floorW: 7.5, wattsPerCore: 22.5 },
  ],
  processes: [{ name: 'ollama', exe: '/usr/bin/ollama', load: { steps: [['0s', 1]] } }],
}

let dataDir: string
let host: RigHost
let engine: Engine
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'perwatt-overhead-'))
  host = hostWith(MACHINE)
  engine = value(await startEngine(host, { version: 'test', dataDir, timeZone: 'UTC', mode: 'simulated' }))
})
afterEach(async () => {
  await engine.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

function tick(times: number): void {
  for (let index = 0; index < times; index++) {
    host.clock.advance(1_000)
    engine.tick()
  }
}

const now = async () => Now.parse(value(await engine.handlers.now({})))

async function history() {
  const toS = Math.ceil(host.clock.wallMs() / 1_000)
  return History.parse(value(await engine.handlers.history({ fromS: toS - 3_600, toS, by: 'app' })))
}

test('overhead is awaited for a minute, and then stands beside the sum', async () => {
  tick(30)
  expect((await now()).overhead).toMatchObject({
    meter: 'board/psys',
    powerW: null,
    reason: expect.stringContaining('minute'),
  })
  tick(120)
  const { machine, overhead } = await now()
  expect(machine.powerW).toBeCloseTo(20, 1)
  expect(overhead?.powerW).toBeCloseTo(10, 1)
  expect(overhead?.ratio).toBeCloseTo(0.5, 2)
  // 10 % of 30 W, 5 % of 18 W, 20 % of 2 W: k = 2.
  expect((overhead?.uncertainty ?? 0) * (overhead?.powerW ?? 0)).toBeCloseTo(Math.hypot(3, 0.9, 0.4), 1)
  const recorded = await history()
  expect(recorded).toMatchObject({ overheadBy: 'board/psys', overheadFactor: 1, coolingFactor: 1 })
  expect(recorded.overheadRatio).toBeCloseTo(0.5, 2)
  expect(recorded.attributedMj + recorded.idleMj + recorded.otherMj).toBe(recorded.measuredMj)
})

test('by the settings apps answer for overhead and cooling, and nothing that is recorded changes', async () => {
  tick(150)
  const before = await history()
  value(await engine.handlers.changeSettings({ countOverhead: true, coolingFactor: 1.2 }))
  const { overheadFactor, coolingFactor, ...rest } = await history()
  expect(overheadFactor).toBeCloseTo(1.5, 2)
  expect(coolingFactor).toBe(1.2)
  expect({ ...rest, overheadFactor: 1, coolingFactor: 1 }).toEqual(before)
  const { machine, ...present } = await now()
  expect(present.overheadFactor).toBeCloseTo(1.5, 2)
  expect(machine.powerW).toBeCloseTo(20, 1)
  value(await engine.handlers.changeSettings({ countOverhead: false, coolingFactor: 1 }))
  expect(await history()).toEqual(before)
})

test('without a meter of the whole machine there is no overhead, and only cooling can be counted', async () => {
  const bare = hostWith({ ...MACHINE, domains: MACHINE.domains.slice(0, 1) })
  const other = value(await startEngine(bare, { version: 'test', dataDir: null, timeZone: 'UTC', mode: 'simulated' }))
  value(await other.handlers.changeSettings({ countOverhead: true, coolingFactor: 1.3 }))
  for (let index = 0; index < 150; index++) {
    bare.clock.advance(1_000)
    other.tick()
  }
  expect(value(await other.handlers.now({}))).toMatchObject({ overhead: null, overheadFactor: 1, coolingFactor: 1.3 })
  await other.stop()
})
