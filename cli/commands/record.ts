import { closeSync, openSync } from 'node:fs'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { duration } from '../format.ts'
import type { Recorded } from '../record-machine.ts'
import { parseDuration } from '../time.ts'

export const record: Command = {
  name: 'record',
  summary: 'record what Perwatt reads of this machine, to be replayed elsewhere',
  about: [
    'Measures the machine as Perwatt does and writes what was read into one readable text file: power counters and sensors of every part, answers of driver libraries, figures of your wall meters, CPU and GPU times, and of each process its times, its owner as a number and the catalogue’s id. A card that sleeps is left asleep.',
    'Command lines, serial numbers, addresses, names of hosts, users and meters are never read or are replaced, and no password is in it. Look through it before you attach it to a report.',
    'perwatt simulate plays it back: the same parts, readings and energy by app.',
  ],
  options: [
    { name: 'for', value: 'LENGTH', text: 'how long: 60s, 15min, 2h (60s)' },
    { name: 'output', short: 'o', value: 'FILE', completes: 'file', text: 'where to (perwatt-<date>.rec here)' },
  ],
  examples: [
    {
      line: 'perwatt record --for 5min --output laptop.rec',
      output: 'Recorded 301 ticks in 5 min 0 s: laptop.rec (412 kB)',
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

async function recordTo(file: string, context: Context, durationMs: number): Promise<Result<Recorded, 'failed'>> {
  let fd: number
  try {
    fd = openSync(file, 'wx', 0o600)
  } catch (error) {
    return problem('failed', `${file} cannot be made: ${describe(error)}. Name another with --output.`)
  }
  const { hostOf } = await import('../machine.ts')
  const { recordMachine } = await import('../record-machine.ts')
  const { readableMeters } = await import('../readable-meters.ts')
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
  context.terminal.note(`Recording for ${duration(durationMs)} to ${file}; Ctrl-C ends it early.`)
  try {
    const wallMeters = readableMeters(context)
    return ok(await recordMachine(hostOf(context), { fd, durationMs, stopped, wallMeters }))
  } catch (error) {
    const reason = `${file} could not be written to its end: ${describe(error)}. What is in it can be played.`
    return problem('failed', reason)
  } finally {
    closeSync(fd)
  }
}

function describe(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === 'EEXIST') return 'it is there already'
  if (code === 'ENOSPC') return 'the disk is full'
  return code ?? String(error)
}
