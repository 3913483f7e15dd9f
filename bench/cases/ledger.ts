import { join } from 'node:path'
import { type BenchCase, definitionOf } from '../case.ts'
import { Asked, Flushed, Trends, Written } from '../programs/orders.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { mean, median, quantile } from '../statistics.ts'
import { type Program, startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'

const ROUNDS = 5
const FLUSHES = 30
const FLUSHES_APART_MS = 150
const YEAR_DAYS = 365
const CROWD = { apps: 20, models: 10, users: 3 }

const yearRows: readonly RowDefinition[] = [
  {
    id: 'ledger-year',
    title: 'file after a year: 8 domains, 20 apps busy 15 % of the time, 10 models, 3 users',
    unit: 'MB',
    target: 25,
    against: null,
  },
  {
    id: 'flush',
    title: 'flush of 10 s, 8 domains, 20 apps, 10 models, above the least synced transaction',
    unit: 'ms CPU',
    target: 0.3,
    against: null,
  },
  { id: 'year-trend-hours', title: 'a year, 20 apps by day, from hours', unit: 'ms', target: 20, against: null },
  { id: 'year-trend-days', title: 'a year, 20 apps by day, from days', unit: 'ms', target: 3, against: null },
]

export const ledgerYear: BenchCase = {
  id: 'ledger-year',
  rows: yearRows,
  run: ({ rounds, say }) =>
    inScratch(async (scratch) => {
      const directory = join(scratch, 'year')
      const ledger = await startProgram('ledger')
      try {
        const { fileMb } = await ledger.ask({ do: 'write', directory, days: YEAR_DAYS, crowd: CROWD }, Written)
        say(`a year: ${fileMb.toFixed(1)} MB`)
        const trends = await trendsOf(ledger, directory, rounds ?? ROUNDS)
        const flushes = await flushesOf(ledger, directory, rounds ?? ROUNDS)
        const row = (id: string) => definitionOf(yearRows, id)
        return [
          measuredRow(row('ledger-year'), { ours: [fileMb] }),
          measuredRow(row('flush'), {
            ours: flushes.means.map((ms, round) => ms - (flushes.least[round] ?? 0)),
            parts: { whole: flushes.means, median: flushes.medians, 'least synced transaction': flushes.least },
          }),
          measuredRow(row('year-trend-hours'), { ours: trends.map(({ hoursMs }) => hoursMs) }),
          measuredRow(row('year-trend-days'), { ours: trends.map(({ daysMs }) => daysMs) }),
        ]
      } finally {
        await ledger.end()
      }
    }),
}

async function trendsOf(ledger: Program, directory: string, rounds: number) {
  const trends = []
  // The first reads the file into the cache.
  await ledger.ask({ do: 'trend', directory }, Trends)
  for (let round = 0; round < rounds; round++) trends.push(await ledger.ask({ do: 'trend', directory }, Trends))
  return trends
}

/** Means: a flush in which a minute or an hour is rolled up, or old rows are dropped, is part of the price. */
async function flushesOf(ledger: Program, directory: string, rounds: number) {
  const costs: { means: number[]; medians: number[]; least: number[] } = { means: [], medians: [], least: [] }
  const order = { do: 'flush', directory, flushes: FLUSHES, apartMs: FLUSHES_APART_MS, crowd: CROWD }
  for (let round = 0; round < rounds; round++) {
    const { cpuMs, leastCpuMs } = await ledger.ask(order, Flushed)
    costs.means.push(mean(cpuMs))
    costs.medians.push(median(cpuMs))
    costs.least.push(mean(leastCpuMs))
  }
  return costs
}

const LONG_DAYS = 3 * 365
const LONG_CROWD = { apps: 40, models: 60, users: 25 }

const longRows: readonly RowDefinition[] = [
  {
    id: 'ledger-3-years',
    title: 'file after three years: 8 domains, 40 apps, 60 models, 25 users',
    unit: 'MB',
    target: 250,
    against: null,
  },
  {
    id: 'ledger-3-years-questions',
    title: 'the slowest of the screens’ questions there, 95 of 100',
    unit: 'ms',
    target: 50,
    against: null,
  },
]

export const ledgerLong: BenchCase = {
  id: 'ledger-3-years',
  rows: longRows,
  run: ({ rounds, say }) =>
    inScratch(async (scratch) => {
      const directory = join(scratch, 'long')
      const ledger = await startProgram('ledger')
      try {
        const { fileMb } = await ledger.ask({ do: 'write', directory, days: LONG_DAYS, crowd: LONG_CROWD }, Written)
        say(`three years: ${fileMb.toFixed(1)} MB`)
        const slowest: number[] = []
        const parts: Record<string, number[]> = {}
        for (let round = 0; round < (rounds ?? 3); round++) {
          const { wallMs } = await ledger.ask({ do: 'ask', directory, times: 20 }, Asked)
          for (const [name, values] of Object.entries(wallMs)) parts[name] = [...(parts[name] ?? []), median(values)]
          slowest.push(Math.max(...Object.values(wallMs).map((values) => quantile(values, 0.95))))
        }
        return [
          measuredRow(definitionOf(longRows, 'ledger-3-years'), { ours: [fileMb] }),
          measuredRow(definitionOf(longRows, 'ledger-3-years-questions'), { ours: slowest, parts }),
        ]
      } finally {
        await ledger.end()
      }
    }),
}
