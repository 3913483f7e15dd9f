import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { chosenCases, chosenRows, runCase } from './case.ts'
import { cases } from './cases/registry.ts'
import { describeMachine, machineText } from './machine.ts'
import { type BenchOptions, parseOptions, USAGE } from './options.ts'
import type { Row } from './row.ts'
import { tableOf } from './table.ts'

/** `npm run bench`: measures every row of docs/benchmark.md and says which are within their targets. 0: all; 1: not; 2: wrong use. */

const say = (text: string) => void process.stderr.write(`${text}\n`)

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (typeof options === 'string') return refuse(options)
  if (options.list) return list()
  const chosen = chosenCases(cases, options.only)
  if (chosen === null) return refuse(`There is no row "${options.only}"; --list names them all.`)
  warnIfBusy()
  const rows: Row[] = []
  for (const each of chosen) {
    say(`── ${each.id}`)
    rows.push(...chosenRows(await runCase(each, { rounds: options.rounds, say }), each, options.only))
  }
  await report(rows, options)
  return rows.every(({ ok }) => ok) ? 0 : 1
}

async function report(rows: readonly Row[], { json }: BenchOptions): Promise<void> {
  const machine = await describeMachine()
  process.stdout.write(`${machineText(machine)}\n\n${tableOf(rows)}\n`)
  if (json === null) return
  const answer = { schema: 'perwatt.bench/1', machine, at: new Date().toISOString(), rows }
  writeFileSync(json, `${JSON.stringify(answer, null, 2)}\n`)
}

function list(): number {
  for (const { rows } of cases) for (const { id, title } of rows) process.stdout.write(`${id.padEnd(22)} ${title}\n`)
  return 0
}

function refuse(what: string): number {
  say(`${what}\n\n${USAGE}`)
  return 2
}

/** Other people's work moves caches and frequencies: figures of a busy machine are not comparable. */
function warnIfBusy(): void {
  const [lastMinute = 0] = loadavg()
  if (lastMinute > availableParallelism() / 4)
    say(`This machine is busy (load ${lastMinute.toFixed(1)}); figures taken now are too high and scattered.`)
}

process.exitCode = await main()
