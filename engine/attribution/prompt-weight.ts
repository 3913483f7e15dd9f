/** How many requests a model worked on at once: a decoded token costs about ten times less in a batch, a prompt token does not. */
export const CONCURRENCY_CLASSES = [1, 4, 16, Number.POSITIVE_INFINITY] as const

/** Weight of a prompt token against a generated one before anything was learned (attribution.md §4). */
export const FIRST_PROMPT_WEIGHT = { gpu: 0.03, cpu: 0.2 } as const

const ENOUGH_INTERVALS = 50
/** An interval counts half as much after about 1,400 others. */
const FORGETTING = 0.9995
const MOST_WEIGHT = 2

/** One interval of a model at work: what it drew, and what it did. */
export type WorkedInterval = {
  readonly activeMj: number
  readonly busyMs: number
  readonly promptTokens: number
  readonly outputTokens: number
}

export type PromptWeight = { readonly weight: number; readonly provenance: 'learned' | 'estimate' }

/**
 * Learns what a prompt token weighs against a generated one: `activeMj = a · busyMs + d · (w_p · prompt + output)` by non-negative
 * least squares over all intervals of a model in one class of concurrency, older ones forgotten exponentially. attribution.md §4.
 */
export class PromptWeightLearner {
  readonly #first: number
  /** Normal equations: Xᵀ X (by rows a, d·w_p, d) and Xᵀ y. */
  readonly #xx = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  readonly #xy = [0, 0, 0]
  #intervals = 0
  #weight: number | null = null

  constructor(runsOn: keyof typeof FIRST_PROMPT_WEIGHT, kept: unknown = null) {
    this.#first = FIRST_PROMPT_WEIGHT[runsOn]
    if (isKept(kept)) {
      this.#xx.splice(0, 9, ...kept.xx)
      this.#xy.splice(0, 3, ...kept.xy)
      this.#intervals = kept.intervals
    }
  }

  /** What is worth keeping over a restart; plain JSON. */
  get state(): { readonly xx: readonly number[]; readonly xy: readonly number[]; readonly intervals: number } {
    return { xx: [...this.#xx], xy: [...this.#xy], intervals: this.#intervals }
  }

  /** @param interval of which something is wrong (negative, not finite) is left out. */
  learn({ activeMj, busyMs, promptTokens, outputTokens }: WorkedInterval): void {
    const x = [busyMs / 1_000, promptTokens, outputTokens]
    if (promptTokens + outputTokens <= 0 || ![activeMj, ...x].every((one) => Number.isFinite(one) && one >= 0)) return
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        const at = 3 * row + column
        this.#xx[at] = FORGETTING * (this.#xx[at] as number) + (x[row] as number) * (x[column] as number)
      }
      this.#xy[row] = FORGETTING * (this.#xy[row] as number) + (x[row] as number) * activeMj
    }
    this.#intervals += 1
    this.#weight = null
  }

  get value(): PromptWeight {
    if (this.#intervals < ENOUGH_INTERVALS) return { weight: this.#first, provenance: 'estimate' }
    this.#weight ??= this.#solve()
    return this.#weight === Number.NEGATIVE_INFINITY
      ? { weight: this.#first, provenance: 'estimate' }
      : { weight: this.#weight, provenance: 'learned' }
  }

  /** -Infinity where the intervals cannot tell the two apart: no prompts, no output, or always in the same proportion. */
  #solve(): number {
    const [, ofPrompt, ofOutput] = nonNegativeSolution(this.#xx, this.#xy)
    const [, , , , pp, pt, , , tt] = this.#xx as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const isTold = pp > 0 && tt > 0 && pt * pt < 0.98 * pp * tt
    if (!isTold || ofOutput <= 0) return Number.NEGATIVE_INFINITY
    return Math.min(ofPrompt / ofOutput, MOST_WEIGHT)
  }
}

/** Non-negative least squares of three unknowns: the best of the eight choices of unknowns that are not 0, since there are so few. */
function nonNegativeSolution(xx: readonly number[], xy: readonly number[]): [number, number, number] {
  let best: [number, number, number] = [0, 0, 0]
  let bestGain = 0
  for (let chosen = 1; chosen < 8; chosen++) {
    const free = [0, 1, 2].filter((index) => (chosen & (1 << index)) !== 0)
    const solved = solve(
      free.map((row) => free.map((column) => xx[3 * row + column] as number)),
      free.map((row) => xy[row] as number),
    )
    if (solved === null || solved.some((one) => one < 0)) continue
    // How much of the sum of squares these unknowns explain; at the solution it is x · Xᵀy.
    const gain = free.reduce((sum, index, at) => sum + (solved[at] as number) * (xy[index] as number), 0)
    if (gain <= bestGain) continue
    bestGain = gain
    best = [0, 0, 0]
    for (const [at, index] of free.entries()) best[index] = solved[at] as number
  }
  return best
}

/** Gaussian elimination with pivots; `null` where the equations do not determine it. */
function solve(rows: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const a = rows.map((row, index) => [...row, right[index] as number])
  const size = right.length
  for (let at = 0; at < size; at++) {
    let pivot = at
    for (let row = at + 1; row < size; row++) if (Math.abs(cell(a, row, at)) > Math.abs(cell(a, pivot, at))) pivot = row
    const scale = Math.max(...(rows[pivot] ?? [0]).map(Math.abs), Number.MIN_VALUE)
    if (Math.abs(cell(a, pivot, at)) <= 1e-12 * scale) return null
    const swapped = a[at] as number[]
    a[at] = a[pivot] as number[]
    a[pivot] = swapped
    for (let row = 0; row < size; row++) {
      if (row === at) continue
      const factor = cell(a, row, at) / cell(a, at, at)
      for (let column = at; column <= size; column++)
        (a[row] as number[])[column] = cell(a, row, column) - factor * cell(a, at, column)
    }
  }
  return a.map((row, at) => (row[size] as number) / (row[at] as number))
}

function cell(a: readonly (readonly number[])[], row: number, column: number): number {
  return a[row]?.[column] ?? 0
}

function isKept(kept: unknown): kept is { xx: number[]; xy: number[]; intervals: number } {
  if (typeof kept !== 'object' || kept === null) return false
  const { xx, xy, intervals } = kept as { xx?: unknown; xy?: unknown; intervals?: unknown }
  const areNumbers = (list: unknown, length: number) =>
    Array.isArray(list) &&
    list.length === length &&
    list.every((one) => typeof one === 'number' && Number.isFinite(one))
  return areNumbers(xx, 9) && areNumbers(xy, 3) && Number.isSafeInteger(intervals)
}
