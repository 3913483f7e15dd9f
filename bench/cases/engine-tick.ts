import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { type BenchCase, type BenchContext, definitionOf } from '../case.ts'
import { cpuMark, cpuMsSince, memoryOf } from '../measure.ts'
import { costOf, isInstalled, otherMonitors, startMonitor, top } from '../peers/monitors.ts'
import { measuredRow, type NotMeasured, type RowDefinition } from '../row.ts'
import { compile } from '../support/compile.ts'
import { fillTo, KNOWN_APPS, startKnownApps } from '../support/crowd.ts'
import { type RunningEngine, startBuiltEngine } from '../support/engine.ts'
import { type Program, startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'

const ROUNDS = 3
const PROCESSES = 500
const WARM_UP_MS = 30_000
/** After peers have come and gone: their processes are looked at again up to ten seconds later. */
const SETTLE_MS = 11_000
const WINDOW_TICKS = 10
const PEER_LOOKS = 5
const SI = 'systeminformation.processes()'

/** Bounds of reference figures: a tenth of top is as little of each of the others. */
const rows: readonly RowDefinition[] = [
  ['engine-tick', top.name, 1 / 10],
  ['engine-tick-pidstat', 'pidstat 1', 1 / 17],
  ['engine-tick-atop', 'atop 1, to a file', 1 / 30],
  ['engine-tick-btop', 'btop', 1 / 10],
  ['engine-tick-glances', 'glances -t1', 1 / 60],
  ['engine-tick-si', SI, 1 / 400],
].map(([id, against, target]) => ({
  id: String(id),
  title: `whole engine, one tick at ${PROCESSES} processes, ${KNOWN_APPS} known apps`,
  unit: 'ms CPU',
  target: Number(target),
  against: String(against),
}))

type Costs = {
  readonly ours: number[]
  readonly pssMb: number[]
  readonly peers: Record<string, number[] | NotMeasured>
}

export const engineTick: BenchCase = {
  id: 'engine-tick',
  rows,
  run: ({ rounds, say }) =>
    inScratch(async (directory) => {
      const crowd = compile('crowd', directory)
      const apps = await startKnownApps(crowd, directory)
      const others = await fillTo(crowd, PROCESSES)
      const engine = await startBuiltEngine(directory)
      const si = await startProgram('systeminformation')
      try {
        const costs = await measureRounds(rounds ?? ROUNDS, { engine, si, directory, say })
        return rows.map(({ id, against }) => {
          const peer = costs.peers[against ?? ''] ?? { why: 'not measured' }
          return measuredRow(definitionOf(rows, id), {
            ours: costs.ours,
            peers: { [against ?? '']: peer },
            ...(id === 'engine-tick' ? { parts: { 'PSS MB': costs.pssMb } } : {}),
          })
        })
      } finally {
        await Promise.all([engine.end(), si.end(), apps.end(), others.end()])
      }
    }),
}

async function measureRounds(
  rounds: number,
  on: { engine: RunningEngine; si: Program; directory: string; say: BenchContext['say'] },
): Promise<Costs> {
  const { engine, si, directory, say } = on
  const costs: Costs = { ours: [], pssMb: [], peers: {} }
  if (!isInstalled(top)) throw new Error('top is not installed')
  const beside = await startMonitor(top, directory)
  const add = (name: string, value: number | NotMeasured) => {
    const known = costs.peers[name]
    if (typeof value !== 'number') costs.peers[name] = value
    else if (Array.isArray(known)) known.push(value)
    else costs.peers[name] = [value]
  }
  try {
    await wait(WARM_UP_MS)
    await expectAppsKnown(engine)
    for (let round = 0; round < rounds; round++) {
      await wait(SETTLE_MS)
      const before = { ours: cpuMark(engine.pid), top: cpuMark(beside.pid) }
      await wait(WINDOW_TICKS * 1_000)
      costs.ours.push(cpuMsSince(engine.pid, before.ours) / WINDOW_TICKS)
      add(top.name, cpuMsSince(beside.pid, before.top) / WINDOW_TICKS)
      costs.pssMb.push(memoryOf([engine.pid]).pssMb)
      say(`engine ${costs.ours.at(-1)?.toFixed(2)} ms a tick, ${top.name} ${JSON.stringify(costs.peers[top.name])}`)
      for (const monitor of otherMonitors) add(monitor.name, await costOf(monitor, directory, PEER_LOOKS))
      add(SI, await costOfSystemInformation(si))
    }
  } finally {
    beside.end()
  }
  return costs
}

/** An engine that does not see the apps would be cheap for nothing. */
async function expectAppsKnown(engine: RunningEngine): Promise<void> {
  const shown = (await engine.appsShown()).filter((id) => id !== 'perwatt')
  if (shown.length < KNOWN_APPS) throw new Error(`the engine shows ${shown.length} of ${KNOWN_APPS} apps: ${shown}`)
}

async function costOfSystemInformation(si: Program): Promise<number> {
  const before = cpuMark(si.pid)
  const { processes } = await si.ask({}, z.object({ processes: z.int() }))
  if (processes < PROCESSES / 2) throw new Error(`systeminformation saw ${processes} processes only`)
  return cpuMsSince(si.pid, before)
}
