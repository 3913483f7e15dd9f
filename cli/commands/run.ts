import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Command, Context } from '../command.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { duration, energy, isoTime, plusMinusPct, power } from '../format.ts'
import { beginJob } from '../kept-job.ts'
import type { RunJson } from '../shapes.ts'

/** As a shell says that there is no such program, or that it may not be run. */
const NOT_FOUND = 127
const NOT_RUNNABLE = 126

export const run: Command = {
  name: 'run',
  summary: 'run a command and say what it and its children drew',
  about: [
    'The command keeps stdin, stdout and stderr; the report follows on stderr, or goes to a file. Its exit code is passed on (128 + the signal where one ended it).',
    'Measured is what the command caused above the machine’s idle power, over exactly its own time.',
  ],
  options: [
    {
      name: 'label',
      value: 'TEXT',
      text: 'keep the run as a job under this name (perwatt jobs); needs a running engine',
    },
    { name: 'output', short: 'o', value: 'FILE', completes: 'file', text: 'write the report here instead of stderr' },
  ],
  operand: { name: 'CMD', required: true, isCommandLine: true },
  exitCodes: [
    ['N', 'whatever CMD exits with; 128 + the signal’s number where one ended it'],
    ['1', 'the report could not be written'],
    ['2', 'wrong use: unknown option or value'],
    ['126', 'CMD may not be run by this account'],
    ['127', 'there is no program CMD'],
  ],
  examples: [
    {
      line: 'perwatt run -- ollama run qwen3:8b "Why is the sky blue?"',
      output: '412 J ± 6 %   38 W on average, 61 W at most   10.8 s',
    },
    { line: 'perwatt run --json --output run.json -- pytest -q' },
    { line: 'perwatt run --label "lora on docs" -- python train.py' },
  ],
  async run(context) {
    const argv = context.args.operands
    const startedS = Math.floor(Date.now() / 1_000)
    const label = context.args.text('label')?.trim().slice(0, 120) || null
    const job = label === null ? null : await beginJob(context, label, startedS)
    const { hostOf } = await import('../machine.ts')
    const { runMeasured } = await import('../run-measured.ts')
    const measured = await runMeasured(hostOf(context), argv, context.dataDir)
    if (!measured.ok) {
      await job?.end(null)
      context.terminal.complain(measured)
      if (measured.code === 'absent') return NOT_FOUND
      return measured.code === 'denied' ? NOT_RUNNABLE : exitCodeOf(measured)
    }
    const report: RunJson = {
      schema: 'perwatt.run/1',
      command: [...argv],
      label,
      job: (await job?.end(measured.value)) ?? null,
      startedAt: isoTime(startedS),
      ...measured.value,
    }
    if (!write(context, report)) return EXIT.failed
    const { exitCode, signal } = report
    return exitCode ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  },
}

function write({ args, terminal }: Context, report: RunJson): boolean {
  const text = args.has('json') ? `${JSON.stringify(report)}\n` : `${reportLines(report).join('\n')}\n`
  const file = args.text('output')
  if (file === null) {
    process.stderr.write(text)
    return true
  }
  try {
    writeFileSync(file, text)
    return true
  } catch (error) {
    terminal.complain({
      ok: false,
      code: 'failed',
      reason: `The report could not be written: ${String(error)}.`,
      remedy: null,
    })
    process.stderr.write(text)
    return false
  }
}

function reportLines(report: RunJson): string[] {
  if (report.energyMj === null) return [`${report.reason}   ${duration(report.durationMs)}`]
  const head = [
    `${energy(report.energyMj, report)} ${plusMinusPct(report.uncertainty)}`.trim(),
    `${power(report.averageW, report)} on average, ${power(report.peakW, report)} at most`,
    duration(report.durationMs),
  ]
  const domains = report.domains.map((domain) => {
    const worth = { estimatedRatio: domain.provenance === 'estimate' ? 1 : 0 }
    return `  ${domain.id}  ${energy(domain.energyMj, worth)} of ${energy(domain.machineMj, worth)}`
  })
  return [head.join('   '), ...domains]
}
