import { type BenchCase, type BenchContext, definitionOf } from '../case.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { mean, median } from '../statistics.ts'
import { compile } from '../support/compile.ts'
import { fillTo, startForks, startKnownApps } from '../support/crowd.ts'
import { type Program, startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'
import { sampleCosts } from './sampler.ts'

const ROUNDS = 3
const FEW = 500
const MANY = 2_500
const QUIET = { samples: 60, apartMs: 120 }
/** A tick a second, as in life: what is looked for at a slower beat then costs what it costs in life. */
const FORKING = { samples: 20, apartMs: 1_000 }

const shared = { unit: 'ms CPU', against: `${FEW} processes` }
const rows: readonly RowDefinition[] = [
  { id: 'sampler-2500', title: `one sample at ${MANY} processes`, target: 1.15, ...shared },
  { id: 'sampler-2500-forks', title: `one sample at ${MANY} processes, 5 forks a second`, target: 1.3, ...shared },
]

type Costs = { readonly quiet: number[]; readonly forking: number[] }

export const samplerCrowd: BenchCase = {
  id: 'sampler-2500',
  rows,
  run: ({ rounds, say }) =>
    inScratch(async (directory) => {
      const crowd = compile('crowd', directory)
      const apps = await startKnownApps(crowd, directory)
      const few: Costs = { quiet: [], forking: [] }
      const many: Costs = { quiet: [], forking: [] }
      try {
        for (let round = 0; round < (rounds ?? ROUNDS); round++) {
          await measureAt(FEW, few, { crowd, folder: apps.folder, say })
          await measureAt(MANY, many, { crowd, folder: apps.folder, say })
        }
      } finally {
        await apps.end()
      }
      const peer = `${FEW} processes`
      return [
        measuredRow(definitionOf(rows, 'sampler-2500'), { ours: many.quiet, peers: { [peer]: few.quiet } }),
        measuredRow(definitionOf(rows, 'sampler-2500-forks'), { ours: many.forking, peers: { [peer]: few.forking } }),
      ]
    }),
}

/** A sampler that has seen this crowd from its start, first in peace, then with forks. */
async function measureAt(
  processes: number,
  costs: Costs,
  { crowd, folder, say }: { crowd: string; folder: string; say: BenchContext['say'] },
): Promise<void> {
  const others = await fillTo(crowd, processes)
  let program: Program | null = null
  try {
    program = await startProgram('sampler')
    costs.quiet.push(median(await sampleCosts(program, folder, QUIET.samples, QUIET.apartMs)))
    const forks = startForks()
    try {
      // The mean, since one listing of the table among twenty samples is part of the price.
      costs.forking.push(mean(await sampleCosts(program, folder, FORKING.samples, FORKING.apartMs)))
    } finally {
      await forks.end()
    }
  } finally {
    await Promise.all([program?.end(), others.end()])
  }
  say(`${processes} processes: ${costs.quiet.at(-1)?.toFixed(3)} ms, ${costs.forking.at(-1)?.toFixed(3)} with forks`)
}
