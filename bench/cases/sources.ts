import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { sources as registry } from '../../engine/sources/registry.ts'
import { ensureBuilt, TARGETS } from '../../scripts/lib/build.mjs'
import { outDir } from '../../scripts/lib/paths.mjs'
import { type BenchCase, type BenchContext, definitionOf } from '../case.ts'
import { cpuMark, cpuMsSince, memoryOf } from '../measure.ts'
import { SourcesAnswer, TreeEngineAnswer } from '../programs/orders.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { type Program, startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'
import { type SourceMachine, startSourceMachine } from '../support/source-machine.ts'
import { NOT_NEEDED } from '../support/source-tree.ts'

const ROUNDS = 3
const WARM_UP_MS = 30_000
const WINDOW_TICKS = 10
const TICKS_ALONE = 30
const MOST_US = 100

const here = registry.filter(({ id, platforms }) => platforms.includes('linux') && id !== NOT_NEEDED)
/** Beside RAPL there is nothing left to estimate. */
const together = here.map(({ id }) => id).filter((id) => id !== 'estimate')

const rows: readonly RowDefinition[] = [
  {
    id: 'sources-tick',
    title: `whole engine with ${together.length} sources above one that only estimates, one tick`,
    unit: 'ms CPU',
    target: 0.5,
    against: null,
  },
  { id: 'vendor-memory', title: 'vendor process with NVML, PSS', unit: 'MB', target: 35, against: null },
  ...here.map(({ id }) => ({
    ...{ id: `source-${id}`, title: `source ${id} alone, one tick`, unit: 'µs CPU', target: MOST_US, against: null },
  })),
]

export const sources: BenchCase = {
  id: 'sources',
  rows,
  run: ({ rounds, say }) =>
    inScratch(async (directory) => {
      await ensureBuilt([TARGETS.engine])
      const vendorFile = pathToFileURL(join(outDir, 'engine', 'vendor.mjs')).href
      const machine = await startSourceMachine(directory)
      try {
        const on = { machine, vendorFile, directory, rounds: rounds ?? ROUNDS, say }
        const together = await measureTogether(on)
        const alone = await measureAlone(on)
        return [
          measuredRow(definitionOf(rows, 'sources-tick'), {
            ours: together.aboveMs,
            parts: { 'only estimating': together.bareMs, 'vendor process': together.vendorMs },
            note: 'the vendor process is counted apart: in it, the simulated library reads its file with every call',
          }),
          measuredRow(definitionOf(rows, 'vendor-memory'), {
            ours: together.vendorPssMb,
            parts: { 'its own MB': together.vendorOwnMb },
          }),
          ...here.map(({ id }) => measuredRow(definitionOf(rows, `source-${id}`), { ours: alone[id] ?? [] })),
        ]
      } finally {
        machine.end()
      }
    }),
}

type On = {
  readonly machine: SourceMachine
  readonly vendorFile: string
  readonly directory: string
  readonly rounds: number
  readonly say: BenchContext['say']
}

/** Both engines at the same time, in the same windows, so that what else the machine does weighs on both. */
async function measureTogether({ machine, vendorFile, directory, rounds, say }: On) {
  const costs = { aboveMs: [], bareMs: [], vendorMs: [], vendorPssMb: [], vendorOwnMb: [] } as Record<
    'aboveMs' | 'bareMs' | 'vendorMs' | 'vendorPssMb' | 'vendorOwnMb',
    number[]
  >
  const [full, bare] = [await startProgram('tree-engine'), await startProgram('tree-engine')]
  const order = (sysfs: string, meterAddress: string | null, name: string) => {
    const dataDir = join(directory, name)
    mkdirSync(dataDir, { mode: 0o700, recursive: true })
    return { sysfs, vendorFile, meterAddress, dataDir }
  }
  const askFull = () => full.ask(order(machine.sysfs, machine.meterAddress, 'full'), TreeEngineAnswer)
  const stopMoving = machine.move()
  try {
    await bare.ask(order(machine.emptySysfs, null, 'bare'), TreeEngineAnswer)
    await askFull()
    await wait(WARM_UP_MS)
    for (let round = 0; round < rounds; round++) {
      const vendorPid = expectAll(await askFull())
      const before = { full: cpuMark(full.pid), bare: cpuMark(bare.pid), vendor: cpuMark(vendorPid) }
      await wait(WINDOW_TICKS * 1_000)
      const bareMs = cpuMsSince(bare.pid, before.bare) / WINDOW_TICKS
      costs.aboveMs.push(cpuMsSince(full.pid, before.full) / WINDOW_TICKS - bareMs)
      costs.bareMs.push(bareMs)
      costs.vendorMs.push(cpuMsSince(vendorPid, before.vendor) / WINDOW_TICKS)
      const { pssMb, ownMb } = memoryOf([vendorPid])
      costs.vendorPssMb.push(pssMb)
      costs.vendorOwnMb.push(ownMb)
      say(
        `all sources ${costs.aboveMs.at(-1)?.toFixed(3)} ms above ${bareMs.toFixed(3)}, vendor ${pssMb.toFixed(1)} MB`,
      )
    }
  } finally {
    stopMoving()
    await Promise.all([full.end(), bare.end()])
  }
  return costs
}

/** Pid of the vendor process. @throws where a source reads nothing: it would be cheap for nothing. */
function expectAll({ measuring, vendorPid }: { measuring: readonly string[]; vendorPid: number | null }): number {
  const missing = together.filter((id) => !measuring.includes(id))
  if (missing.length > 0 || vendorPid === null) throw new Error(`the engine does not read ${missing.join(', ')}`)
  return vendorPid
}

async function measureAlone({ machine, vendorFile, rounds, say }: On): Promise<Record<string, number[]>> {
  const costs: Record<string, number[]> = {}
  const program: Program = await startProgram('sources')
  const { sysfs, meterAddress } = machine
  try {
    for (let round = 0; round < rounds; round++) {
      const answer = await program.ask({ sysfs, vendorFile, meterAddress, ticks: TICKS_ALONE }, SourcesAnswer)
      for (const [id, cpuUs] of Object.entries(answer.cpuUs)) {
        if (!answer.readings[id]) throw new Error(`${id} read nothing`)
        costs[id] = [...(costs[id] ?? []), cpuUs]
      }
      say(
        `µs a tick: ${Object.entries(answer.cpuUs)
          .map(([id, us]) => `${id} ${us.toFixed(0)}`)
          .join(', ')}`,
      )
    }
  } finally {
    await program.end()
  }
  return costs
}
