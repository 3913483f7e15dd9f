import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CalibrationFit } from '../../contract/calibration.ts'
import type { PerwattClient } from '../../contract/index.ts'
import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import { startBusyCores } from '../busy-cores.ts'
import { climb, type Step } from '../climb.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'
import { duration, isoTime, plusMinusPct, power, share } from '../format.ts'
import type { Reached } from '../reach.ts'
import { reachWriter } from '../reach-writer.ts'
import type { CalibrateJson } from '../shapes.ts'
import { withProgress } from '../ticks.ts'

const USUAL_S = 180
/** Shorter steps than these give a gauge no time to follow. */
const LEAST_S = 120
const MOST_S = 1_800
/** A battery's gauge settles for half a minute after the charger was unplugged. */
const FIRST_FIGURE_MS = 45_000
const LOOK_MS = 1_000
/** 128 + SIGINT, as a shell counts. */
const INTERRUPTED = 130

export const calibrate: Command = {
  name: 'calibrate',
  summary: 'fit the estimate to a better meter of this machine, in three minutes',
  about: [
    'Works on none, a quarter, half, three quarters and all of the cores, at the lowest priority, and watches what a better meter tells meanwhile: a battery that discharges, a wall meter, the processor’s own counter. The estimate’s curve is fitted to it, kept with its measured uncertainty, and used when the better meter is gone. Leave the machine alone meanwhile.',
    'It is refused where load explains less than nine tenths of how the power changed. Ctrl-C stops the load and changes nothing. What was booked before stays as it is.',
    'Perwatt also learns from everyday use; this is for those who do not want to wait.',
  ],
  options: [
    { name: 'seconds', value: 'N', text: `how long it takes (${USUAL_S}; from ${LEAST_S} to ${MOST_S})` },
    { name: 'forget', text: 'drop what was fitted: the estimate goes by its table again' },
  ],
  exitCodes: [[String(INTERRUPTED), 'interrupted; nothing was changed']],
  examples: [
    {
      line: 'perwatt calibrate',
      output: `Fitted to your battery: 11.4 W idle, 54 W fully busy, ± 5 %.
Residual 1.2 %, R² 0.998, 5 load levels.`,
    },
    { line: 'perwatt calibrate --seconds 300 --json' },
    { line: 'perwatt calibrate --forget' },
  ],
  async run(context) {
    const lengthS = lengthOf(context)
    if (!lengthS.ok) return refuse(context, lengthS)
    const reached = await withProgress(context, 'Looking for a better meter …', reachWriter(context))
    if (!reached.ok) return refuse(context, reached)
    try {
      return context.args.has('forget')
        ? await forget(context, reached.value.client)
        : await fitNow(context, reached.value, lengthS.value)
    } finally {
      await reached.value.close()
    }
  },
}

function lengthOf({ args }: Context): Result<number, 'badInput'> {
  const text = args.text('seconds')
  if (text === null) return ok(USUAL_S)
  if (args.has('forget')) return problem('badInput', '--forget takes no --seconds: nothing is measured.')
  const lengthS = Number(text)
  if (/^\d{1,5}$/.test(text) && lengthS >= LEAST_S && lengthS <= MOST_S) return ok(lengthS)
  return problem('badInput', `--seconds is a whole number from ${LEAST_S} to ${MOST_S}, not "${text}".`)
}

function refuse({ terminal }: Context, why: Problem): ExitCode {
  terminal.complain(why)
  return exitCodeOf(why)
}

async function forget(context: Context, client: PerwattClient): Promise<ExitCode> {
  const before = await client.call('calibration', {})
  if (!before.ok) return refuse(context, before)
  const forgotten = await client.call('forgetCalibration', {})
  if (!forgotten.ok) return refuse(context, forgotten)
  const count = before.value.fits.length
  if (context.args.has('json')) context.terminal.printJson(jsonOf(null, count))
  else
    context.terminal.print(count === 0 ? 'There was nothing to forget.' : 'Forgotten: the estimate goes by its table.')
  return EXIT.done
}

async function fitNow(context: Context, { client, ended }: Reached, lengthS: number): Promise<number> {
  const { terminal } = context
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const interrupt = Promise.withResolvers<'interrupted'>()
  const onSignal = () => interrupt.resolve('interrupted')
  for (const name of signals) process.on(name, onSignal)
  const stopped = Promise.race([interrupt.promise, ended])
  try {
    const meter = await withProgress(context, 'Waiting for the meter’s first figure …', firstFigure(client, stopped))
    if (meter === 'stopped') return await endedEarly(context, client, stopped)
    if (!meter.ok) return refuse(context, meter)
    const begun = await client.call('beginCalibration', { forS: lengthS })
    if (!begun.ok) return refuse(context, begun)
    terminal.note(
      `Fitting to ${meter.value} for ${duration(lengthS * 1_000)}. Leave the machine alone; Ctrl-C ends it.`,
    )
    const isComplete = await climb({
      cpus: cpus().length,
      lengthMs: lengthS * 1_000,
      startLoad: startBusyCores,
      wait: (lengthMs) => sleep(lengthMs),
      onStep: (step) => terminal.progress(stepText(step)),
      stopped,
    })
    terminal.progress('')
    if (!isComplete) return await endedEarly(context, client, stopped)
    const made = await client.call('endCalibration', {})
    if (!made.ok) return refuse(context, made)
    if (context.args.has('json')) terminal.printJson(jsonOf(made.value, 0))
    else terminal.print(fitLines(made.value).join('\n'))
    return EXIT.done
  } finally {
    for (const name of signals) process.off(name, onSignal)
  }
}

/** The name of the meter once it tells something. */
async function firstFigure(client: PerwattClient, stopped: Promise<unknown>): Promise<Result<string> | 'stopped'> {
  let isStopped = false
  const ending = stopped.then(() => {
    isStopped = true
  })
  for (let waitedMs = 0; waitedMs < FIRST_FIGURE_MS; waitedMs += LOOK_MS) {
    const there = await client.call('calibration', {})
    if (!there.ok) return there
    const { reference, reason, remedy } = there.value
    if (reason !== null) return problem('noReference', reason, remedy)
    if (reference?.isTelling === true) return ok(reference.name)
    await Promise.race([sleep(LOOK_MS), ending])
    if (isStopped) return 'stopped'
  }
  return problem('noReference', `The better meter told nothing within ${FIRST_FIGURE_MS / 1_000} s.`)
}

async function endedEarly(context: Context, client: PerwattClient, stopped: Promise<string>): Promise<number> {
  const why = await stopped
  if (why !== 'interrupted') return refuse(context, problem('failed', `The engine went away: ${why}`))
  const abandoned = await client.call('abandonCalibration', {})
  if (!abandoned.ok) context.terminal.complain(abandoned)
  context.terminal.note('Interrupted: nothing was changed.')
  return INTERRUPTED
}

function stepText({ ratio, leftMs }: Step): string {
  const what = ratio === 0 ? 'Idle' : `${ratio * 100} % of ${cpus().length} CPUs`
  return `${what} … ${Math.ceil(leftMs / 1_000)} s left`
}

function fitLines(made: CalibrationFit): string[] {
  const worth = `${power(made.idleW)} idle, ${power(made.fullW)} fully busy, ${plusMinusPct(made.uncertainty)}`
  return [
    `Fitted to ${made.fittedTo}: ${worth}.`,
    `Residual ${share(made.residualRatio)}, R² ${made.r2.toFixed(3)}, ${made.levels} load levels.`,
    made.counts
      ? 'The estimate goes by it from now on.'
      : 'It is kept for the time when that cannot be read: now it is, and nothing is estimated.',
  ]
}

function jsonOf(made: CalibrationFit | null, forgotten: number): CalibrateJson {
  if (made === null) return { schema: 'perwatt.calibrate/1', fit: null, forgotten }
  const { madeS, ...fields } = made
  return { schema: 'perwatt.calibrate/1', fit: { ...fields, madeAt: isoTime(madeS) }, forgotten }
}
