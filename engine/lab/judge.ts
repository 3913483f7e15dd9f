import { uncommonRatio } from './common-errors.ts'
import { meanInterval, meanOf } from './interval.ts'
import { paretoFront } from './pareto.ts'
import { type Cell, pairsOf } from './plan.ts'
import type { Run, RunFault, RunFigures } from './run.ts'

/** Fewer blocks than these tell too little of how blocks differ to conclude anything. */
export const LEAST_BLOCKS = 5
/** How often a lab may find a difference where there is none, over all its pairs together. */
const ERROR_RATE = 0.05
/** A lab ends when its intervals are narrow, and they are narrow by chance, too: that is paid for here (docs/lab.md). */
const STOPPING_FACTOR = 0.6

export type CellFigures = {
  readonly cell: Cell
  readonly runs: number
  readonly discarded: Readonly<Record<RunFault, number>>
  /** Means over blocks (geometric); all `null` without a run. */
  readonly tokensPerS: number | null
  readonly jPerToken: number | null
  /** Half-width at 95 % ÷ J/token by how blocks differ; `null` with fewer than two. */
  readonly randomRatio: number | null
  /** The same with the errors that repeating does not shrink. */
  readonly uncertainty: number | null
  readonly machineJPerToken: number | null
  /** Median time to the first token. */
  readonly ttftMs: number | null
  readonly idleW: number | null
  readonly outputTokens: number
  readonly tokensAreEstimate: boolean
  readonly estimatedRatio: number
  readonly isOnFront: boolean
  /** Why its newest faulty run was, where it has none that counts. */
  readonly reason: string | null
}

/** Two cells compared in the blocks that both have. `ratio` is J/token of b ÷ that of a. */
export type PairFinding = {
  readonly a: Cell
  readonly b: Cell
  readonly blocks: number
  readonly ratio: number | null
  readonly low: number | null
  readonly high: number | null
  /** `null`: too few blocks. `same`: no difference that this lab can see. */
  readonly verdict: 'aLess' | 'bLess' | 'same' | null
  /** Half-width by how blocks differ. */
  readonly randomRatio: number | null
}

export type Judgement = {
  readonly cells: readonly CellFigures[]
  readonly pairs: readonly PairFinding[]
}

/** What the runs say, and no more. Pure. */
export function judge(cells: readonly Cell[], runs: readonly Run[]): Judgement {
  const figures = cells.map((cell) => figuresOf(cell, runs))
  const known = figures.flatMap((one) =>
    one.tokensPerS === null || one.jPerToken === null
      ? []
      : [{ id: one.cell.id, tokensPerS: one.tokensPerS, jPerToken: one.jPerToken }],
  )
  const front = new Set(paretoFront(known).map(({ id }) => id))
  const pairs = pairsOf(cells)
  const tail = (ERROR_RATE * STOPPING_FACTOR) / Math.max(1, pairs.length)
  return {
    cells: figures.map((one) => ({ ...one, isOnFront: front.has(one.cell.id) })),
    pairs: pairs.map(([a, b]) => compare(a, b, runs, tail)),
  }
}

/** Every pair is known to within the target, or has no chance to be (a cell without runs). */
export function isNarrow(pairs: readonly PairFinding[], cells: readonly CellFigures[], targetRatio: number): boolean {
  const enough = (ratio: number | null, count: number) =>
    count >= LEAST_BLOCKS && ratio !== null && ratio <= targetRatio
  if (pairs.length === 0) return cells.every(({ randomRatio, runs }) => enough(randomRatio, runs))
  return pairs.every(({ randomRatio, blocks }) => enough(randomRatio, blocks))
}

function figuresOf(cell: Cell, runs: readonly Run[]): CellFigures {
  const own = runs.filter((run) => run.cell === cell.id)
  const kept = own.flatMap((run) => (run.ok ? [run.figures] : []))
  const discarded = { disturbed: 0, gap: 0, failed: 0 }
  for (const run of own) if (!run.ok) discarded[run.fault]++
  const logs = kept.map((run) => Math.log(jPerTokenOf(run)))
  const { mean, low, high } = meanInterval(logs, ERROR_RATE)
  const isKnown = kept.length > 0
  const randomRatio = kept.length < 2 ? null : Math.exp(Math.max(high - mean, mean - low)) - 1
  const lastingRatio = isKnown ? meanOf(kept.map(({ uncertainty }) => uncertainty ?? 0)) : 0
  return {
    ...{ cell, runs: kept.length, discarded, randomRatio, isOnFront: false },
    tokensPerS: isKnown ? geometric(kept.map((run) => (1_000 * run.outputTokens) / run.durationMs)) : null,
    jPerToken: isKnown ? Math.exp(mean) : null,
    uncertainty: randomRatio === null ? null : Math.hypot(randomRatio, lastingRatio),
    machineJPerToken: isKnown ? geometric(kept.map((run) => run.machineMj / 1_000 / run.outputTokens)) : null,
    ttftMs: median(kept.flatMap(({ ttftMs }) => ttftMs)),
    idleW: isKnown ? meanOf(kept.map(({ idleW }) => idleW)) : null,
    outputTokens: kept.reduce((sum, run) => sum + run.outputTokens, 0),
    tokensAreEstimate: kept.some((run) => run.tokensAreEstimate),
    estimatedRatio: isKnown ? meanOf(kept.map((run) => run.estimatedRatio)) : 0,
    reason: isKnown ? null : (own.flatMap((run) => (run.ok ? [] : [run.reason])).at(-1) ?? 'It was not its turn yet.'),
  }
}

function compare(a: Cell, b: Cell, runs: readonly Run[], tail: number): PairFinding {
  const [ofA, ofB] = [byBlock(a, runs), byBlock(b, runs)]
  const shared = [...ofA].flatMap(([block, first]) => {
    const second = ofB.get(block)
    return second === undefined ? [] : [[first, second] as const]
  })
  const blocks = shared.length
  if (blocks === 0) return { a, b, blocks, ratio: null, low: null, high: null, verdict: null, randomRatio: null }
  const differences = shared.map(([first, second]) => Math.log(jPerTokenOf(second) / jPerTokenOf(first)))
  const { mean, low, high } = meanInterval(differences, tail)
  if (blocks < 2)
    return { a, b, blocks, ratio: Math.exp(mean), low: null, high: null, verdict: null, randomRatio: null }
  const lasting =
    2 *
    uncommonRatio(
      shared.map(([first]) => first),
      shared.map(([, second]) => second),
    )
  const [from, to] = [mean - Math.hypot(mean - low, lasting), mean + Math.hypot(high - mean, lasting)]
  return {
    ...{ a, b, blocks, ratio: Math.exp(mean), low: Math.exp(from), high: Math.exp(to) },
    verdict: blocks < LEAST_BLOCKS ? null : from > 0 ? 'aLess' : to < 0 ? 'bLess' : 'same',
    randomRatio: Math.exp(Math.max(mean - low, high - mean)) - 1,
  }
}

function byBlock(cell: Cell, runs: readonly Run[]): Map<number, RunFigures> {
  return new Map(runs.flatMap((run) => (run.ok && run.cell === cell.id ? [[run.block, run.figures]] : [])))
}

function jPerTokenOf({ energyMj, outputTokens }: RunFigures): number {
  return energyMj / 1_000 / outputTokens
}

function geometric(values: readonly number[]): number {
  return Math.exp(meanOf(values.map(Math.log)))
}

function median(values: readonly number[]): number | null {
  const order = values.toSorted((a, b) => a - b)
  const middle = order.length / 2
  if (order.length === 0) return null
  return meanOf([order[Math.ceil(middle - 1)] as number, order[Math.floor(middle)] as number])
}
