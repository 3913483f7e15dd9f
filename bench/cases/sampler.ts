import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type BenchCase, definitionOf } from '../case.ts'
import { SamplerAnswer } from '../programs/orders.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { median } from '../statistics.ts'
import { compile } from '../support/compile.ts'
import { fillTo, KNOWN_APPS, startKnownApps } from '../support/crowd.ts'
import { type Program, startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'

const ROUNDS = 5
const SAMPLES = 40
const APART_MS = 120
const PROCESSES = 500

const rows: readonly RowDefinition[] = [
  {
    id: 'sampler',
    title: `sampler alone, ${KNOWN_APPS} known apps, one sample`,
    unit: 'ms CPU',
    target: 3,
    against: 'the same in C',
  },
]

export const sampler: BenchCase = {
  id: 'sampler',
  rows,
  run: ({ rounds, say }) =>
    inScratch(async (directory) => {
      const crowd = compile('crowd', directory)
      const c = compile('sample', directory)
      const apps = await startKnownApps(crowd, directory)
      const others = await fillTo(crowd, PROCESSES)
      const program = await startProgram('sampler')
      const costs = { ours: [] as number[], c: [] as number[] }
      try {
        for (let round = 0; round < (rounds ?? ROUNDS); round++) {
          costs.ours.push(median(await sampleCosts(program, apps.folder, SAMPLES, APART_MS)))
          costs.c.push(await costInC(c, apps.pids))
          say(`sampler: ${costs.ours.at(-1)?.toFixed(3)} ms, in C ${costs.c.at(-1)?.toFixed(3)} ms`)
        }
      } finally {
        await Promise.all([program.end(), apps.end(), others.end()])
      }
      return [measuredRow(definitionOf(rows, 'sampler'), { ours: costs.ours, peers: { 'the same in C': costs.c } })]
    }),
}

/** CPU ms of each sample. @throws where the sampler does not know all of the known apps: it would be cheap for nothing. */
export async function sampleCosts(
  program: Program,
  folder: string,
  samples: number,
  apartMs: number,
): Promise<number[]> {
  const { cpuMs, known } = await program.ask({ samples, apartMs, mark: `${folder}/` }, SamplerAnswer)
  if (known !== KNOWN_APPS) throw new Error(`the sampler knows ${known} of ${KNOWN_APPS} processes`)
  return cpuMs
}

async function costInC(program: string, pids: readonly number[]): Promise<number> {
  const args = [String(SAMPLES), String(APART_MS), ...pids.map(String)]
  const { stdout } = await promisify(execFile)(program, args)
  return median(stdout.trim().split('\n').map(Number)) / 1e6
}
