import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import { inspect } from '../../engine/ledger/inspect.ts'
import { type Ledger, openLedger } from '../../engine/ledger/ledger.ts'
import type { HistoryQuestion } from '../../engine/ledger/queries/history.ts'
import { openReader } from '../../engine/ledger/reader.ts'
import { app, domain, interval, model, modelInterval, output } from '../../test/engine/ledger/records.ts'
import { writeYear } from '../../test/engine/ledger/year.ts'
import { type Asked, DAY_S, type Flushed, LEDGER_END_S, LedgerOrder, type Reopened, type Trends } from './orders.ts'
import { serveOrders } from './serve-orders.ts'

/** The engine's ledger alone, in a process without anything else. */

const FILE = 'ledger.sqlite'
const DOMAINS = 8
const FLUSH_S = 10

type Order<D extends z.infer<typeof LedgerOrder>['do']> = Extract<z.infer<typeof LedgerOrder>, { do: D }>

serveOrders(LedgerOrder, (order) => {
  switch (order.do) {
    case 'write':
      return write(order)
    case 'flush':
      return flush(order)
    case 'trend':
      return trend(order)
    case 'ask':
      return ask(order)
    case 'reopen':
      return reopen(order)
  }
})

function write({ directory, days, crowd }: Order<'write'>) {
  writeYear(directory, LEDGER_END_S - days * DAY_S, days * DAY_S, crowd)
  return { fileMb: statSync(join(directory, FILE)).size / 1e6 }
}

function open(directory: string, nowS: number): { ledger: Ledger; notices: string[] } {
  const opened = openLedger({ directory, timeZone: 'Europe/Berlin', nowS, synchronous: 'full' })
  if (!opened.ok) throw new Error(opened.reason)
  return { ledger: opened.value.ledger, notices: opened.value.notices.map(({ text }) => text) }
}

/** Synced flushes of 10 s each into the file as it is, so far apart that caches are as cold as the engine finds them. */
async function flush({ directory, flushes, apartMs, crowd }: Order<'flush'>): Promise<z.infer<typeof Flushed>> {
  let nowS = writtenToS(directory)
  const { ledger } = open(directory, nowS)
  const domains = Array.from({ length: DOMAINS }, (_, index) => domain(`domain/${index}`))
  for (const one of domains) ledger.describeDomain(one)
  const { apps, models: modelCount } = crowd
  for (let index = 0; index < apps; index++) ledger.describeApp(app(`app-${index}`))
  const models = Array.from({ length: modelCount }, (_, index) => model(`app-${index % apps}/model-${index}`))
  for (const one of models) ledger.describeModel(one)
  const least = leastTransaction(directory)
  const costs: z.infer<typeof Flushed> = { cpuMs: [], leastCpuMs: [] }
  for (let count = 0; count < flushes; count++) {
    for (const [place, one] of domains.entries()) {
      const parts = { idleMj: 20_000, otherMj: 5_000, shares: sharesAt(place, apps) }
      const drawn = interval(one, [nowS, nowS + FLUSH_S], parts)
      ledger.record(drawn)
      for (const { app: id } of drawn.shares) {
        const own = models.filter((of) => of.app === id)
        if (own.length > 0) ledger.recordModels(modelInterval(drawn, own))
      }
    }
    for (const { id, app: owner } of models.slice(0, 2)) ledger.recordOutput(output(nowS, { app: owner, model: id }))
    nowS += FLUSH_S
    await wait(apartMs)
    costs.cpuMs.push(cpuMsOf(() => mustBeWritten(ledger.flush(nowS))))
    await wait(apartMs)
    costs.leastCpuMs.push(cpuMsOf(() => least.write(nowS)))
  }
  least.close()
  ledger.close(nowS)
  return costs
}

function mustBeWritten(flushed: ReturnType<Ledger['flush']>): void {
  if (!flushed.ok) throw new Error(flushed.reason)
}

function cpuMsOf(action: () => void): number {
  const before = process.cpuUsage()
  action()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** What SQLite and the disk ask for a synced transaction, whatever is in it. */
function leastTransaction(directory: string) {
  const db = new Database(join(directory, 'least.sqlite'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = full')
  db.exec('CREATE TABLE IF NOT EXISTS least (id INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT')
  const write = db.prepare('INSERT INTO least VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value')
  return { write: (value: number) => void write.run(value), close: () => void db.close() }
}

/** Each app in one domain, those of a domain beside each other. */
function sharesAt(
  place: number,
  apps: number,
): Record<string, { activeMj: number; idleMj: number; floorShareMj: number; varMj2: number }> {
  const own = Array.from({ length: apps }, (_, index) => index).filter((index) => index % DOMAINS === place)
  return Object.fromEntries(
    own.map((index) => [`app-${index}`, { activeMj: 12_345, idleMj: 678, floorShareMj: 2_345, varMj2: 900 }]),
  )
}

function writtenToS(directory: string): number {
  return withFile(directory, (db) =>
    Number(db.prepare('SELECT complete_to_s FROM progress WHERE resolution_s = 10').pluck().get()),
  )
}

function withFile<T>(directory: string, use: (db: Database.Database) => T): T {
  const db = new Database(join(directory, FILE), { readonly: true })
  try {
    return use(db)
  } finally {
    db.close()
  }
}

const SUMS = 'app_id, sum(active_mj), sum(idle_mj)'
const RANGE = 'start_s >= ? AND start_s < ?'

/**
 * What the ledger's rows allow for a trend of a year, apps by day: a statement a day over hours, which are in the order of time, and
 * one over days.
 */
function trend({ directory }: Order<'trend'>): z.infer<typeof Trends> {
  return withFile(directory, (db) => {
    const days = db
      .prepare<[number, number], { startS: number; endS: number }>(
        `SELECT start_s AS startS, start_s + length_s AS endS FROM bucket WHERE resolution_s = 86400 AND ${RANGE}`,
      )
      .all(LEDGER_END_S - 365 * DAY_S, LEDGER_END_S)
    const hours = db
      .prepare(`SELECT ${SUMS} FROM app_energy WHERE resolution_s = 3600 AND ${RANGE} GROUP BY app_id`)
      .raw()
    const daily = db
      .prepare(`SELECT start_s, app_id, active_mj, idle_mj FROM app_energy WHERE resolution_s = 86400 AND ${RANGE}`)
      .raw()
    const fromHours = timed(() => days.flatMap(({ startS, endS }) => hours.all(startS, endS)).length)
    const fromDays = timed(() => daily.all(LEDGER_END_S - 365 * DAY_S, LEDGER_END_S).length)
    if (fromHours.value !== fromDays.value)
      throw new Error(`hours give ${fromHours.value} rows of a day, days give ${fromDays.value}`)
    return { hoursMs: fromHours.wallMs, daysMs: fromDays.wallMs, rows: fromDays.value }
  })
}

/** The questions that screens ask, each of an open reader. */
const HISTORIES: Readonly<Record<string, Omit<HistoryQuestion, 'fromS' | 'toS'> & { lastS: number }>> = {
  'today by app': { by: 'app', lastS: DAY_S },
  'today by domain': { by: 'domain', lastS: DAY_S },
  'week by hour': { by: 'hour', lastS: 7 * DAY_S },
  'week by app': { by: 'app', lastS: 7 * DAY_S },
  'month by day': { by: 'day', lastS: 30 * DAY_S },
  'year by day': { by: 'day', lastS: 365 * DAY_S },
  'year by app': { by: 'app', lastS: 365 * DAY_S },
  'all by app': { by: 'app', lastS: 3 * 365 * DAY_S },
}
const WORK = ['apps', 'models', 'users'] as const
/** Those that the screens offer. */
const WORK_RANGES: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30 }

function ask({ directory, times }: Order<'ask'>): z.infer<typeof Asked> {
  const reader = openReader(directory)
  if (!reader.ok) throw new Error(reader.reason)
  const wallMs: Record<string, number[]> = {}
  const note = (name: string, action: () => Result<{ length: number }>) => {
    const { value, wallMs: took } = timed(action)
    if (!value.ok || value.value.length === 0) throw new Error(`${name}: no answer`)
    wallMs[name] = [...(wallMs[name] ?? []), took]
  }
  const range = (lastS: number) => ({ fromS: LEDGER_END_S - lastS, toS: LEDGER_END_S })
  for (let count = 0; count < times; count++) {
    for (const [name, { by, lastS }] of Object.entries(HISTORIES))
      note(name, () => rowsOf(reader.value.ask('history', { ...range(lastS), by }), ({ rows }) => rows))
    for (const [name, days] of Object.entries(WORK_RANGES))
      for (const what of WORK)
        note(`${what} of a ${name}`, () =>
          rowsOf(reader.value.ask(what, range(days * DAY_S)), (told) => ('rows' in told ? told.rows : told.users)),
        )
    note('newest 500 requests', () =>
      rowsOf(reader.value.ask('requests', { ...range(14 * DAY_S), limit: 500 }), ({ rows }) => rows),
    )
  }
  reader.value.close()
  return { wallMs }
}

function rowsOf<T>(answer: Result<T>, pick: (told: T) => { length: number }): Result<{ length: number }> {
  return answer.ok ? ok(pick(answer.value)) : answer
}

function reopen({ directory, nowS, fromS, toS }: Order<'reopen'>): z.infer<typeof Reopened> {
  const check = timed(() => inspect(join(directory, FILE)))
  const { value, wallMs } = timed(() => {
    const { ledger, notices } = open(directory, nowS)
    const reader = openReader(directory)
    if (!reader.ok) throw new Error(reader.reason)
    const history = reader.value.ask('history', { fromS, toS, by: 'app' })
    reader.value.close()
    if (!history.ok) throw new Error(history.reason)
    return { ledger, notices, measuredMj: history.value.measuredMj }
  })
  value.ledger.close(nowS)
  return { wallMs, checkMs: check.wallMs, measuredMj: value.measuredMj, notices: value.notices }
}

function timed<T>(action: () => T): { value: T; wallMs: number } {
  const startMs = performance.now()
  const value = action()
  return { value, wallMs: performance.now() - startMs }
}
