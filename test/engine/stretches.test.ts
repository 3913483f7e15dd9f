import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppId, DomainId } from '../../contract/ids.ts'
import { Stretch } from '../../contract/lab.ts'
import type { Attribution } from '../../engine/attribution/types.ts'
import type { DomainView } from '../../engine/energy-book.ts'
import type { RigHost } from '../../engine/host/rig/rig-host.ts'
import { rigTruth } from '../../engine/host/rig/truth.ts'
import { type Engine, startEngine } from '../../engine/index.ts'
import { createStretches } from '../../engine/stretches.ts'
import { fcOptions } from '../support/counts.ts'
import { hostWith, rigWith } from '../support/rigs.ts'

const OLLAMA = AppId.parse('ollama')

/** Eight minutes of rest; then Ollama works on two cores for a minute, and in the last ten seconds of it a build on three beside it. */
const MACHINE = {
  duration: '1h',
  cpu: { logicalCpus: 8 },
  domains: [{ zone: 'package-0', floorW: 3, wattsPerCore: 5 }],
  processes: [
    {
      name: 'ollama',
      app: 'ollama',
      exe: '/usr/local/bin/ollama',
      load: {
        steps: [
          ['0s', 0],
          ['480s', 2],
          ['540s', 0],
        ],
      },
    },
    {
      name: 'build',
      exe: '/usr/bin/make',
      load: {
        steps: [
          ['0s', 0],
          ['530s', 3],
          ['540s', 0],
        ],
      },
    },
  ],
}

async function start(host: RigHost): Promise<Engine> {
  const engine = await startEngine(host, { version: 'test', dataDir: null, timeZone: 'UTC', mode: 'simulated' })
  if (!engine.ok) throw new Error(engine.reason)
  return engine.value
}

function playTo(host: RigHost, engine: Engine, untilS: number): void {
  while (host.elapsedMs() < untilS * 1_000) {
    host.clock.advance(1_000)
    engine.tick()
  }
}

async function markAt(engine: Engine): Promise<number> {
  const marked = await engine.handlers.markEnergy({})
  if (!marked.ok) throw new Error(marked.reason)
  return marked.value.atMs
}

async function between(engine: Engine, fromMs: number, toMs: number): Promise<Stretch> {
  const stretch = await engine.handlers.energyBetween({ app: OLLAMA, fromMs, toMs })
  if (!stretch.ok) throw new Error(stretch.reason)
  return Stretch.parse(stretch.value)
}

test('between two marks an app drew what the rig says it did, whatever lies at the edges', async () => {
  const host = hostWith(MACHINE)
  const engine = await start(host)
  playTo(host, engine, 470)
  const markedMs = await markAt(engine)
  playTo(host, engine, 560)
  // From within one tick to within another; both lie at rest.
  const whole = await between(engine, markedMs + 2_300, markedMs + 80_700)
  const truth = rigTruth(rigWith(MACHINE), 472_300, 550_700)
  expect(whole.isSettled && !whole.hasGap).toBe(true)
  const trueMj = truth.apps.find(({ app }) => app === 'ollama')?.energyMj ?? 0
  expect(trueMj).toBe(600_000)
  expect(Math.abs(whole.appMj / trueMj - 1)).toBeLessThan(0.01)
  // The rig has no counter for its memory, which is estimated beside it.
  const cpu = whole.domains.find(({ kind }) => kind === 'cpu')
  expect(Math.abs((cpu?.machineMj ?? 0) / truth.energyMj - 1)).toBeLessThan(0.002)
  expect(whole.uncertainty).toBeGreaterThan(0)
  await engine.stop()
})

test('how busy others were is told: not at all at first, three of eight cores in the end', async () => {
  const host = hostWith(MACHINE)
  const engine = await start(host)
  playTo(host, engine, 470)
  const markedMs = await markAt(engine)
  playTo(host, engine, 560)
  expect((await between(engine, markedMs + 12_000, markedMs + 58_000)).othersCpuRatio).toBeLessThan(0.01)
  expect((await between(engine, markedMs + 61_000, markedMs + 69_000)).othersCpuRatio).toBeCloseTo(3 / 8, 2)
  await engine.stop()
})

test('what has not been told yet is not settled, and before the first mark nothing was kept', async () => {
  const host = hostWith(MACHINE)
  const engine = await start(host)
  playTo(host, engine, 30)
  expect(await engine.handlers.energyBetween({ app: OLLAMA, fromMs: 0, toMs: 1_000 })).toMatchObject({
    ...{ ok: false, code: 'notMarked' },
  })
  const markedMs = await markAt(engine)
  playTo(host, engine, 40)
  expect((await between(engine, markedMs, markedMs + 10_000)).isSettled).toBe(true)
  expect((await between(engine, markedMs, markedMs + 10_500)).isSettled).toBe(false)
  expect(await engine.handlers.energyBetween({ app: OLLAMA, fromMs: markedMs - 5_000, toMs: markedMs })).toMatchObject({
    code: 'notMarked',
  })
  await engine.stop()
})

test('while measuring is paused no mark is given, and a stretch across a pause has a gap', async () => {
  const host = hostWith(MACHINE)
  const engine = await start(host)
  playTo(host, engine, 30)
  const markedMs = await markAt(engine)
  playTo(host, engine, 40)
  await engine.handlers.pause({ forS: null })
  expect(await engine.handlers.markEnergy({})).toMatchObject({ ok: false, code: 'paused' })
  playTo(host, engine, 50)
  await engine.handlers.resume({})
  playTo(host, engine, 60)
  expect((await between(engine, markedMs, markedMs + 9_000)).hasGap).toBe(false)
  expect((await between(engine, markedMs, markedMs + 28_000)).hasGap).toBe(true)
  await engine.stop()
})

describe('any intervals', () => {
  const CPU = DomainId.parse('cpu/0')
  const view = {
    ...{ leafId: CPU, scope: 'inner', state: 'measuring', shareRatio: null, floor: { ratio: 0.05 } },
    domain: { id: CPU, kind: 'cpu', provenance: 'counter', parent: null, gainRatio: 0.02 },
  }

  test('of which neighbouring stretches add up to the whole', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(lengths, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (all, part) => {
        const stretches = createStretches()
        stretches.mark(0)
        let atMs = 0
        for (const [index, lengthMs] of all.entries()) {
          const activeMj = 7 * lengthMs * (index % 3)
          const attribution: Attribution = {
            ...{
              domain: CPU,
              fromMs: atMs,
              toMs: atMs + lengthMs,
              energyMj: activeMj + lengthMs,
              provenance: 'counter',
            },
            ...{ varMj2: 1, idleMj: lengthMs, otherMj: 0 },
            shares: [{ app: OLLAMA, activeMj, idleMj: 0, floorShareMj: 0, varMj2: 1 }],
          }
          const toMs = atMs + lengthMs
          stretches.take({ fromMs: atMs, toMs, attributions: [attribution], activity: null, gap: null })
          atMs = toMs
        }
        const machine = { views: [{ ...view, latest: { toMs: atMs } } as unknown as DomainView], shareRatio: 0.05 }
        const told = (fromMs: number, toMs: number) => {
          const stretch = stretches.between({ app: OLLAMA, fromMs, toMs }, machine)
          if (!stretch.ok) throw new Error(stretch.reason)
          return stretch.value
        }
        const whole = told(0, atMs)
        const [first, second] = [told(0, part * atMs), told(part * atMs, atMs)]
        expect(first.appMj + second.appMj).toBeCloseTo(whole.appMj, 4)
        expect(first.machineMj + second.machineMj).toBeCloseTo(whole.machineMj, 4)
        expect(whole.appMj).toBe(all.reduce((sum, lengthMs, index) => sum + 7 * lengthMs * (index % 3), 0))
      }),
      fcOptions('lab', 200, 10_000),
    )
  })
})
