import { duration, power } from '../format.ts'
import type { LabJson } from '../shapes.ts'
import { type Column, table } from '../table.ts'
import { labChart } from './lab-chart.ts'
import { figure, letterOf, UNKNOWN } from './lab-figures.ts'

type Cell = LabJson['cells'][number]

/** Above this part of estimated energy a figure is drawn as an estimate. */
const ESTIMATE_FROM_RATIO = 0.2

/** A lab for a terminal: answer first, then the figures, then the picture. */
export function labLines(lab: LabJson, width: number): string[] {
  const hasContexts = lab.cells.some(({ contextTokens }) => contextTokens !== null)
  const hasSettings = lab.cells.some(({ concurrency }) => concurrency !== lab.cells[0]?.concurrency)
  const columns: Column<Cell>[] = [
    { title: '', text: ({ id }) => letterOf(id) },
    { title: 'MODEL', text: ({ model }) => model, isElastic: true },
    { title: 'QUANT', text: ({ quantisation }) => quantisation ?? UNKNOWN },
    { title: 'SERVER', text: ({ engine }) => engine ?? UNKNOWN },
    ...(hasSettings ? [right('AT ONCE', ({ concurrency }) => String(concurrency))] : []),
    ...(hasContexts ? [right('CONTEXT', ({ contextTokens }) => String(contextTokens ?? UNKNOWN))] : []),
    right('TOKENS/S', ({ tokensPerS }) => figure(tokensPerS)),
    right('J/TOKEN', jPerTokenText),
    { title: '', text: ({ uncertainty }) => (uncertainty === null ? '' : `± ${roughPct(uncertainty)}`) },
    right('FIRST TOKEN', ({ ttftMs }) => (ttftMs === null ? UNKNOWN : duration(ttftMs))),
    right('IDLE', ({ idleW, estimatedRatio }) => power(idleW, { estimatedRatio })),
    right('RUNS', runsText),
    { title: 'VERDICT', text: ({ verdict }) => verdict },
  ]
  return [
    ...(lab.conclusions.length > 0 ? [...lab.conclusions, ''] : []),
    ...table(columns, lab.cells, { width }),
    ...(lab.cells.filter(({ jPerToken }) => jPerToken !== null).length > 1 ? ['', ...labChart(lab.cells, width)] : []),
    '',
    `${endWords(lab)} Prompt set ${lab.prompts.name}, ${lab.prompts.count} prompts a run. ${lab.id}`,
  ]
}

function right(title: string, text: (cell: Cell) => string): Column<Cell> {
  return { title, align: 'right', text }
}

function jPerTokenText({ jPerToken, estimatedRatio, tokensAreEstimate }: Cell): string {
  const isEstimate = estimatedRatio > ESTIMATE_FROM_RATIO || tokensAreEstimate
  return `${isEstimate && jPerToken !== null ? '≈ ' : ''}${figure(jPerToken)}`
}

function runsText({ runs, discarded }: Cell): string {
  return discarded === 0 ? String(runs) : `${runs} (${discarded} discarded)`
}

function roughPct(ratio: number): string {
  const pct = 100 * ratio
  return `${pct < 9.5 ? pct.toPrecision(1) : pct.toFixed(0)} %`
}

export function endWords({ ended, reason, durationMs, targetRatio }: LabJson): string {
  const after = `after ${duration(durationMs)}`
  if (ended === 'narrow') return `Ended ${after}: every comparison is known to ± ${roughPct(targetRatio)}.`
  if (ended === 'time') return `Ended ${after}: the time was up.`
  if (ended === 'stopped') return `Stopped ${after}; this is what was measured until then.`
  return `Ended ${after}: ${reason ?? 'it could not go on.'}`
}
