import { writeFileSync } from 'node:fs'
import { type Problem, problem } from '../../contract/result.ts'
import { cellsOf, type LabPlan } from '../../engine/lab/plan.ts'
import { type LabProgress, runLab } from '../../engine/lab/runner.ts'
import { settingWords } from '../../engine/lab/words.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { duration } from '../format.ts'
import { findModels } from '../lab/find-models.ts'
import { keepLab, keptLab, keptLabs } from '../lab/kept-labs.ts'
import { labCsv } from '../lab/lab-csv.ts'
import { labHtml } from '../lab/lab-html.ts'
import { labJson } from '../lab/lab-json.ts'
import { labLines } from '../lab/lab-lines.ts'
import { type LabOptions, labOptions } from '../lab/lab-options.ts'
import { realWorld } from '../lab/world.ts'
import type { Reached } from '../reach.ts'
import { reachWriter } from '../reach-writer.ts'
import type { LabJson, LabsJson } from '../shapes.ts'
import { table } from '../table.ts'
import { withProgress } from '../ticks.ts'

/** 128 + SIGINT, as a shell counts. */
const INTERRUPTED = 130

export const lab: Command = {
  name: 'lab',
  summary: 'measure models side by side: which takes the least energy per token here',
  about: [
    'Puts the same prompts to each model, at each setting, in rounds of random order, and measures what every run draws, until each comparison is known closely enough or the time is up. Where a difference is within the noise it says so, and names no winner.',
    'The servers must run on this machine, and the machine should have nothing else to do: runs in which others kept it busy are discarded. Other models of the same lab are unloaded before a run where their server can. Ctrl-C ends it with what was measured until then.',
    'perwatt lab list names the labs that were run, perwatt lab show ID prints one again. Of the prompts only the name of their set is kept.',
  ],
  options: [
    { name: 'models', value: 'A,B', text: 'models, as their servers name them; NAME@HOST:PORT where several have it' },
    {
      name: 'prompts',
      value: 'FILE',
      completes: 'file',
      text: 'a prompt set of your own (docs/lab.md), instead of the shipped one',
    },
    { name: 'concurrency', value: '1,4', text: 'requests at once; several are measured each (1)' },
    {
      name: 'context',
      value: '4096,8192',
      text: 'context in tokens, where the server takes it with a request: Ollama',
    },
    { name: 'minutes', value: 'N', text: 'ends after so long at the latest (20)' },
    { name: 'within', value: 'PCT', text: 'ends when each comparison is known to ± so many percent (5)' },
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      completes: 'file',
      text: 'also write it to FILE.csv, FILE.html (with chart) or FILE.json',
    },
  ],
  operand: { name: 'list | show ID', required: false, most: 2, choices: () => ['list', 'show'] },
  exitCodes: [
    ['0', 'done, also where there is no difference to be seen'],
    ['1', 'a model does not answer, or nothing could be measured'],
    ['2', 'wrong use: unknown option or value'],
    ['5', 'the data directory cannot be used'],
    [String(INTERRUPTED), 'interrupted; what was measured until then is printed and kept'],
  ],
  examples: [
    {
      line: 'perwatt lab --models qwen3:8b-q4_K_M,qwen3:8b-q8_0',
      output: `At concurrency 1 qwen3:8b-q4_K_M takes the least energy per token: 31 % less than qwen3:8b-q8_0 (27 % to 35 %).`,
    },
    { line: 'perwatt lab --models qwen3:8b --concurrency 1,4,16 --minutes 30 --output lab.html' },
    { line: 'perwatt lab show 2026-11-25-140312 --json' },
  ],
  async run(context) {
    const [what, id] = context.args.operands
    if (what === 'list' && id === undefined) return list(context)
    if (what === 'show' && id !== undefined) return show(context, id)
    if (what !== undefined)
      return refuse(
        context,
        problem('badInput', 'It is perwatt lab --models A,B, perwatt lab list or perwatt lab show ID.'),
      )
    const options = labOptions(context.args)
    if (!options.ok) return refuse(context, options)
    const reached = await withProgress(context, 'Looking for servers …', reachWriter(context))
    if (!reached.ok) return refuse(context, reached)
    try {
      return await measure(context, reached.value, options.value)
    } finally {
      await reached.value.close()
    }
  },
}

function refuse({ terminal }: Context, why: Problem): number {
  terminal.complain(why)
  return exitCodeOf(why)
}

async function measure(context: Context, { client, ended }: Reached, options: LabOptions): Promise<number> {
  const { terminal } = context
  const found = await withProgress(context, 'Looking for the models …', findModels(client, options.models))
  if (!found.ok) return refuse(context, found)
  const fixed = found.value.find(({ dialect }) => dialect.kind !== 'ollama')
  if (fixed !== undefined && options.settings.some(({ contextTokens }) => contextTokens !== null))
    return refuse(
      context,
      problem('badInput', `--context is for Ollama alone: ${fixed.engine} fixes it when it starts.`),
    )
  const startedS = Math.floor(Date.now() / 1_000)
  const { prompts, budgetMs, targetRatio } = options
  const plan: LabPlan = {
    cells: cellsOf(found.value, options.settings),
    prompts,
    seed: startedS,
    budgetMs,
    targetRatio,
  }
  terminal.note(
    `Measuring for ${duration(budgetMs)} at most. Leave the machine alone; Ctrl-C ends it with what there is.`,
  )
  const { stop, why, release } = stopOn(ended)
  const beganMs = performance.now()
  try {
    const outcome = await runLab(realWorld(client, stop), plan, (progress) =>
      terminal.progress(progressText(progress, targetRatio)),
    )
    terminal.progress('')
    const made = labJson(plan, outcome, { startedS, durationMs: Math.round(performance.now() - beganMs) })
    const told = why() === null ? made : { ...made, ended: 'failed' as const, reason: why() }
    return give(context, told, options.output)
  } finally {
    release()
  }
}

/** Ctrl-C, and an engine that goes away: then `why` says so. */
function stopOn(ended: Promise<string>) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const controller = new AbortController()
  let reason: string | null = null
  const onSignal = () => controller.abort()
  for (const name of signals) process.on(name, onSignal)
  void ended.then((text) => {
    if (controller.signal.aborted) return
    reason = `the engine went away: ${text}`
    controller.abort()
  })
  return {
    stop: controller.signal,
    why: () => reason,
    release() {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}

function progressText({ block, cell, leftMs, judgement }: LabProgress, targetRatio: number): string {
  const known = judgement.pairs.flatMap(({ randomRatio }) => randomRatio ?? [])
  const worst = known.length < judgement.pairs.length || known.length === 0 ? null : Math.max(...known)
  const worth = worst === null ? '' : `   ± ${(100 * worst).toFixed(0)} % of ± ${(100 * targetRatio).toFixed(0)} %`
  return `Round ${block}: ${cell.model.key}, ${settingWords(cell.setting)}   at most ${duration(leftMs)} left${worth}`
}

function give(context: Context, lab: LabJson, output: string | null): number {
  const { terminal } = context
  const hasRuns = lab.runs.some(({ fault }) => fault === null)
  const kept = hasRuns ? keepLab(context.dataDir, lab) : null
  if (hasRuns || context.args.has('json')) print(context, lab)
  const written = output === null || write(context, output, lab)
  if (kept !== null && !kept.ok) return refuse(context, kept)
  if (!written) return EXIT.failed
  if (lab.ended === 'stopped') {
    if (!hasRuns) terminal.note('Interrupted before anything was measured.')
    return INTERRUPTED
  }
  if (lab.ended !== 'failed' && hasRuns) return EXIT.done
  const reason = lab.reason ?? lab.cells.find((cell) => cell.reason !== null)?.reason ?? 'No run counts.'
  terminal.complain(problem('failed', reason))
  return EXIT.failed
}

function print({ args, terminal }: Context, lab: LabJson): void {
  if (args.has('json')) terminal.printJson(lab)
  else terminal.print(labLines(lab, terminal.columns).join('\n'))
}

function write(context: Context, file: string, lab: LabJson): boolean {
  const kind = file.toLowerCase().split('.').at(-1)
  const text = kind === 'csv' ? labCsv(lab) : kind === 'html' ? labHtml(lab) : `${JSON.stringify(lab, null, 2)}\n`
  try {
    writeFileSync(file, text)
    return true
  } catch (error) {
    refuse(context, problem('failed', `The result could not be written to ${file}: ${String(error)}.`))
    return false
  }
}

function show(context: Context, id: string): number {
  const kept = keptLab(context.dataDir, id)
  if (!kept.ok) return refuse(context, kept)
  const output = context.args.text('output')
  if (output === null) print(context, kept.value)
  else if (!write(context, output, kept.value)) return EXIT.failed
  return EXIT.done
}

function list(context: Context): number {
  const { terminal } = context
  const { labs, unreadable } = keptLabs(context.dataDir)
  const rows: LabsJson['labs'] = labs.map(({ id, startedAt, cells, prompts, conclusions }) => ({
    ...{ id, startedAt, prompts: prompts.name, conclusions },
    models: [...new Set(cells.map(({ model }) => model))],
  }))
  const columns = [
    { title: 'ID', text: (row: LabsJson['labs'][number]) => row.id },
    { title: 'MODELS', text: (row: LabsJson['labs'][number]) => row.models.join(', ') },
    { title: 'FOUND', isElastic: true, text: (row: LabsJson['labs'][number]) => row.conclusions.join(' ') },
  ]
  if (context.args.has('json')) terminal.printJson({ schema: 'perwatt.labs/1', labs: rows } satisfies LabsJson)
  else if (rows.length === 0) terminal.print('No lab was run yet. perwatt lab --models A,B runs one.')
  else terminal.print(table(columns, rows, { width: terminal.columns }).join('\n'))
  for (const reason of unreadable) terminal.complain(problem('failed', reason))
  return unreadable.length === 0 ? EXIT.done : EXIT.failed
}
