import type { History } from '../../contract/history.ts'
import { totalFactor } from '../../contract/overhead.ts'
import { problem, type Result } from '../../contract/result.ts'
import { attach } from '../../engine/socket/client.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { clockTime, covered, energy, isoTime, plusMinusPct } from '../format.ts'
import type { HistoryJson } from '../shapes.ts'
import { type Column, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { withProgress } from '../ticks.ts'
import { parseMoment } from '../time.ts'

const CUTS = ['app', 'domain', 'hour', 'day'] as const
type Cut = (typeof CUTS)[number]
type Question = { readonly fromS: number; readonly toS: number; readonly by: Cut }

export const history: Command = {
  name: 'history',
  summary: 'energy by app, domain, hour or day',
  about: [
    'Reads the history that the tray app or perwatt service has written: from the running engine, else from the file, without changing it.',
    'ACTIVE is drawn while delivering, IDLE is what an app caused while it delivered nothing (a model kept in memory). The last lines close the sum: apps + the machine’s floor + other = measured, to the millijoule.',
  ],
  options: [
    {
      name: 'since',
      value: 'WHEN',
      text: 'start: a length (24h, 7d) or a time (2026-11-25T14:00); 24h where it is left out',
    },
    { name: 'until', value: 'WHEN', text: 'end, in the same way; now where it is left out' },
    { name: 'by', value: 'CUT', choices: CUTS, text: 'app, domain, hour or day; app where it is left out' },
  ],
  examples: [
    {
      line: 'perwatt history --since 7d',
      output: `2026-11-18 14:03 to 2026-11-25 14:03   96 % covered

APP                 ENERGY         ACTIVE   IDLE
Ollama              412 Wh  ± 4 %  301 Wh  111 Wh
ComfyUI            88.0 Wh  ± 9 %  88.0 Wh     0 J
Machine's floor    1.02 kWh
Other               214 Wh
Measured           1.73 kWh`,
    },
    { line: 'perwatt history --since 2026-11-01 --until 2026-12-01 --by day --json' },
  ],
  async run(context) {
    const question = readQuestion(context)
    if (!question.ok) {
      context.terminal.complain(question)
      return exitCodeOf(question)
    }
    const answer = await withProgress(context, 'Reading the history …', ask(context, question.value))
    if (!answer.ok) {
      context.terminal.complain(answer)
      return exitCodeOf(answer)
    }
    if (context.args.has('json')) context.terminal.printJson(historyJson(answer.value))
    else context.terminal.print(historyLines(answer.value, context.terminal).join('\n'))
    return EXIT.done
  },
}

function readQuestion({ args }: Context): Result<Question, 'badInput'> {
  const nowS = Math.floor(Date.now() / 1_000)
  const from = parseMoment(args.text('since') ?? '24h', 'since', nowS)
  if (!from.ok) return from
  const to = parseMoment(args.text('until') ?? 'now', 'until', nowS)
  if (!to.ok) return to
  if (from.value >= to.value) return problem('badInput', '--since must lie before --until.')
  const by = CUTS.find((cut) => cut === (args.text('by') ?? 'app')) ?? 'app'
  return { ok: true, value: { fromS: from.value, toS: to.value, by } }
}

async function ask({ args, dataDir, terminal }: Context, question: Question): Promise<Result<History>> {
  const attached = await attach(dataDir)
  if (attached.ok) {
    const answer = await attached.value.client.call('history', question)
    attached.value.close()
    return answer
  }
  if (attached.code === 'denied') return attached
  terminal.detail(`${attached.reason} Reading the file.`)
  const { readHistory } = await import('../read-history.ts')
  return readHistory(dataDir, args.text('config') ?? undefined, question)
}

function historyJson(history: History): HistoryJson {
  const { fromS, toS, outputFromS, outputToS, gaps, ...sums } = history
  return {
    schema: 'perwatt.history/1',
    from: isoTime(fromS),
    to: isoTime(toS),
    ...sums,
    outputFrom: isoTime(outputFromS),
    outputTo: isoTime(outputToS),
    gaps: gaps.map((gap) => ({ from: isoTime(gap.fromS), to: isoTime(gap.toS), reason: gap.cause })),
  }
}

type Line = {
  readonly name: string
  readonly energyMj: number
  readonly activeMj: number | null
  readonly idleMj: number | null
  readonly uncertainty: number | null
  readonly estimatedRatio: number
}

const TITLES: Readonly<Record<Cut, string>> = { app: 'APP', domain: 'DOMAIN', hour: 'HOUR', day: 'DAY' }

function historyLines(history: History, terminal: Terminal): string[] {
  const factor = totalFactor(history)
  const counted: Column<Line> = {
    title: 'COUNTED',
    align: 'right',
    text: (line) => (line.activeMj === null ? '' : energy(Math.round(line.energyMj * factor))),
  }
  const columns: readonly Column<Line>[] = [
    { title: TITLES[history.by], isElastic: true, text: (line) => line.name },
    { title: 'ENERGY', align: 'right', text: (line) => energy(line.energyMj, line) },
    { title: '', text: (line) => plusMinusPct(line.uncertainty) },
    { title: 'ACTIVE', align: 'right', text: (line) => (line.activeMj === null ? '' : energy(line.activeMj)) },
    { title: 'IDLE', align: 'right', text: (line) => (line.idleMj === null ? '' : energy(line.idleMj)) },
    ...(factor === 1 || history.by === 'domain' ? [] : [counted]),
  ]
  const range = `${clockTime(history.fromS)} to ${clockTime(history.toS)}   ${covered(history.coverageRatio)} covered`
  const rows: Line[] = [...history.rows.map((row) => ({ ...row, name: rowName(row, history.by) })), ...closing(history)]
  return [
    terminal.tone('dim', range),
    ...(factor === 1 ? [] : [terminal.tone('dim', countedText(history))]),
    '',
    ...table(columns, rows, {
      width: terminal.columns,
      paint: (line, row) => (row === null || row.activeMj === null ? terminal.tone('dim', line) : line),
    }),
  ]
}

/** What is in COUNTED, by the settings. */
function countedText({ overheadFactor, coolingFactor }: History): string {
  const parts = [
    ...(overheadFactor === 1 ? [] : [`${overheadFactor.toFixed(2)} for the machine’s overhead`]),
    ...(coolingFactor === 1 ? [] : [`${coolingFactor.toFixed(2)} for cooling`]),
  ]
  return `COUNTED is energy × ${parts.join(' × ')}, by the settings; nothing is recorded so.`
}

function rowName(row: History['rows'][number], by: Cut): string {
  if (by === 'hour') return row.key.slice(0, 16).replace('T', ' ')
  return by === 'day' ? row.key.slice(0, 10) : row.name
}

/** The lines that close the sum. */
function closing(history: History): Line[] {
  const { idleMj, otherMj, measuredMj, overheadMj, estimatedRatio } = history
  const line = (name: string, energyMj: number): Line => ({
    ...{ name, energyMj, activeMj: null, idleMj: null, uncertainty: null, estimatedRatio },
  })
  return [
    line('Machine’s floor', idleMj),
    line('Other', otherMj),
    line('Measured', measuredMj),
    ...(overheadMj === null ? [] : [line('Overhead beside it', overheadMj)]),
  ]
}
