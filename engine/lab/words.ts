import type { CellFigures, Judgement, PairFinding } from './judge.ts'
import type { Cell, LabSetting } from './plan.ts'

const SEES_NONE = 'no difference that this lab can see'

/** "concurrency 4, context 8192". */
export function settingWords({ concurrency, contextTokens }: LabSetting): string {
  return `concurrency ${concurrency}${contextTokens === null ? '' : `, context ${contextTokens}`}`
}

/** What a cell's figure says beside the best of its group, in a few words; never more than the runs show. */
export function verdictWords(figures: CellFigures, judgement: Judgement): string {
  if (figures.reason !== null) return figures.reason
  const group = groupsOf(judgement).find((cells) => cells.includes(figures)) ?? [figures]
  const [best] = group
  if (best === undefined || group.length === 1) return ''
  if (best === figures) {
    const others = group.slice(1).map((other) => ({ other, finding: seenFrom(best.cell, other.cell, judgement) }))
    const alike = others.filter(({ finding }) => finding?.verdict === 'same')
    if (others.some(({ finding }) => finding === null || finding.verdict === null)) return 'too few repeats'
    if (alike.length === 0) return 'least energy per token'
    return `${SEES_NONE} from ${alike.map(({ other }) => nameWithin(other.cell, group)).join(', ')}`
  }
  const finding = seenFrom(best.cell, figures.cell, judgement)
  if (finding === null || finding.verdict === null) return 'too few repeats'
  if (finding.verdict === 'same') return `${SEES_NONE} from ${nameWithin(best.cell, group)}`
  return `+${pct(finding.ratio - 1)} per token (${pct(finding.low - 1)} to ${pct(finding.high - 1)})`
}

/** The answer in sentences, one for each group that was compared. */
export function conclusions(judgement: Judgement): string[] {
  return groupsOf(judgement).flatMap((group) => {
    const [best, next] = group
    if (best === undefined || next === undefined) return []
    const at = areModels(group) ? `At ${settingWords(best.cell.setting)}` : `With ${best.cell.model.key}`
    const findings = group.slice(1).map((other) => seenFrom(best.cell, other.cell, judgement))
    if (findings.some((finding) => finding === null || finding.verdict === null))
      return [`${at} there were too few repeats to conclude anything.`]
    const name = nameWithin(best.cell, group)
    const alike = group.filter((_, index) => findings[index - 1]?.verdict === 'same')
    if (alike.length > 0) {
      const others = alike.map(({ cell }) => nameWithin(cell, group)).join(', ')
      return [`${at} there is ${SEES_NONE} in energy per token between ${name} and ${others}.`]
    }
    const [first] = findings
    if (first === null || first === undefined) return []
    const less = `${pct(1 - 1 / first.ratio)} less than ${nameWithin(next.cell, group)}`
    return [
      `${at} ${name} takes the least energy per token: ${less} (${pct(1 - 1 / first.low)} to ${pct(1 - 1 / first.high)}).`,
    ]
  })
}

/** Cells that answer one question, the most sparing first: models at one setting, or, where there is one model, its settings. */
function groupsOf({ cells }: Judgement): CellFigures[][] {
  const isOneModel = new Set(cells.map(({ cell }) => cell.model.key)).size === 1
  const groups = Map.groupBy(cells, ({ cell }) => (isOneModel ? cell.model.key : settingWords(cell.setting)))
  return [...groups.values()].map((group) =>
    group.filter(({ jPerToken }) => jPerToken !== null).toSorted((a, b) => (a.jPerToken ?? 0) - (b.jPerToken ?? 0)),
  )
}

function areModels(group: readonly CellFigures[]): boolean {
  return new Set(group.map(({ cell }) => cell.model.key)).size > 1
}

function nameWithin({ model, setting }: Cell, group: readonly CellFigures[]): string {
  return areModels(group) ? model.key : settingWords(setting)
}

type Seen = {
  readonly ratio: number
  readonly low: number
  readonly high: number
  readonly verdict: PairFinding['verdict']
}

/** A pair turned so that `ratio` is J/token of `other` ÷ that of `best`; `null` where it was not compared. */
function seenFrom(best: Cell, other: Cell, { pairs }: Judgement): Seen | null {
  const pair = pairs.find(
    ({ a, b }) => (a.id === best.id && b.id === other.id) || (a.id === other.id && b.id === best.id),
  )
  if (pair === undefined || pair.ratio === null || pair.low === null || pair.high === null) return null
  const { ratio, low, high, verdict } = pair
  if (pair.a.id === best.id) return { ratio, low, high, verdict }
  return { ratio: 1 / ratio, low: 1 / high, high: 1 / low, verdict }
}

function pct(ratio: number): string {
  const value = 100 * ratio
  return `${Math.abs(value) < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`
}
