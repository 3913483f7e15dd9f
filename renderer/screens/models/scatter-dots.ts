import type { RequestRow } from '../../../contract/models.ts'

/** One dot a request, by output tokens: `measuredJ` and `estimatedJ` at each, one of them `null`. */
export type Dots = {
  readonly at: readonly number[]
  readonly measuredJ: readonly (number | null)[]
  readonly estimatedJ: readonly (number | null)[]
  readonly requests: readonly RequestRow[]
  /** Requests that have no place: tokens not reported, or energy unknown, or none of either. */
  readonly leftOut: number
}

/** Both axes are logarithmic, so only what is above nothing has a place. */
export function dotsOf(rows: readonly RequestRow[]): Dots {
  const placed = rows
    .filter(({ completionTokens, energyMj }) => (completionTokens ?? 0) > 0 && (energyMj ?? 0) > 0)
    .sort((a, b) => (a.completionTokens ?? 0) - (b.completionTokens ?? 0))
  const joules = (isEstimate: boolean) =>
    placed.map((row) => (isEstimated(row) === isEstimate ? (row.energyMj ?? 0) / 1_000 : null))
  return {
    at: placed.map(({ completionTokens }) => completionTokens ?? 0),
    measuredJ: joules(false),
    estimatedJ: joules(true),
    requests: placed,
    leftOut: rows.length - placed.length,
  }
}

/** Either figure of it: its joules or its tokens. */
function isEstimated({ provenance, tokensProvenance }: RequestRow): boolean {
  return provenance === 'estimate' || tokensProvenance === 'estimate'
}

/** Ends of a logarithmic axis: the decades around the figures, or their halves where they lie close. */
export function logRange(least: number, most: number): [number, number] {
  const steps = (size: number, round: (size: number) => number) => 10 ** (round(Math.log10(size) * 2) / 2)
  const [from, to] = [steps(least, Math.floor), steps(most, Math.ceil)]
  return from < to ? [from, to] : [from / 10 ** 0.5, to * 10 ** 0.5]
}

/** Steps of a logarithmic axis: its decades; with 2 and 5 between them where there are at most two. */
export function logSteps(from: number, to: number): number[] {
  const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))]
  const within = to / from <= 150 ? [1, 2, 5] : [1]
  const steps: number[] = []
  for (let decade = first; decade <= last; decade += 1) {
    for (const step of within) steps.push(Number(`${step}e${decade}`))
  }
  return steps.filter((step) => step >= from * (1 - 1e-9) && step <= to * (1 + 1e-9))
}
