import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { node24 } from '../../scripts/lib/paths.mjs'
import { type BenchCase, definitionOf } from '../case.ts'
import { LEDGER_END_S, Reopened, Written } from '../programs/orders.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { type Program, startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'

const ROUNDS = 5
const FLUSHES_BEFORE_KILL = 400
/** The writer that the kill test uses: a flush of 1,000 mJ for each 10 s, told when it is acknowledged. */
const VICTIM = fileURLToPath(new URL('../../test/engine/ledger/kill-victim.ts', import.meta.url))
const FLUSH_MJ = 1_000
const FLUSH_S = 10

const rows: readonly RowDefinition[] = [
  {
    id: 'reopen',
    title: 'a ledger of a year opened and asked after kill -9, less the check of all pages',
    unit: 'ms',
    target: 50,
    against: null,
  },
  { id: 'reopen-lost', title: 'acknowledged flushes lost by kill -9', unit: 'flushes', target: 0, against: null },
]

export const reopen: BenchCase = {
  id: 'reopen',
  rows,
  run: ({ rounds, say }) =>
    inScratch(async (scratch) => {
      const directory = join(scratch, 'year')
      await withLedger((ledger) =>
        ledger.ask({ do: 'write', directory, days: 365, crowd: { apps: 20, models: 10, users: 3 } }, Written),
      )
      const wallMs: number[] = []
      const lost: number[] = []
      const checkMs: number[] = []
      let fromS = LEDGER_END_S + 3_600
      for (let round = 0; round < (rounds ?? ROUNDS); round++) {
        const acknowledgedS = await killWhileWriting(directory, fromS)
        const order = { do: 'reopen', directory, nowS: acknowledgedS + 60, fromS, toS: acknowledgedS }
        const { notices, ...reopened } = await withLedger((ledger) => ledger.ask(order, Reopened))
        if (notices.length > 0) throw new Error(`the file did not survive the kill: ${notices.join(' ')}`)
        wallMs.push(reopened.wallMs)
        checkMs.push(reopened.checkMs)
        lost.push((acknowledgedS - fromS) / FLUSH_S - reopened.measuredMj / FLUSH_MJ)
        say(`reopened in ${reopened.wallMs.toFixed(1)} ms, ${lost.at(-1)} flushes lost`)
        fromS = acknowledgedS + 3_600
      }
      return [
        measuredRow(definitionOf(rows, 'reopen'), {
          ours: wallMs.map((ms, round) => ms - (checkMs[round] ?? 0)),
          parts: { 'with the check': wallMs, 'the check': checkMs },
        }),
        // The worst of all rounds: a median could hide a loss.
        measuredRow(definitionOf(rows, 'reopen-lost'), { ours: [Math.max(...lost)] }),
      ]
    }),
}

/** A process of its own each time: what the last one left in its memory must not help. */
async function withLedger<T>(use: (ledger: Program) => Promise<T>): Promise<T> {
  const ledger = await startProgram('ledger')
  try {
    return await use(ledger)
  } finally {
    await ledger.end()
  }
}

/** The second up to which the writer had acknowledged when it was killed. */
async function killWhileWriting(directory: string, startS: number): Promise<number> {
  const victim = spawn(node24, [VICTIM, directory, String(startS)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(victim, 'close')
  let acknowledgedS = startS
  let count = 0
  for await (const line of createInterface({ input: victim.stdout })) {
    acknowledgedS = Number(line)
    if (++count === FLUSHES_BEFORE_KILL) victim.kill('SIGKILL')
  }
  await ended
  if (victim.signalCode !== 'SIGKILL') throw new Error('the writer ended by itself')
  return acknowledgedS
}
