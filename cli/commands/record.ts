import { closeSync, openSync, writeSync } from 'node:fs'
import { problem, type Result } from '../../contract/result.ts'
import { compileCatalogue } from '../../engine/catalogue/match.ts'
import { record as recordHost } from '../../engine/host/recorder.ts'
import { readIdentity } from '../../engine/processes/identity.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { duration } from '../format.ts'
import { hostOf } from '../machine.ts'
import { parseDuration } from '../time.ts'

export const record: Command = {
  name: 'record',
  summary: 'record what Perwatt reads of this machine, to be replayed elsewhere',
  about: [
    'Writes one readable text file: power counters, CPU times, and of each process its times, its owner as a number and the catalogue’s id. Command lines, serial numbers, names of hosts and users are never read or are replaced. Look through it before you attach it to a report.',
    'perwatt simulate plays it back.',
  ],
  options: [
    { name: 'for', value: 'LENGTH', text: 'how long: 60s, 15min, 2h (60s)' },
    { name: 'output', short: 'o', value: 'FILE', completes: 'file', text: 'where to (perwatt-<date>.rec here)' },
  ],
  examples: [
    {
      line: 'perwatt record --for 5min --output laptop.rec',
      output: 'Recorded 300 ticks in 5 min 0 s: laptop.rec (412 kB)',
    },
  ],
  async run(context) {
    const length = parseDuration(context.args.text('for') ?? '60s', 'for')
    if (!length.ok) {
      context.terminal.complain(length)
      return exitCodeOf(length)
    }
    const file =
      context.args.text('output') ?? `perwatt-${new Date().toISOString().slice(0, 16).replaceAll(':', '')}.rec`
    const recorded = await recordTo(file, context, length.value * 1_000)
    if (!recorded.ok) {
      context.terminal.complain(recorded)
      return exitCodeOf(recorded)
    }
    const { ticks, bytes, durationMs } = recorded.value
    if (context.args.has('json'))
      context.terminal.printJson({ schema: 'perwatt.record/1', file, ticks, durationMs, bytes })
    else
      context.terminal.print(
        `Recorded ${ticks} ticks in ${duration(durationMs)}: ${file} (${Math.ceil(bytes / 1_000)} kB)`,
      )
    return EXIT.done
  },
}

const INTERVAL_MS = 1_000

type Recorded = { readonly ticks: number; readonly bytes: number; readonly durationMs: number }

async function recordTo(file: string, context: Context, durationMs: number): Promise<Result<Recorded, 'failed'>> {
  const host = hostOf(context.args)
  const catalogue = compileCatalogue()
  let bytes = 0
  let ticks = 0
  let fd: number
  try {
    fd = openSync(file, 'wx', 0o600)
  } catch (error) {
    return problem('failed', `${file} cannot be made: ${describe(error)}. Name another with --output.`)
  }
  const startMs = host.clock.monotonicMs()
  context.terminal.note(`Recording for ${duration(durationMs)} to ${file} …`)
  try {
    await recordHost(host, {
      intervalMs: INTERVAL_MS,
      durationMs,
      appOf: (pid, comm) => catalogue.match(readIdentity(host, pid, comm, null))?.app ?? null,
      write(text) {
        const piece = Buffer.from(text)
        bytes += piece.length
        for (let offset = 0; offset < piece.length; ) offset += writeSync(fd, piece, offset)
      },
    })
    ticks = Math.floor(durationMs / INTERVAL_MS) + 1
  } catch (error) {
    return problem(
      'failed',
      `${file} could not be written to its end: ${describe(error)}. What is in it can be played.`,
    )
  } finally {
    closeSync(fd)
  }
  return { ok: true, value: { ticks, bytes, durationMs: host.clock.monotonicMs() - startMs } }
}

function describe(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === 'EEXIST') return 'it is there already'
  if (code === 'ENOSPC') return 'the disk is full'
  return code ?? String(error)
}
