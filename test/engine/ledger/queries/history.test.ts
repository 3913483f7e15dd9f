import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { History } from '../../../../contract/history.ts'
import { expandedRatio } from '../../../../engine/attribution/uncertainty.ts'
import { overheadOf } from '../../../../engine/ledger/queries/overhead.ts'
import type { QuestionInput, QuestionName } from '../../../../engine/ledger/queries/questions.ts'
import { readSeries } from '../../../../engine/ledger/queries/series.ts'
import { openReader } from '../../../../engine/ledger/reader.ts'
import { openDescribed, temporaryDirectory } from '../machine.ts'
import { app, comfy, cpu, domain, gpu, interval, MIDNIGHT_S, ollama } from '../records.ts'

const HOUR_S = 3_600

function ask<N extends QuestionName>(directory: string, name: N, input: QuestionInput<N>) {
  const reader = openReader(directory)
  if (!reader.ok) throw new Error(reader.reason)
  const answer = reader.value.ask(name, input)
  reader.value.close()
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}

/** Three hours: ollama on the CPU all the time, comfyui on the GPU in the second hour only, 35 of its minutes estimated. */
function threeHours(): string {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  for (let index = 0; index < 180; index++) {
    const at = [MIDNIGHT_S + index * 60, MIDNIGHT_S + index * 60 + 60] as const
    ledger.record(interval(cpu, at, { idleMj: 10, otherMj: 30, shares: { ollama: { activeMj: 50, idleMj: 10 } } }))
    if (index >= 60 && index < 120)
      ledger.record(
        interval(gpu, at, {
          idleMj: 5,
          shares: { comfyui: { activeMj: 95 } },
          provenance: index < 95 ? 'estimate' : 'counter',
        }),
      )
    ledger.flush(at[1])
  }
  ledger.flush(MIDNIGHT_S + 3 * HOUR_S + 60)
  ledger.close(MIDNIGHT_S + 3 * HOUR_S + 60)
  return directory
}

const range = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 3 * HOUR_S }

test('by app: what each drew, the largest first, and the machine’s sums beside it', () => {
  const answer = ask(threeHours(), 'history', { ...range, by: 'app' })
  const asTold = { ...answer, overheadFactor: 1, coolingFactor: 1 }
  expect(History.parse(asTold)).toEqual(asTold)
  expect(answer).toMatchObject({
    ...range,
    timeZone: 'Europe/Berlin',
    measuredMj: 180 * 100 + 60 * 100,
    attributedMj: 180 * 60 + 60 * 95,
    idleMj: 180 * 10 + 60 * 5,
    otherMj: 180 * 30,
    overheadMj: null,
    coverageRatio: 1,
    estimatedRatio: 3_500 / 24_000,
    gaps: [],
  })
  expect(answer.rows).toMatchObject([
    { key: 'ollama', energyMj: 10_800, activeMj: 9_000, idleMj: 1_800, otherMj: 0, estimatedRatio: 0 },
    {
      key: 'comfyui',
      energyMj: 5_700,
      activeMj: 5_700,
      idleMj: 0,
      provenance: 'estimate',
      estimatedRatio: 3_325 / 5_700,
    },
  ])
  expect(answer.rows[0]?.provenance).toBe('counter')
})

test('by domain: each row has its own equation, with the floor as its idle energy', () => {
  const answer = ask(threeHours(), 'history', { ...range, by: 'domain' })
  expect(answer.rows).toMatchObject([
    { key: 'cpu/0', energyMj: 18_000, activeMj: 10_800, idleMj: 1_800, otherMj: 5_400, provenance: 'counter' },
    { key: 'gpu/0', energyMj: 6_000, activeMj: 5_700, idleMj: 300, otherMj: 0, provenance: 'estimate' },
  ])
  for (const row of answer.rows) expect(row.activeMj + row.idleMj + row.otherMj).toBe(row.energyMj)
})

test('by hour and by day: buckets of the home zone, whose rows sum to what all apps drew', () => {
  const directory = threeHours()
  const hours = ask(directory, 'history', { ...range, by: 'hour' })
  expect(hours.rows.map(({ key, energyMj }) => [key, energyMj])).toEqual([
    ['2026-11-25T00:00:00+01:00', 3_600],
    ['2026-11-25T01:00:00+01:00', 3_600 + 5_700],
    ['2026-11-25T02:00:00+01:00', 3_600],
  ])
  const days = ask(directory, 'history', { ...range, by: 'day' })
  expect(days.rows.map(({ key, name, energyMj }) => [key, name, energyMj])).toEqual([
    ['2026-11-25T00:00:00+01:00', '2026-11-25', 16_500],
  ])
})

test('edges inside an hour come from finer rows, to the second that they have', () => {
  const directory = threeHours()
  const answer = ask(directory, 'history', { fromS: MIDNIGHT_S + 1_230, toS: MIDNIGHT_S + 2 * HOUR_S + 50, by: 'app' })
  expect(answer).toMatchObject({ fromS: MIDNIGHT_S + 1_230, toS: MIDNIGHT_S + 2 * HOUR_S + 50 })
  expect(answer.rows.find(({ key }) => key === 'ollama')?.energyMj).toBe((6_020 / 60) * 60)
})

test('where the finer rows are gone the range is widened to whole buckets, and says so', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory, { finestS: 900 })
  for (let index = 0; index < 12; index++) {
    const startS = MIDNIGHT_S + index * 900
    ledger.record(interval(cpu, [startS, startS + 900], { otherMj: 1 }))
    ledger.flush(startS + 900)
  }
  ledger.close(MIDNIGHT_S + 12 * 900)
  const answer = ask(directory, 'history', { fromS: MIDNIGHT_S + 1_000, toS: MIDNIGHT_S + 2_000, by: 'domain' })
  expect(answer).toMatchObject({ fromS: MIDNIGHT_S + 900, toS: MIDNIGHT_S + 2_700, measuredMj: 2 })
})

test('an app’s uncertainty is the same from minutes as from the hours they were summed to', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.record(
    interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 60], {
      idleMj: 2_000,
      otherMj: 3_000,
      shares: { ollama: { activeMj: 5_000, varMj2: 600 }, comfyui: { activeMj: 2_000 } },
    }),
  )
  ledger.flush(MIDNIGHT_S + 60)
  const fine = ask(directory, 'history', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + HOUR_S, by: 'app' })
  ledger.flush(MIDNIGHT_S + 2 * HOUR_S)
  const coarse = ask(directory, 'history', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + HOUR_S, by: 'app' })
  ledger.close(MIDNIGHT_S + 2 * HOUR_S)
  // attribution.md §6: P = 1/2, u_share 5 %, the others' 5 % and 15 %, gain 2 %, floor 10 %, random √600 mJ.
  const share = 10_000 ** 2 * (0.25 * (0.5 * 0.05) ** 2 + 0.25 * ((0.2 * 0.05) ** 2 + (0.3 * 0.15) ** 2))
  const standardMj = Math.sqrt(share + (0.02 * 5_000) ** 2 + (0.1 * 2_000 * 0.5) ** 2 + 600)
  expect(fine.rows[0]?.uncertainty).toBeCloseTo(expandedRatio(standardMj, 5_000) ?? 0, 12)
  expect(coarse.rows[0]?.uncertainty).toBeCloseTo(fine.rows[0]?.uncertainty ?? 0, 12)
})

test('an hour’s uncertainty is the same from its minutes as from its hour row, with estimated and measured domains mixed', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  const at = [MIDNIGHT_S, MIDNIGHT_S + 60] as const
  const shares = { ollama: { activeMj: 6_000, varMj2: 600 }, comfyui: { activeMj: 3_000, idleMj: 600 } }
  ledger.record(interval(cpu, at, { idleMj: 1_200, otherMj: 2_400, shares }))
  for (const provenance of ['estimate', 'counter'] as const)
    ledger.record(interval(gpu, at, { idleMj: 1_020, otherMj: 600, shares, provenance }))
  ledger.flush(MIDNIGHT_S + 60)
  const question = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + HOUR_S, by: 'hour' as const }
  const fine = ask(directory, 'history', question)
  ledger.flush(MIDNIGHT_S + 2 * HOUR_S)
  const coarse = ask(directory, 'history', question)
  ledger.close(MIDNIGHT_S + 2 * HOUR_S)
  expect(fine.rows[0]).toMatchObject({ energyMj: 28_800, estimatedRatio: 1 / 3 })
  expect(fine.rows[0]?.uncertainty).toBeGreaterThan(0.02)
  expect(coarse.rows).toEqual([{ ...fine.rows[0], uncertainty: expect.closeTo(fine.rows[0]?.uncertainty ?? 0, 12) }])
})

test('gaps lower the coverage, overlapping ones once, and are handed over cut to the range', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.gap({ fromS: MIDNIGHT_S + 100, toS: MIDNIGHT_S + 300, cause: 'suspend' })
  ledger.gap({ fromS: MIDNIGHT_S + 200, toS: MIDNIGHT_S + 400, cause: 'paused' })
  ledger.close(MIDNIGHT_S + 1_000)
  expect(ask(directory, 'coverage', { fromS: MIDNIGHT_S - 86_400, toS: MIDNIGHT_S + 1_000 })).toBe(0.7)
  expect(ask(directory, 'history', { fromS: MIDNIGHT_S + 250, toS: MIDNIGHT_S + 1_000, by: 'app' }).gaps).toEqual([
    { fromS: MIDNIGHT_S + 250, toS: MIDNIGHT_S + 300, cause: 'suspend' },
    { fromS: MIDNIGHT_S + 250, toS: MIDNIGHT_S + 400, cause: 'paused' },
  ])
})

test('while no engine writes, the time since its last flush is a gap and not covered', () => {
  const directory = temporaryDirectory()
  openDescribed(directory).ledger.close(MIDNIGHT_S + 1_000)
  const question = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 4_000, by: 'app' } as const
  expect(ask(directory, 'history', question)).toMatchObject({
    coverageRatio: 0.25,
    gaps: [{ fromS: MIDNIGHT_S + 1_000, toS: MIDNIGHT_S + 4_000, cause: 'restart' }],
  })
})

test('a whole-machine meter stands outside the sums, and what it saw more in the same time is the overhead', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  const psys = domain('psys', { kind: 'board', scope: 'whole' })
  const battery = domain('battery', { kind: 'battery', scope: 'whole' })
  ledger.describeDomain(psys)
  ledger.describeDomain(battery)
  for (let index = 0; index < 10; index++) {
    const at = [MIDNIGHT_S + index * 60, MIDNIGHT_S + index * 60 + 60] as const
    ledger.record(interval(cpu, at, { otherMj: 100 }))
    if (index < 4) continue
    ledger.record(interval(psys, at, { otherMj: 130 }))
    const bucket = { startWallMs: at[0] * 1_000, endWallMs: at[1] * 1_000, measuredMj: 100 }
    ledger.recordOverhead({ ...bucket, domain: psys.id, wholeMj: 130 })
    ledger.recordOverhead({ ...bucket, domain: battery.id, wholeMj: 120 })
  }
  ledger.close(MIDNIGHT_S + 700)
  const answer = ask(directory, 'history', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 600, by: 'domain' })
  expect(answer).toMatchObject({
    measuredMj: 1_000,
    otherMj: 1_000,
    overheadMj: 6 * 30,
    overheadRatio: 0.3,
    overheadBy: 'psys',
  })
  const none = ask(directory, 'history', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 240, by: 'app' })
  expect(none).toMatchObject({ overheadMj: null, overheadRatio: null, overheadBy: null })
})

test('overhead is the same after two weeks and after three months, when its rows are folded', () => {
  const directory = temporaryDirectory()
  const opened = openDescribed(directory)
  const wall = domain('wall/desk', { kind: 'wall', scope: 'whole' })
  opened.ledger.describeDomain(wall)
  for (let index = 0; index < 120; index++) {
    const startWallMs = (MIDNIGHT_S + index * 60) * 1_000
    const bucket = { startWallMs, endWallMs: startWallMs + 60_000, wholeMj: 131.4 + index, measuredMj: 100 }
    opened.ledger.recordOverhead({ ...bucket, domain: wall.id })
  }
  opened.ledger.flush(MIDNIGHT_S + 7_200)
  const question = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 7_200, by: 'domain' } as const
  const before = ask(directory, 'history', question).overheadMj
  expect(before).toBe(120 * 31 + (119 * 120) / 2)
  const rowsLeft: number[] = []
  for (const days of [15, 95]) {
    // Retention follows the clock in steps, so that a clock set wrong costs nothing.
    const endS = MIDNIGHT_S + days * 86_400
    for (let nowS = MIDNIGHT_S + 7_200; nowS < endS; nowS += 1_200) opened.ledger.flush(nowS)
    opened.ledger.flush(endS)
    const db = new Database(join(directory, 'ledger.sqlite'), { readonly: true })
    rowsLeft.push(Number(db.prepare('SELECT count(*) FROM overhead').pluck().get()))
    const series = readSeries(db)
    expect(overheadOf(db, question, series)?.overheadMj).toBe(before)
    db.close()
  }
  expect(rowsLeft).toEqual([8, 2])
  opened.ledger.close(MIDNIGHT_S + 96 * 86_400)
})

test('today’s sums and the week’s maximum count only what counts as AI, and the maximum is rounded up', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  const game = app('game', { countsAsAi: false })
  ledger.describeApp(game)
  for (let index = 0; index < 10; index++) {
    const at = [MIDNIGHT_S + index * 60, MIDNIGHT_S + index * 60 + 60] as const
    const activeMj = index === 3 ? 60_000 * 22 : 60_000
    ledger.record(
      interval(cpu, at, { idleMj: 5, shares: { ollama: { activeMj, idleMj: 1 }, game: { activeMj: 9_000_000 } } }),
    )
  }
  ledger.flush(MIDNIGHT_S + 660)
  ledger.close(MIDNIGHT_S + 660)
  const aiMj = 31 * 60_000 + 10
  expect(ask(directory, 'todayByApp', { dayStartS: MIDNIGHT_S, nowS: MIDNIGHT_S + 660 })).toEqual({
    measuredMj: aiMj + 50 + 90_000_000,
    aiMj,
    coverageRatio: 1,
    apps: expect.arrayContaining([
      { app: ollama.id, energyMj: aiMj },
      { app: game.id, energyMj: 90_000_000 },
    ]),
  })
  expect(ask(directory, 'weekMaximumAiPower', { nowS: MIDNIGHT_S + 660 })).toBe(30)
  expect(ask(directory, 'weekMaximumAiPower', { nowS: MIDNIGHT_S + 8 * 86_400 })).toBeNull()
})

test('a directory without a ledger has no history, and says so', () => {
  expect(openReader(temporaryDirectory())).toMatchObject({ ok: false, code: 'noHistory' })
})

test('an empty ledger answers every question with nothing', () => {
  const directory = temporaryDirectory()
  openDescribed(directory).ledger.close(MIDNIGHT_S)
  for (const by of ['app', 'domain', 'hour', 'day'] as const)
    expect(ask(directory, 'history', { ...range, by })).toMatchObject({ rows: [], measuredMj: 0, estimatedRatio: 0 })
  expect(comfy.countsAsAi).toBe(true)
})
