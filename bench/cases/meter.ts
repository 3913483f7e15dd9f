import { type BenchCase, definitionOf } from '../case.ts'
import { cpuMark, cpuMsSince, memoryOf } from '../measure.ts'
import { ClientAnswer, PeerAnswer, ServerAnswer } from '../programs/stream-orders.ts'
import { measuredRow, type Row, type RowDefinition } from '../row.ts'
import { startMeterProcess } from '../support/meter-process.ts'
import { startNginx } from '../support/nginx.ts'
import { type Program, startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'

const ROUNDS = 3
const FOR_MS = 4_000
const CHUNKS = 200
const STREAMS = [1, 16, 64] as const
const MOST = 64
const PACED_MS = 10

const rows: readonly RowDefinition[] = [
  // Ratios of throughput are turned over, because a row allows a greatest value: direct ÷ ours ≤ 1 ÷ 0.85.
  {
    id: 'meter-direct',
    title: 'meter, 64 streams unpaced, ms a request',
    unit: 'ms',
    target: 1 / 0.85,
    against: 'direct',
  },
  { id: 'meter-nginx', title: 'the same beside nginx', unit: 'ms', target: 1 / 0.85, against: 'nginx' },
  {
    id: 'meter-pipe',
    title: 'the same beside a Node http pipe',
    unit: 'ms',
    target: 1 / 2.5,
    against: 'Node http pipe',
  },
  {
    id: 'meter-added',
    title: 'meter, 64 streams at 100 chunks a second, added to a chunk (median)',
    unit: 'ms',
    target: 0.3,
    against: null,
  },
  { id: 'meter-added-p99', title: 'the same, 99th of a hundred', unit: 'ms', target: 1.5, against: null },
  { id: 'meter-chunk-cpu', title: 'the same, CPU a chunk', unit: 'µs', target: 20, against: null },
  {
    id: 'meter-first',
    title: 'meter, 1 stream, added to the first byte (median)',
    unit: 'ms',
    target: 0.3,
    against: null,
  },
  { id: 'meter-first-p99', title: 'the same, 99th of a hundred', unit: 'ms', target: 1, against: null },
  { id: 'meter-memory', title: 'meter process after it, PSS', unit: 'MB', target: 35, against: null },
]

type Way = { readonly name: string; readonly port: number; readonly pid: number | null }
type Taken = ClientAnswer & { readonly cpuMs: number }
/** By way and number of streams (`paced` for the paced ones). */
type Figures = Map<string, Taken[]>

export const meter: BenchCase = {
  id: 'meter',
  rows,
  run: ({ rounds, say }) =>
    inScratch(async (directory) => {
      const programs: { end(): Promise<void> }[] = []
      const started = async (name: string) => {
        const program = await startProgram(name)
        programs.push(program)
        return program
      }
      try {
        // One after the other: a program that is started twice is built twice, at the same place.
        const served = async (apartMs: number) => {
          const program = await started('stream-server')
          return (await program.ask({ chunks: CHUNKS, apartMs }, ServerAnswer)).port
        }
        const metered = async (target: number) => {
          const process = await startMeterProcess(target, directory)
          programs.push(process)
          return process
        }
        const [fastPort, pacedPort] = [await served(0), await served(PACED_MS)]
        const [fastMeter, pacedMeter] = [await metered(fastPort), await metered(pacedPort)]
        const [client, pipe] = [await started('stream-client'), await started('http-pipe')]
        const pipePort = (await pipe.ask({ target: fastPort }, PeerAnswer)).port
        const nginx = await startNginx(fastPort, directory)
        const ways: Way[] = [
          { name: 'direct', port: fastPort, pid: null },
          { name: 'ours', port: fastMeter.port, pid: fastMeter.pid },
          { name: 'Node http pipe', port: pipePort, pid: pipe.pid },
          ...(nginx === null ? [] : [{ name: 'nginx', port: nginx.port, pid: nginx.workerPid }]),
        ]
        const pacedWays: Way[] = [
          { name: 'direct', port: pacedPort, pid: null },
          { name: 'ours', port: pacedMeter.port, pid: pacedMeter.pid },
        ]
        const figures: Figures = new Map()
        for (let round = 0; round < (rounds ?? ROUNDS); round++) {
          for (const streams of STREAMS)
            for (const way of ways) await take(client, way, streams, String(streams), figures, say)
          for (const way of pacedWays) await take(client, way, MOST, 'paced', figures, say)
        }
        const memoryMb = memoryOf([fastMeter.pid]).pssMb
        await nginx?.end()
        return rowsOf(figures, memoryMb, nginx === null)
      } finally {
        await Promise.all(programs.map((program) => program.end()))
      }
    }),
}

async function take(
  client: Program,
  way: Way,
  streams: number,
  key: string,
  figures: Figures,
  say: (text: string) => void,
) {
  const mark = way.pid === null ? null : cpuMark(way.pid)
  const answer = await client.ask({ port: way.port, streams, forMs: FOR_MS }, ClientAnswer)
  const cpuMs = mark === null || way.pid === null ? 0 : cpuMsSince(way.pid, mark)
  const name = `${way.name} ${key}`
  figures.set(name, [...(figures.get(name) ?? []), { ...answer, cpuMs }])
  say(
    `meter: ${name}: ${answer.requestsPerS.toFixed(0)} requests/s, first byte ${answer.firstByteMs.p50.toFixed(2)} ms, delay ${answer.delayMs?.p50.toFixed(2)} ms`,
  )
}

function rowsOf(figures: Figures, memoryMb: number, lacksNginx: boolean): readonly Row[] {
  const of = (name: string, value: (taken: Taken) => number) => (figures.get(name) ?? []).map(value)
  const added = (key: string, value: (taken: Taken) => number) => {
    const direct = of(`direct ${key}`, value)
    return of(`ours ${key}`, value).map((one, round) => one - (direct[round] ?? Number.NaN))
  }
  const perRequest = (name: string) => of(`${name} ${MOST}`, ({ requestsPerS }) => 1_000 / requestsPerS)
  const ours = perRequest('ours')
  const row = (id: string, measured: Parameters<typeof measuredRow>[1]) => measuredRow(definitionOf(rows, id), measured)
  return [
    row('meter-direct', { ours, peers: { direct: perRequest('direct') }, parts: throughput(figures) }),
    row('meter-nginx', {
      ours,
      peers: { nginx: lacksNginx ? { why: 'nginx is not installed' } : perRequest('nginx') },
    }),
    row('meter-pipe', { ours, peers: { 'Node http pipe': perRequest('Node http pipe') } }),
    row('meter-added', { ours: added('paced', ({ delayMs }) => delayMs?.p50 ?? Number.NaN) }),
    row('meter-added-p99', { ours: added('paced', ({ delayMs }) => delayMs?.p99 ?? Number.NaN) }),
    row('meter-chunk-cpu', { ours: of('ours paced', ({ cpuMs, chunks }) => (cpuMs * 1_000) / chunks) }),
    row('meter-first', { ours: added('1', ({ firstByteMs }) => firstByteMs.p50) }),
    row('meter-first-p99', { ours: added('1', ({ firstByteMs }) => firstByteMs.p99) }),
    row('meter-memory', { ours: [memoryMb] }),
  ]
}

function throughput(figures: Figures): Record<string, number[]> {
  const entries = [...figures].filter(([name]) => !name.endsWith('paced'))
  return Object.fromEntries(
    entries.map(([name, taken]) => [`${name}, requests/s`, taken.map(({ requestsPerS }) => requestsPerS)]),
  )
}
