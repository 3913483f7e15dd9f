import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserId } from '../../../contract/ids.ts'
import { Dealer, part } from '../../../engine/ledger/dealer.ts'
import { type Histogram, unpackHistogramInto } from '../../../engine/ledger/histogram.ts'
import { mergedOutputs } from '../../../engine/ledger/merged-outputs.ts'
import { migrate } from '../../../engine/ledger/migrate.ts'
import { migrations } from '../../../engine/ledger/migrations/registry.ts'
import type { QuestionInput, QuestionName } from '../../../engine/ledger/queries/questions.ts'
import { openReader } from '../../../engine/ledger/reader.ts'
import type { LedgerJob } from '../../../engine/ledger/work-types.ts'
import { filled } from '../../conformance/migrations-filled.ts'
import { fcOptions } from '../../support/counts.ts'
import { openDescribed, query, temporaryDirectory } from './machine.ts'
import {
  ada,
  cpu,
  gemma,
  grace,
  interval,
  MIDNIGHT_S,
  modelInterval,
  ollama,
  output,
  project,
  qwen,
  request,
} from './records.ts'
import { expectExactRollups } from './rollup-check.ts'

const HOUR_S = 3_600
const DAY_S = 86_400
const utc = (text: string) => Date.parse(text) / 1_000

function ask<N extends QuestionName>(directory: string, name: N, input: QuestionInput<N>) {
  const reader = openReader(directory)
  if (!reader.ok) throw new Error(reader.reason)
  const answer = reader.value.ask(name, input)
  reader.value.close()
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}

/** 1 mJ a second of ollama, all of it its two models', written every `stepS`; one request of 7 tokens each. */
function deliverSteadily(directory: string, timeZone: string, fromS: number, toS: number, stepS = 60): void {
  const { ledger } = openDescribed(directory, { timeZone, nowS: fromS })
  for (let atS = fromS; atS < toS; atS += stepS) {
    const drawn = interval(cpu, [atS, atS + stepS], { shares: { ollama: { activeMj: stepS } } })
    ledger.record(drawn)
    ledger.recordModels(modelInterval(drawn, [qwen, gemma]))
    ledger.recordOutput(output(atS, { outputTokens: 7, user: ada.id }))
    ledger.flush(atS + stepS)
  }
  ledger.flush(toS + 60)
  ledger.close(toS + 60)
}

const outputRows = (directory: string, resolutionS: number) =>
  query<{ start_s: number; output_tokens: number }>(
    directory,
    'SELECT start_s, output_tokens FROM output WHERE resolution_s = ? ORDER BY start_s',
    resolutionS,
  )

test('a ledger from before models were kept goes on with its history, in which nothing was delivered that anybody counted', () => {
  const directory = temporaryDirectory()
  const db = new Database(join(directory, 'ledger.sqlite'))
  migrate(db, migrations.slice(0, 3), () => {})
  filled[3]?.(db)
  db.close()
  const { ledger, notices } = openDescribed(directory, { nowS: 1_764_003_600 })
  ledger.recordOutput(output(1_764_003_600))
  ledger.close(1_764_003_610)
  expect(notices).toEqual([])
  const before = { fromS: 1_763_996_400, toS: 1_764_000_000 }
  const { rows } = ask(directory, 'history', { ...before, by: 'app' })
  expect(rows).toMatchObject([
    { key: 'ollama', activeMj: 1_500, idleMj: 500, output: { tokens: null, requests: null } },
  ])
  expect(ask(directory, 'models', before).rows).toEqual([])
  expect(ask(directory, 'users', before)).toMatchObject({ users: [], projects: [] })
})

describe('energy of models', () => {
  test('an interval across boundaries is cut for the models as it is for their app, whatever it is', () => {
    const mj = fc.array(fc.nat(2_000), { minLength: 1, maxLength: 5 })
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 })
    fc.assert(
      fc.property(mj, cuts, (values, marks) => {
        const sum = values.reduce((all, one) => all + one, 0)
        const dealer = new Dealer(values)
        const totals = values.map(() => 0)
        const edges = [0, ...marks.filter((mark) => mark > 0 && mark < 1).sort((a, b) => a - b), 1]
        for (const [index, to] of edges.entries()) {
          const from = edges[index - 1]
          if (from === undefined) continue
          const pieces = dealer.deal(from, to)
          expect(Math.min(...pieces)).toBeGreaterThanOrEqual(0)
          expect(pieces.reduce((all, one) => all + one, 0)).toBe(part(sum, from, to))
          for (const [place, piece] of pieces.entries()) totals[place] = (totals[place] as number) + piece
        }
        expect(totals).toEqual(values)
      }),
      fcOptions('ledger-dealer', 300, 20_000),
    )
  })

  test('ticks that never meet a boundary leave no millijoule of an app without its models', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    for (let second = 0; second < 3_700; second++) {
      const atS = MIDNIGHT_S + second + 0.37
      const drawn = interval(cpu, [atS, atS + 1], {
        idleMj: 3,
        shares: { ollama: { activeMj: 11 + (second % 5), idleMj: 1 } },
      })
      ledger.record(drawn)
      ledger.recordModels(modelInterval(drawn, [qwen, gemma]))
    }
    ledger.flush(MIDNIGHT_S + 3_800)
    ledger.close(MIDNIGHT_S + 3_800)
    for (const [fromS, toS] of [
      [MIDNIGHT_S, MIDNIGHT_S + HOUR_S],
      [MIDNIGHT_S + HOUR_S, MIDNIGHT_S + 2 * HOUR_S],
    ] as const) {
      const [app] = ask(directory, 'apps', { fromS, toS }).rows
      const models = ask(directory, 'models', { fromS, toS }).rows
      expect(models.map(({ id }) => id)).toEqual([gemma.id, qwen.id])
      expect(models.reduce((sum, row) => sum + row.activeMj, 0)).toBe(app?.activeMj)
      expect(models.reduce((sum, row) => sum + row.idleMj, 0)).toBe(app?.idleMj)
    }
    expectExactRollups(directory)
  })

  test('what a model draws while it loads is its own, and part of what it drew actively', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    const drawn = interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 10], { shares: { ollama: { activeMj: 300, idleMj: 30 } } })
    ledger.record(drawn)
    ledger.recordModels(modelInterval(drawn, [qwen, gemma], true))
    ledger.close(MIDNIGHT_S + 10)
    const { rows } = ask(directory, 'models', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + HOUR_S })
    expect(rows).toMatchObject([
      { id: gemma.id, energyMj: 220, activeMj: 200, idleMj: 20, loadMj: 0 },
      { id: qwen.id, energyMj: 110, activeMj: 100, idleMj: 10, loadMj: 100 },
    ])
  })

  test('a model that nobody described is a bug of the caller, and thrown', () => {
    const { ledger } = openDescribed(temporaryDirectory())
    const drawn = interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 1], { shares: { ollama: { activeMj: 5 } } })
    const nobody = { ...qwen, id: 'ollama/nobody' as typeof qwen.id }
    expect(() => ledger.recordModels(modelInterval(drawn, [nobody]))).toThrow('ollama/nobody was never described')
    expect(() => ledger.recordOutput(output(MIDNIGHT_S, { project: 'p-none' }))).toThrow('p-none')
    ledger.close(MIDNIGHT_S)
  })
})

describe('output', () => {
  test.each([
    ['Europe/Berlin', '2026-10-24T22:00:00Z', 25, 25],
    ['Europe/Berlin', '2026-03-28T23:00:00Z', 23, 23],
    ['Australia/Lord_Howe', '2026-04-04T13:00:00Z', 24.5, 25],
    ['Asia/Kathmandu', '2026-11-24T18:15:00Z', 24, 24],
  ])(
    'in %s the day from %s, of %d hours, holds what was delivered in its %d hours',
    (timeZone, start, hours, buckets) => {
      const directory = temporaryDirectory()
      const startS = utc(start)
      deliverSteadily(directory, timeZone, startS, startS + hours * HOUR_S)
      expect(outputRows(directory, DAY_S)).toEqual([{ start_s: startS, output_tokens: hours * 60 * 7 }])
      const hourly = outputRows(directory, HOUR_S)
      expect(hourly).toHaveLength(buckets)
      expect(hourly.reduce((sum, row) => sum + row.output_tokens, 0)).toBe(hours * 60 * 7)
      expectExactRollups(directory)
    },
  )

  test('a move to another zone ends the day, and nothing is delivered twice or lost', () => {
    const directory = temporaryDirectory()
    const middayS = MIDNIGHT_S + 12 * HOUR_S
    deliverSteadily(directory, 'Europe/Berlin', MIDNIGHT_S, middayS + 1_800)
    deliverSteadily(directory, 'Asia/Kathmandu', middayS + 1_860, MIDNIGHT_S + 60 * HOUR_S)
    const minutes = (60 * HOUR_S) / 60 - 1
    const { rows } = ask(directory, 'history', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 60 * HOUR_S, by: 'hour' })
    expect(rows.reduce((sum, row) => sum + (row.output.tokens ?? 0), 0)).toBe(minutes * 7)
    const whole = ask(directory, 'apps', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 60 * HOUR_S })
    expect(whole.rows[0]?.delivered).toMatchObject({ outputTokens: minutes * 7, requests: minutes })
    expectExactRollups(directory)
  })

  test('what is told hours late is added to its hour and its day, each once', () => {
    const directory = temporaryDirectory()
    deliverSteadily(directory, 'Europe/Berlin', MIDNIGHT_S, MIDNIGHT_S + 26 * HOUR_S)
    const { ledger } = openDescribed(directory, { nowS: MIDNIGHT_S + 27 * HOUR_S })
    ledger.recordOutput(output(MIDNIGHT_S + 3_605, { outputTokens: 1_000, user: ada.id }))
    ledger.flush(MIDNIGHT_S + 27 * HOUR_S)
    ledger.close(MIDNIGHT_S + 27 * HOUR_S + 60)
    expect(outputRows(directory, HOUR_S)[1]?.output_tokens).toBe(60 * 7 + 1_000)
    expect(outputRows(directory, DAY_S)).toEqual([{ start_s: MIDNIGHT_S, output_tokens: 24 * 60 * 7 + 1_000 }])
    expectExactRollups(directory)
  })

  test('where no energy was measured in its hour it is kept, and rolled into the day all the same', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    ledger.recordOutput(output(MIDNIGHT_S + 5 * HOUR_S, { outputTokens: 9 }))
    for (const hours of [6, 30]) ledger.flush(MIDNIGHT_S + hours * HOUR_S)
    ledger.close(MIDNIGHT_S + 30 * HOUR_S)
    expect(outputRows(directory, DAY_S)).toEqual([{ start_s: MIDNIGHT_S, output_tokens: 9 }])
    const [row] = ask(directory, 'apps', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + DAY_S }).rows
    expect(row).toMatchObject({ energyMj: 0, delivered: { outputTokens: 9 } })
    expect(row?.tokensPerJ).toMatchObject({ value: null, reason: 'energy unknown here' })
  })

  test('what nobody counted stays unknown in hours, days and answers, and is never 0', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    const drawn = interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 60], { shares: { ollama: { activeMj: 5_000 } } })
    ledger.record(drawn)
    ledger.recordModels(modelInterval(drawn, [qwen]))
    for (const atS of [0, 30, 3 * HOUR_S])
      ledger.recordOutput(output(MIDNIGHT_S + atS, { outputTokens: null, promptTokens: null, unreportedRequests: 1 }))
    for (const hours of [4, 30]) ledger.flush(MIDNIGHT_S + hours * HOUR_S)
    ledger.close(MIDNIGHT_S + 30 * HOUR_S)
    expect(outputRows(directory, DAY_S)).toEqual([{ start_s: MIDNIGHT_S, output_tokens: null }])
    const range = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + DAY_S }
    const [row] = ask(directory, 'models', range).rows
    expect(row?.delivered).toMatchObject({ outputTokens: null, promptTokens: null, images: null, requests: 3 })
    expect(row?.tokensPerJ).toEqual({ value: null, uncertainty: null, isEstimate: false, reason: 'not reported' })
    expect(row?.jPerImage.reason).toBe('not reported')
    expect(ask(directory, 'history', { ...range, by: 'app' }).rows[0]?.output).toEqual({
      ...{ tokens: null, remoteTokens: null, requests: 3, images: null, audioS: null },
    })
    ledgerSays(directory, MIDNIGHT_S + 31 * HOUR_S, 40)
    expect(
      ask(directory, 'apps', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 2 * DAY_S }).rows[0]?.delivered.outputTokens,
    ).toBe(40)
  })

  test('what waits for a full disk is one entry a quarter of an hour, and holds all of it', () => {
    const waiting = Array.from({ length: 500 }, (_, index) =>
      output(MIDNIGHT_S + index * 4, {
        outputTokens: index % 3 === 0 ? null : index,
        user: index % 2 === 0 ? ada.id : null,
      }),
    )
    const merged = mergedOutputs(waiting)
    expect(merged).toHaveLength(6)
    const sum = (list: typeof waiting, pick: (one: (typeof waiting)[number]) => number) =>
      list.reduce((all, one) => all + pick(one), 0)
    for (const pick of [
      (one: (typeof waiting)[number]) => one.outputTokens ?? 0,
      (one: (typeof waiting)[number]) => one.requests ?? 0,
      (one: (typeof waiting)[number]) => one.requestMj,
    ])
      expect(sum(merged, pick)).toBe(sum(waiting, pick))
    expect(merged.every(({ images }) => images === null)).toBe(true)
    expect(mergedOutputs(merged)).toEqual(merged)
  })
})

function ledgerSays(directory: string, atS: number, outputTokens: number): void {
  const { ledger } = openDescribed(directory, { nowS: atS })
  ledger.recordOutput(output(atS, { outputTokens }))
  ledger.flush(atS + 10)
  ledger.close(atS + 10)
}

describe('requests', () => {
  test('after their days they leave histograms by the day, whose median is within 5 % of the true one', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    ledger.keepRequestsFor(14)
    const firsts = Array.from({ length: 901 }, (_, index) => Math.round(80 * 1.004 ** ((index * 37) % 901)))
    for (const [index, ttftMs] of firsts.entries())
      ledger.recordRequest(request(`r${index}`, (MIDNIGHT_S + index * 60) * 1_000, { ttftMs, user: ada.id }))
    ledger.flush(MIDNIGHT_S + DAY_S)
    const range = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + DAY_S }
    const recordedOutput = output(MIDNIGHT_S)
    ledger.recordOutput(recordedOutput)
    ledger.flush(MIDNIGHT_S + DAY_S + 10)
    const median = [...firsts].sort((a, b) => a - b)[450] ?? 0
    const kept = ask(directory, 'models', range).rows[0]?.ttftMs ?? 0
    // Retention follows the clock by twenty minutes at a flush, at most once a minute.
    for (let minutes = 0; minutes <= 16 * 72; minutes++) ledger.flush(MIDNIGHT_S + DAY_S + minutes * 1_200)
    ledger.close(MIDNIGHT_S + 17 * DAY_S)
    expect(query(directory, 'SELECT count(*) AS kept FROM request')).toEqual([{ kept: 0 }])
    const days = 'SELECT what, count(*) AS days FROM request_histogram GROUP BY what'
    expect(query(directory, days)).toEqual([
      { what: 'duration_ms', days: 2 },
      { what: 'first_ms', days: 2 },
      { what: 'uj_per_token', days: 2 },
    ])
    const counted: Histogram = new Map()
    for (const { bins } of query<{ bins: Uint8Array }>(
      directory,
      "SELECT bins FROM request_histogram WHERE what = 'first_ms'",
    ))
      unpackHistogramInto(counted, bins)
    expect([...counted.values()].reduce((sum, requests) => sum + requests, 0)).toBe(901)
    const folded = ask(directory, 'models', range).rows[0]?.ttftMs ?? 0
    expect(Math.abs(folded / median - 1)).toBeLessThan(0.05)
    expect(kept).toBeGreaterThan(0)
    expect(ask(directory, 'requests', { ...range, limit: 10 })).toEqual({ rows: [], isComplete: true })
  })

  test('a clock that jumps far ahead costs none of them', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    for (let index = 0; index < 50; index++) ledger.recordRequest(request(`r${index}`, (MIDNIGHT_S + index) * 1_000))
    ledger.flush(MIDNIGHT_S + 60)
    for (let index = 0; index < 20; index++) ledger.flush(MIDNIGHT_S + 100 * 365 * DAY_S + index * 60)
    ledger.close(MIDNIGHT_S + 200)
    expect(query(directory, 'SELECT count(*) AS kept FROM request')).toEqual([{ kept: 50 }])
  })

  test('are told newest first, by app, model and person, and whether the limit cut some off', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    for (let index = 0; index < 6; index++)
      ledger.recordRequest(
        request(`r${index}`, (MIDNIGHT_S + index) * 1_000, {
          model: index % 2 === 0 ? qwen.id : gemma.id,
          user: index < 3 ? ada.id : null,
        }),
      )
    ledger.close(MIDNIGHT_S + 60)
    const range = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 60 }
    const ids = (more: object) => ask(directory, 'requests', { ...range, limit: 10, ...more }).rows.map(({ id }) => id)
    expect(ids({})).toEqual(['r5', 'r4', 'r3', 'r2', 'r1', 'r0'])
    expect(ids({ model: qwen.id })).toEqual(['r4', 'r2', 'r0'])
    expect(ids({ user: ada.id })).toEqual(['r2', 'r1', 'r0'])
    expect(ids({ user: UserId.parse('unknown'), app: ollama.id })).toEqual(['r5', 'r4', 'r3'])
    expect(ids({ user: UserId.parse('os/404') })).toEqual([])
    expect(ask(directory, 'requests', { ...range, limit: 6 }).isComplete).toBe(true)
    expect(ask(directory, 'requests', { ...range, limit: 5 })).toMatchObject({ isComplete: false })
    expect(ask(directory, 'request', { id: 'r3' })).toMatchObject({ id: 'r3', user: null, model: gemma.id })
    expect(ask(directory, 'request', { id: 'r9' })).toBeNull()
  })
})

describe('people', () => {
  /** Two identities with a request each. */
  function twoPeople(): string {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    const drawn = interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 10], { shares: { ollama: { activeMj: 2_000 } } })
    ledger.record(drawn)
    ledger.recordModels(modelInterval(drawn, [qwen]))
    for (const user of [ada.id, grace.id]) {
      ledger.recordOutput(
        output(MIDNIGHT_S + 5, { user, requestMj: user === ada.id ? 1_500 : 500, project: project.id }),
      )
      ledger.recordRequest(request(`of ${user}`, (MIDNIGHT_S + 5) * 1_000, { user }))
    }
    ledger.close(MIDNIGHT_S + 10)
    return directory
  }
  const range = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + HOUR_S }

  test('who is merged counts as one, in users, in requests and in what they are called, and can be taken apart again', () => {
    const directory = twoPeople()
    expect(ask(directory, 'users', range).users).toMatchObject([
      { id: ada.id, kind: 'os', energyMj: 1_500, delivered: { outputTokens: 100, requests: 1 }, merged: [] },
      { id: grace.id, kind: 'api', energyMj: 500 },
    ])
    const { ledger } = openDescribed(directory, { nowS: MIDNIGHT_S + 60 })
    expect(ledger.mergePeople(grace.id, ada.id).ok).toBe(true)
    expect(ledger.namePerson(ada.id, 'Ada').ok).toBe(true)
    const [one, ...others] = ask(directory, 'users', range).users
    expect(others).toEqual([])
    expect(one).toMatchObject({ id: ada.id, label: 'Ada', energyMj: 2_000, delivered: { requests: 2 } })
    expect(one?.merged).toMatchObject([{ id: grace.id }])
    const requests = ask(directory, 'requests', { ...range, user: ada.id, limit: 5 }).rows
    expect(requests).toMatchObject([
      { user: ada.id, userLabel: 'Ada' },
      { user: ada.id, userLabel: 'Ada' },
    ])
    expect(ledger.mergePeople(grace.id, null).ok).toBe(true)
    expect(ledger.namePerson(ada.id, null).ok).toBe(true)
    ledger.close(MIDNIGHT_S + 70)
    expect(ask(directory, 'users', range).users).toMatchObject([{ id: ada.id, label: null }, { id: grace.id }])
  })

  test('merges never make a circle, over any number of steps, and nobody is made up', () => {
    const directory = twoPeople()
    const { ledger } = openDescribed(directory, { nowS: MIDNIGHT_S + 60 })
    const third = UserId.parse('api/77')
    ledger.describePerson({ id: third, kind: 'api' })
    ledger.flush(MIDNIGHT_S + 60)
    expect(ledger.mergePeople(ada.id, grace.id).ok).toBe(true)
    expect(ledger.mergePeople(grace.id, third).ok).toBe(true)
    for (const into of [ada.id, grace.id, third])
      expect(ledger.mergePeople(third, into)).toMatchObject({ code: 'unknownUser' })
    expect(ledger.mergePeople(ada.id, UserId.parse('os/404'))).toMatchObject({ ok: false, code: 'unknownUser' })
    expect(ledger.namePerson(UserId.parse('os/404'), 'Nobody')).toMatchObject({ ok: false, code: 'unknownUser' })
    ledger.close(MIDNIGHT_S + 70)
    expect(ask(directory, 'users', range).users).toMatchObject([{ id: third, energyMj: 2_000 }])
  })

  test('a name that was typed survives what is told of its person later', () => {
    const directory = twoPeople()
    const { ledger } = openDescribed(directory, { nowS: MIDNIGHT_S + 60 })
    ledger.namePerson(ada.id, 'Ada')
    ledger.describePerson({ ...ada })
    ledger.flush(MIDNIGHT_S + 60)
    ledger.close(MIDNIGHT_S + 70)
    openDescribed(directory, { nowS: MIDNIGHT_S + 90 }).ledger.close(MIDNIGHT_S + 100)
    expect(ask(directory, 'users', range).users[0]?.label).toBe('Ada')
  })

  test('what nobody metered stands under an unknown user, without a ratio to the energy of the requests that were', () => {
    const directory = twoPeople()
    const { ledger } = openDescribed(directory, { nowS: MIDNIGHT_S + 60 })
    ledger.recordOutput(output(MIDNIGHT_S + 50, { outputTokens: 9_000, requestMj: 0, requestVarMj2: 0 }))
    ledger.recordOutput(output(MIDNIGHT_S + 51))
    ledger.close(MIDNIGHT_S + 70)
    const { users, projects } = ask(directory, 'users', range)
    const unknown = users.find(({ id }) => id === 'unknown')
    expect(unknown).toMatchObject({ kind: 'unknown', energyMj: 500, delivered: { outputTokens: 9_100 } })
    expect(unknown?.tokensPerJ).toMatchObject({ value: null, reason: 'not metered' })
    expect(users.find(({ id }) => id === ada.id)?.tokensPerJ.value).toBeCloseTo(100 / 1.5, 6)
    expect(projects).toMatchObject([{ id: project.id, energyMj: 2_000, delivered: { requests: 2 } }])
  })
})

describe('what was computed elsewhere', () => {
  test('is told beside what was computed here, and enters no ratio with its joules', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    const cloud = { ...gemma, isRemote: true }
    ledger.describeModel(cloud)
    ledger.record(interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 10], { shares: { ollama: { activeMj: 2_000 } } }))
    ledger.recordOutput(output(MIDNIGHT_S + 1, { outputTokens: 100 }))
    ledger.recordOutput(output(MIDNIGHT_S + 2, { model: cloud.id, isRemote: true, outputTokens: 5_000, requestMj: 0 }))
    ledger.close(MIDNIGHT_S + 10)
    const range = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + HOUR_S }
    const [app] = ask(directory, 'apps', range).rows
    expect(app?.delivered).toMatchObject({ outputTokens: 5_100, remoteTokens: 5_000 })
    expect(app?.tokensPerJ.value).toBe(50)
    const remote = ask(directory, 'models', range).rows.find(({ id }) => id === cloud.id)
    for (const figure of [remote?.tokensPerJ, remote?.jPerToken, remote?.whPerRequest])
      expect(figure).toMatchObject({ value: null, reason: 'computed elsewhere' })
    for (const by of ['app', 'hour', 'day'] as const)
      expect(ask(directory, 'history', { ...range, by }).rows[0]?.output).toMatchObject({
        tokens: 100,
        remoteTokens: 5_000,
      })
  })
})

describe('uncertainty', () => {
  test('of the only model is its app’s; of two it is larger by what their division may err by', () => {
    const of = (models: readonly (typeof qwen)[]) => {
      const directory = temporaryDirectory()
      const { ledger } = openDescribed(directory)
      const drawn = interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 10], {
        idleMj: 100,
        shares: { ollama: { activeMj: 3_000 } },
      })
      ledger.record(drawn)
      ledger.recordModels(modelInterval(drawn, models))
      ledger.close(MIDNIGHT_S + 10)
      const range = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + HOUR_S }
      return { app: ask(directory, 'apps', range).rows[0], models: ask(directory, 'models', range).rows }
    }
    const alone = of([qwen])
    expect(alone.models[0]?.uncertainty).toBe(alone.app?.uncertainty)
    const two = of([qwen, gemma])
    // 2/3 and 1/3 of the app, each with a share error of 10 %: √((1/3)² + (1/3)²) and √((2/3)² + (2/3)²), at k = 2.
    const [larger, smaller] = two.models.map(({ uncertainty }) => uncertainty ?? 0)
    const app = two.app?.uncertainty ?? 0
    expect(larger).toBeCloseTo(Math.hypot(app, 0.2 * Math.hypot(1 / 3, 1 / 3)), 10)
    expect(smaller).toBeCloseTo(Math.hypot(app, 0.2 * Math.hypot(2 / 3, 2 / 3)), 10)
  })
})

describe('jobs', () => {
  test('a run is there while it runs, with no energy yet, and whole when it has ended', () => {
    const directory = temporaryDirectory()
    const { ledger } = openDescribed(directory)
    const job: LedgerJob = {
      ...{
        id: 'j1',
        label: 'fine-tune',
        kind: 'run' as const,
        app: null,
        startS: MIDNIGHT_S,
        endS: null,
        exitCode: null,
      },
      ...{ energyMj: null, estimatedMj: 0, uncertainty: null, provenance: null },
    }
    ledger.recordJob(job)
    ledger.flush(MIDNIGHT_S + 10)
    const range = { fromS: MIDNIGHT_S + 100, toS: MIDNIGHT_S + 200 }
    expect(ask(directory, 'jobs', range)).toMatchObject([{ id: 'j1', energyMj: null, endS: null }])
    ledger.recordJob({ ...job, endS: MIDNIGHT_S + 150, exitCode: 3, energyMj: 42_000, provenance: 'counter' })
    ledger.close(MIDNIGHT_S + 200)
    expect(ask(directory, 'jobs', range)).toMatchObject([{ id: 'j1', energyMj: 42_000, exitCode: 3 }])
    expect(ask(directory, 'jobs', { fromS: MIDNIGHT_S + 160, toS: MIDNIGHT_S + 200 })).toEqual([])
  })
})
