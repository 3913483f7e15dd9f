import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openReader, type Reader } from '../../../engine/ledger/reader.ts'
import { fcOptions } from '../../support/counts.ts'
import { openDescribed, query, temporaryDirectory } from './machine.ts'
import { anyDomain, modelsOf, outputs, parts } from './machine-arbitraries.ts'
import { comfy, cpu, gpu, interval, MIDNIGHT_S, modelInterval, ollama, output } from './records.ts'
import { expectExactRollups } from './rollup-check.ts'

const utc = (text: string) => Date.parse(text) / 1_000

function reader(directory: string): Reader {
  const opened = openReader(directory)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.value
}

/** A domain that draws 1 mJ a second from one instant to another, written every `stepS`. */
function drawSteadily(directory: string, timeZone: string, fromS: number, toS: number, stepS = 10): void {
  const { ledger } = openDescribed(directory, { timeZone, nowS: fromS })
  for (let atS = fromS; atS < toS; atS += stepS) {
    ledger.record(interval(cpu, [atS, atS + stepS], { shares: { ollama: { activeMj: stepS } } }))
    ledger.flush(atS + stepS)
  }
  ledger.flush(toS + 60)
  ledger.close(toS + 60)
}

test.each([
  ['Europe/Berlin', '2026-10-24T22:00:00Z', 25, 25],
  ['Europe/Berlin', '2026-03-28T23:00:00Z', 23, 23],
  ['Australia/Lord_Howe', '2026-04-04T13:00:00Z', 24.5, 25],
  ['Asia/Kathmandu', '2026-11-24T18:15:00Z', 24, 24],
])(
  'in %s the day from %s has %d hours in %d buckets, and each holds its seconds',
  (timeZone, start, hours, buckets) => {
    const directory = temporaryDirectory()
    const startS = utc(start)
    drawSteadily(directory, timeZone, startS, startS + hours * 3_600, 60)
    const days = query(directory, 'SELECT start_s, length_s FROM bucket WHERE resolution_s = 86400')
    expect(days).toEqual([{ start_s: startS, length_s: hours * 3_600 }])
    expect(query(directory, 'SELECT energy_mj FROM domain_energy WHERE resolution_s = 86400')).toEqual([
      { energy_mj: hours * 3_600 },
    ])
    const hourly = query<{ length_s: number; energy_mj: number }>(
      directory,
      'SELECT length_s, energy_mj FROM bucket JOIN domain_energy USING (resolution_s, start_s) WHERE resolution_s = 3600',
    )
    expect(hourly).toHaveLength(buckets)
    for (const { length_s, energy_mj } of hourly) expect(energy_mj).toBe(length_s)
    expectExactRollups(directory)
  },
)

test('a move to another zone ends the day where the rolled hours end, and the next is cut in the new zone', () => {
  const directory = temporaryDirectory()
  const middayS = MIDNIGHT_S + 12 * 3_600
  drawSteadily(directory, 'Europe/Berlin', MIDNIGHT_S, middayS, 60)
  drawSteadily(directory, 'America/New_York', middayS + 60, MIDNIGHT_S + 60 * 3_600, 60)
  const days = query(
    directory,
    'SELECT start_s - ? AS start_s, length_s FROM bucket WHERE resolution_s = 86400',
    MIDNIGHT_S,
  )
  expect(days).toEqual([
    { start_s: 0, length_s: 12 * 3_600 },
    { start_s: 12 * 3_600, length_s: 18 * 3_600 },
    { start_s: 30 * 3_600, length_s: 24 * 3_600 },
  ])
  expectExactRollups(directory)
})

test('rolling up a second time changes nothing', () => {
  const directory = temporaryDirectory()
  drawSteadily(directory, 'Europe/Berlin', MIDNIGHT_S, MIDNIGHT_S + 7_200)
  const rows = () =>
    query(directory, 'SELECT * FROM packed_energy UNION ALL SELECT resolution_s, start_s, energy_mj FROM domain_energy')
  const before = rows()
  for (let round = 0; round < 3; round++)
    openDescribed(directory, { nowS: MIDNIGHT_S + 7_260 }).ledger.close(MIDNIGHT_S + 7_260)
  expect(rows()).toEqual(before)
})

test('what comes hours late is added at every resolution that is rolled up already', () => {
  const directory = temporaryDirectory()
  drawSteadily(directory, 'Europe/Berlin', MIDNIGHT_S, MIDNIGHT_S + 26 * 3_600, 60)
  const { ledger } = openDescribed(directory, { nowS: MIDNIGHT_S + 27 * 3_600 })
  ledger.record(
    interval(gpu, [MIDNIGHT_S + 3_605, MIDNIGHT_S + 3_606], { otherMj: 7, shares: { comfyui: { idleMj: 5 } } }),
  )
  ledger.close(MIDNIGHT_S + 27 * 3_600)
  const late = query<{ energy_mj: number }>(
    directory,
    'SELECT energy_mj FROM domain_energy JOIN domain ON id = domain_id WHERE key = ?',
    gpu.id,
  )
  expect(late).toEqual([{ energy_mj: 12 }, { energy_mj: 12 }])
  expectExactRollups(directory)
})

test.each([
  { resolutionS: 60, keptDays: 14, widened: [-900, 60] },
  { resolutionS: 900, keptDays: 90, widened: [-1_800, 1_800] },
] as const)(
  'rows of $resolutionS s are gone after $keptDays days, and the sum of the history does not change',
  (kept) => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory, { finestS: kept.resolutionS, timeZone: 'Asia/Kolkata' })
    const days = kept.keptDays + 2
    // A full hour in Kolkata; rows go by full hours of UTC, so an hour at the end of the detail is kept in part.
    const begunS = MIDNIGHT_S + 1_800
    const endS = begunS + days * 86_400
    for (let atS = begunS; atS < endS; atS += 900) {
      ledger.record(interval(cpu, [atS, atS + 900], { otherMj: 900 }))
      ledger.flush(atS + 900)
    }
    ledger.close(endS)
    const oldest = 'SELECT min(start_s) AS oldest FROM packed_energy WHERE resolution_s = ?'
    const keptS = endS - kept.keptDays * 86_400 - (kept.resolutionS === 900 ? 1_800 : 0)
    expect(query(directory, oldest, kept.resolutionS)).toEqual([{ oldest: keptS }])
    const opened = reader(directory)
    const whole = { fromS: begunS, toS: endS, by: 'domain' as const }
    expect(opened.ask('history', whole)).toMatchObject({ ok: true, value: { ...whole, measuredMj: days * 86_400 } })
    const [beforeS, afterS] = kept.widened
    const edge = opened.ask('history', { fromS: keptS - 60, toS: keptS + 60, by: 'app' })
    expect(edge).toMatchObject({
      value: { fromS: keptS + beforeS, toS: keptS + afterS, measuredMj: afterS - beforeS },
    })
    const inside = fc.oneof(
      fc.integer({ min: begunS, max: endS - 1 }),
      fc.integer({ min: keptS - 5_400, max: keptS + 5_400 }),
    )
    fc.assert(
      fc.property(inside, inside, fc.constantFrom('app', 'hour', 'day'), (a, b, by) => {
        const asked = { fromS: Math.min(a, b), toS: Math.max(a, b) + 1 }
        const answer = opened.ask('history', { ...asked, by: by as 'app' })
        if (!answer.ok) throw new Error(answer.reason)
        const { fromS, toS, measuredMj } = answer.value
        expect(fromS).toBeLessThanOrEqual(asked.fromS)
        expect(toS).toBeGreaterThanOrEqual(asked.toS)
        // 1 mJ a second: what is said to be covered is what is summed, widened by one bucket at most.
        expect(measuredMj).toBe(toS - fromS)
        expect(toS - fromS - (asked.toS - asked.fromS)).toBeLessThan(2 * 3_600)
      }),
      fcOptions('ledger-cover', 100, 5_000),
    )
    opened.close()
    expectExactRollups(directory)
  },
)

test('a clock that jumps a century ahead and back costs no history, and no detail that is still due', () => {
  const directory = temporaryDirectory()
  drawSteadily(directory, 'Europe/Berlin', MIDNIGHT_S, MIDNIGHT_S + 3 * 3_600)
  const { ledger } = openDescribed(directory, { nowS: MIDNIGHT_S + 4 * 3_600 })
  const centuryS = 100 * 365 * 86_400
  for (let index = 0; index < 30; index++) {
    const atS = MIDNIGHT_S + centuryS + index * 10
    ledger.record(interval(cpu, [atS, atS + 10], { otherMj: 10 }))
    ledger.flush(atS + 10)
  }
  ledger.record(interval(cpu, [MIDNIGHT_S + 14_400, MIDNIGHT_S + 14_410], { otherMj: 10 }))
  ledger.close(MIDNIGHT_S + 14_410)
  const opened = reader(directory)
  const question = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 14_410, by: 'domain' as const }
  expect(opened.ask('history', question)).toMatchObject({ value: { ...question, measuredMj: 3 * 3_600 + 10 } })
  opened.close()
  const kept = 'SELECT count(*) AS kept FROM packed_energy WHERE resolution_s = 10 AND start_s < ?'
  expect(query(directory, kept, MIDNIGHT_S + 3 * 3_600)).toEqual([{ kept: 3 * 360 }])
  expectExactRollups(directory)
})

type Amounts = { measuredMj: number; idleMj: number; otherMj: number }
type Delivered = { readonly atS: number; readonly tokens: number | null }
/** The model: what was recorded, by 10 s bucket. */
type Model = {
  readonly buckets: Map<number, Amounts>
  /** Active and load energy of each app that models share, by 10 s bucket. */
  readonly ofModels: { readonly startS: number; readonly app: string; readonly activeMj: number }[]
  readonly delivered: Delivered[]
  nowS: number
  flushed: boolean
}
type Real = { readonly directory: string; opened: ReturnType<typeof openDescribed>; zone: number }

const ZONES = ['Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns']

const record = fc
  .record({
    of: anyDomain,
    agoS: fc.oneof(fc.nat(60), fc.nat(200_000)),
    what: parts,
    by: modelsOf,
    delivering: outputs,
  })
  .map(({ of, agoS, what, by, delivering }) => ({
    toString: () => `record ${agoS} s ago`,
    check: () => true,
    run(model: Model, real: Real) {
      const startS = Math.floor((model.nowS - agoS) / 10) * 10
      const piece = interval(of, [startS, startS + 10], what)
      real.opened.ledger.record(piece)
      for (const share of piece.shares) {
        const models = by[share.app] ?? []
        if (models.length === 0) continue
        real.opened.ledger.recordModels(modelInterval(piece, models, agoS % 2 === 0))
        model.ofModels.push({ startS, app: share.app, activeMj: share.activeMj })
      }
      for (const one of delivering) {
        const atS = model.nowS - agoS
        real.opened.ledger.recordOutput(output(atS, { ...one, app: ollama.id }))
        if (!one.isRemote) model.delivered.push({ atS, tokens: one.outputTokens })
      }
      const sum = model.buckets.get(startS) ?? { measuredMj: 0, idleMj: 0, otherMj: 0 }
      model.buckets.set(startS, {
        measuredMj: sum.measuredMj + piece.energyMj,
        idleMj: sum.idleMj + piece.idleMj,
        otherMj: sum.otherMj + piece.otherMj,
      })
      model.flushed = false
    },
  }))

const pass = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: -4_000, max: 90_000 })).map((byS) => ({
  toString: () => `pass ${byS} s and flush`,
  check: () => true,
  run(model: Model, real: Real) {
    model.nowS += byS
    expect(real.opened.ledger.flush(model.nowS).ok).toBe(true)
    model.flushed = true
  },
}))

const reopen = fc.nat(ZONES.length - 1).map((zone) => ({
  toString: () => `reopen in ${ZONES[zone]}`,
  check: () => true,
  run(model: Model, real: Real) {
    real.opened.ledger.close(model.nowS)
    real.zone = zone
    real.opened = openDescribed(real.directory, { nowS: model.nowS, timeZone: ZONES[zone] ?? 'UTC' })
    model.flushed = true
  },
}))

const ask = fc
  .record({ agoS: fc.nat(300_000), lengthS: fc.nat(300_000), by: fc.constantFrom('app', 'domain', 'hour', 'day') })
  .map(({ agoS, lengthS, by }) => ({
    toString: () => `ask by ${by}`,
    check: (model: Readonly<Model>) => model.flushed,
    run(model: Model, real: Real) {
      const opened = reader(real.directory)
      const range = { fromS: model.nowS - agoS, toS: model.nowS - agoS + lengthS }
      const answer = opened.ask('history', { ...range, by } as Parameters<typeof opened.ask<'history'>>[1])
      opened.close()
      if (!answer.ok) throw new Error(answer.reason)
      const { fromS, toS, measuredMj, idleMj, otherMj, attributedMj, rows } = answer.value
      expect(fromS).toBeLessThanOrEqual(range.fromS)
      const expected = { measuredMj: 0, idleMj: 0, otherMj: 0 }
      for (const [startS, amounts] of model.buckets) {
        if (startS < fromS || startS >= toS) continue
        expected.measuredMj += amounts.measuredMj
        expected.idleMj += amounts.idleMj
        expected.otherMj += amounts.otherMj
      }
      expect({ measuredMj, idleMj, otherMj }).toEqual(expected)
      const ofApps = by === 'domain' ? rows.map((row) => row.activeMj) : rows.map((row) => row.energyMj)
      expect(ofApps.reduce((sum, energyMj) => sum + energyMj, 0)).toBe(attributedMj)
    },
  }))

/** What is asked by the hour is answered by the hour: energies of models and what they delivered belong to the same time. */
const askModels = fc.record({ agoS: fc.nat(300_000), lengthS: fc.nat(300_000) }).map(({ agoS, lengthS }) => ({
  toString: () => 'ask for models and outputs',
  check: (model: Readonly<Model>) => model.flushed,
  run(model: Model, real: Real) {
    const opened = reader(real.directory)
    const range = { fromS: model.nowS - agoS, toS: model.nowS - agoS + lengthS }
    const [models, apps] = [opened.ask('models', range), opened.ask('apps', range)]
    const history = opened.ask('history', { ...range, by: 'day' })
    opened.close()
    if (!models.ok || !apps.ok || !history.ok) throw new Error('no answer')
    const { fromS, toS, rows } = models.value
    expect(apps.value).toMatchObject({ fromS, toS })
    for (const app of [ollama.id, comfy.id]) {
      const expected = model.ofModels.filter((one) => one.app === app && one.startS >= fromS && one.startS < toS)
      const own = rows.filter((row) => row.app === app)
      expect(own.reduce((sum, row) => sum + row.activeMj, 0)).toBe(
        expected.reduce((sum, { activeMj }) => sum + activeMj, 0),
      )
      const ofApp = apps.value.rows.find((row) => row.id === app)
      expect(own.reduce((sum, row) => sum + row.energyMj, 0)).toBeLessThanOrEqual(ofApp?.energyMj ?? 0)
      if (ofApp !== undefined)
        expect(ofApp.trendMj.reduce<number>((sum, stepMj) => sum + (stepMj ?? 0), 0)).toBe(ofApp.energyMj)
    }
    const known = model.delivered.flatMap(({ atS, tokens }) => (atS >= fromS && atS < toS ? (tokens ?? []) : []))
    const { outputTokens, remoteTokens } = apps.value.rows.find((row) => row.id === ollama.id)?.delivered ?? {
      ...{ outputTokens: null, remoteTokens: 0 },
    }
    expect((outputTokens ?? 0) - remoteTokens).toBe(known.reduce((sum, tokens) => sum + tokens, 0))
    expect(history.value.outputFromS).toBeLessThanOrEqual(history.value.fromS)
    expect(history.value.outputToS).toBeGreaterThanOrEqual(history.value.toS)
  },
}))

test('whatever is recorded late or early, over restarts, moves and clock jumps, every answer is the sum of a ten-line model', () => {
  fc.assert(
    fc.property(
      fc.commands([record, record, pass, pass, reopen, ask, ask, askModels, askModels], { maxCommands: 60 }),
      (commands) => {
        const directory = temporaryDirectory()
        const real: Real = { directory, opened: openDescribed(directory), zone: 0 }
        const model: Model = { buckets: new Map(), ofModels: [], delivered: [], nowS: MIDNIGHT_S, flushed: true }
        try {
          fc.modelRun(() => ({ model, real }), commands)
        } finally {
          real.opened.ledger.close(model.nowS)
        }
        expectExactRollups(directory)
        rmSync(directory, { recursive: true })
      },
    ),
    fcOptions('ledger-model', 40, 2_000),
  )
}, 60_000)
