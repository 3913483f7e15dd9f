import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { cover } from '../../../../engine/ledger/queries/cover.ts'
import { questions } from '../../../../engine/ledger/queries/questions.ts'
import { openDescribed, temporaryDirectory } from '../machine.ts'
import {
  ada,
  cpu,
  gemma,
  interval,
  MIDNIGHT_S,
  modelInterval,
  ollama,
  output,
  project,
  qwen,
  request,
} from '../records.ts'

/** Series are a few dozen rows and `state` is read by key; everything that grows with time is only ever searched. */
const SMALL = ['domain', 'app', 'model', 'person', 'project']

test('every statement of every question searches by key: no table that grows is read from end to end', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  for (let atS = MIDNIGHT_S; atS < MIDNIGHT_S + 90_000; atS += 600) {
    const drawn = interval(cpu, [atS, atS + 600], { otherMj: 60, shares: { ollama: { activeMj: 60 } } })
    ledger.record(drawn)
    ledger.recordModels(modelInterval(drawn, [qwen, gemma]))
    ledger.recordOutput(output(atS, { user: ada.id, project: project.id }))
    ledger.recordRequest(request(`r${atS}`, atS * 1_000, { user: ada.id }))
  }
  ledger.close(MIDNIGHT_S + 90_000)

  const statements = new Set<string>()
  const db = new Database(join(directory, 'ledger.sqlite'), {
    readonly: true,
    verbose: (sql) => statements.add(String(sql)),
  })
  const range = { fromS: MIDNIGHT_S + 70, toS: MIDNIGHT_S + 90_000 }
  for (const by of ['app', 'domain', 'hour', 'day'] as const) questions.history(db, { ...range, by })
  questions.todayByApp(db, { dayStartS: MIDNIGHT_S, nowS: range.toS })
  questions.weekMaximumAiPower(db, { nowS: range.toS })
  questions.coverage(db, range)
  questions.apps(db, range)
  questions.models(db, range)
  questions.users(db, range)
  for (const only of [{}, { app: ollama.id }, { model: qwen.id }, { user: ada.id }])
    questions.requests(db, { ...range, ...only, limit: 10 })
  questions.request(db, { id: `r${MIDNIGHT_S}` })
  questions.jobs(db, range)
  db.close()

  const planner = new Database(join(directory, 'ledger.sqlite'), { readonly: true })
  const plans = [...statements].map((sql) => ({
    sql,
    steps: planner
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail),
  }))
  planner.close()
  expect(plans.length).toBeGreaterThan(20)
  // What was searched may still be grouped.
  for (const { sql, steps } of plans)
    for (const step of steps)
      if (
        !SMALL.some((table) => `${step} `.startsWith(`SCAN ${table} `)) &&
        !/^USE TEMP B-TREE FOR (GROUP BY|LAST TERM OF ORDER BY)$/.test(step)
      )
        expect(step, sql).toMatch(/^SEARCH \w+ USING (PRIMARY KEY|INTEGER PRIMARY KEY|COVERING INDEX|INDEX)/)
})

test('a year is covered by its days, and by hours, quarters and minutes at its edges', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  for (let atS = MIDNIGHT_S; atS < MIDNIGHT_S + 3 * 86_400; atS += 600)
    ledger.record(interval(cpu, [atS, atS + 600], { otherMj: 60 }))
  ledger.flush(MIDNIGHT_S + 3 * 86_400)
  ledger.close(MIDNIGHT_S + 3 * 86_400 + 60)
  const db = new Database(join(directory, 'ledger.sqlite'), { readonly: true })
  const { segments } = cover(db, { fromS: MIDNIGHT_S + 84_000, toS: MIDNIGHT_S + 2 * 86_400 + 5_470 })
  db.close()
  const day = MIDNIGHT_S + 86_400
  expect(segments).toEqual([
    { resolutionS: 60, fromS: MIDNIGHT_S + 84_000, toS: MIDNIGHT_S + 84_600 },
    { resolutionS: 900, fromS: MIDNIGHT_S + 84_600, toS: day },
    { resolutionS: 86_400, fromS: day, toS: day + 86_400 },
    { resolutionS: 3_600, fromS: day + 86_400, toS: day + 90_000 },
    { resolutionS: 900, fromS: day + 90_000, toS: day + 91_800 },
    { resolutionS: 60, fromS: day + 91_800, toS: day + 91_860 },
    { resolutionS: 10, fromS: day + 91_860, toS: day + 91_870 },
  ])
})
