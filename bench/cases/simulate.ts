import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { type BenchCase, definitionOf } from '../case.ts'
import { Played } from '../programs/orders.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'

const ROUNDS = 3
/** An hour of life. Played, the first hour of a quiet night is a few dozen ticks, in which hardly anything is compiled. */
const HOUR_TICKS = 3_600
const RIGS = fileURLToPath(new URL('../../test/rigs/', import.meta.url))

async function play(rig: string, isService: boolean): Promise<z.infer<typeof Played>> {
  return inScratch(async (scratch) => {
    const program = await startProgram('play', ['--expose-gc'])
    try {
      const order = {
        rig: join(RIGS, `${rig}.json`),
        dataDir: join(scratch, 'data'),
        isService,
        firstMarkTicks: HOUR_TICKS,
      }
      const played = await program.ask(order, Played)
      if (played.coverageRatio < 0.99) throw new Error(`only ${played.coverageRatio} of ${rig} was measured`)
      return played
    } finally {
      await program.end()
    }
  })
}

const weekRows: readonly RowDefinition[] = [
  { id: 'engine-memory', title: 'engine after a simulated week, PSS', unit: 'MB', target: 64, against: null },
  {
    id: 'engine-memory-growth',
    title: 'from an hour’s ticks to the end of the week',
    unit: 'MB',
    target: 3,
    against: null,
  },
  { id: 'simulate-week', title: 'a week simulated', unit: 's CPU', target: 15, against: null },
]

export const simulateWeek: BenchCase = {
  id: 'engine-memory',
  rows: weekRows,
  async run({ rounds, say }) {
    const played: z.infer<typeof Played>[] = []
    for (let round = 0; round < (rounds ?? ROUNDS); round++) {
      const one = await play('busy-week', true)
      played.push(one)
      say(
        `a week: ${(one.cpuMs / 1_000).toFixed(1)} s, ${one.first.pssMb.toFixed(1)} → ${one.last.pssMb.toFixed(1)} MB`,
      )
    }
    const row = (id: string) => definitionOf(weekRows, id)
    return [
      measuredRow(row('engine-memory'), {
        ours: played.map(({ last }) => last.pssMb),
        parts: { 'its own': played.map(({ last }) => last.ownMb) },
      }),
      // Of its own pages: what is shared with others changes as they come and go.
      measuredRow(row('engine-memory-growth'), { ours: played.map(({ first, last }) => last.ownMb - first.ownMb) }),
      measuredRow(row('simulate-week'), { ours: played.map(({ cpuMs }) => cpuMs / 1_000) }),
    ]
  },
}

const quarterRows: readonly RowDefinition[] = [
  { id: 'simulate-quarter', title: 'twelve weeks simulated', unit: 's CPU', target: 180, against: null },
]

export const simulateQuarter: BenchCase = {
  id: 'simulate-quarter',
  rows: quarterRows,
  async run({ rounds, say }) {
    const cpuS: number[] = []
    for (let round = 0; round < (rounds ?? ROUNDS); round++) {
      cpuS.push((await play('quarter', false)).cpuMs / 1_000)
      say(`twelve weeks: ${cpuS.at(-1)?.toFixed(1)} s`)
    }
    return [measuredRow(definitionOf(quarterRows, 'simulate-quarter'), { ours: cpuS })]
  },
}
