import type { OutputTotals, ServerReport } from '../connectors/connector.ts'

export const COUNTED = [
  'promptTokens',
  'cachedTokens',
  'outputTokens',
  'requests',
  'failedRequests',
  'images',
  'audioMs',
] as const
export type Counted = (typeof COUNTED)[number]

/** What one model's counters rose by; `null`: not counted. */
export type OutputRise = { readonly model: string | null; readonly provenance: OutputTotals['provenance'] } & {
  readonly [K in Counted]: number | null
}

/** More than any server delivers between two looks: a counter that says so lies. */
const MOST_RISE = 1e9

/**
 * Differences of a server's own counters from look to look. Counters are per life of its process: one that fell, or a life that the server
 * calls another, is a new beginning, and what it had reached by then is not this interval's (ai-servers.md §0.4). Never negative.
 */
export class OutputRises {
  #life: string | null = null
  #known = new Map<string | null, OutputTotals>()
  #hasBegun = false

  /**
   * A first look rises by nothing. Neither does one in which the server did not count: its counters go on meanwhile, and are compared with
   * the look before it.
   */
  take({ life, totals, counts }: Pick<ServerReport, 'life' | 'totals' | 'counts'>): OutputRise[] {
    if (counts !== 'server') return []
    const isNewLife = this.#hasBegun && life !== this.#life
    const before: ReadonlyMap<string | null, OutputTotals> = isNewLife ? new Map() : this.#known
    const isFirst = !this.#hasBegun || isNewLife
    this.#life = life
    this.#hasBegun = true
    this.#known = new Map(totals.map((one) => [one.model, one]))
    if (isFirst) return []
    // A series that was not there a look ago began at 0 in a process that was: a model that was loaded since.
    return totals.flatMap((now) => risen(before.get(now.model) ?? null, now) ?? [])
  }

  /** Its process was started anew. */
  restart(): void {
    this.#known.clear()
    this.#hasBegun = false
  }
}

function risen(before: OutputTotals | null, now: OutputTotals): OutputRise | null {
  const hasFallen = before !== null && COUNTED.some((what) => (now[what] ?? 0) < (before[what] ?? 0))
  if (hasFallen) return null
  const rises = Object.fromEntries(COUNTED.map((what) => [what, rise(before?.[what] ?? 0, now[what])])) as Record<
    Counted,
    number | null
  >
  if (COUNTED.every((what) => (rises[what] ?? 0) === 0)) return null
  return { model: now.model, provenance: now.provenance, ...rises }
}

function rise(before: number, now: number | null): number | null {
  if (now === null || !Number.isFinite(now)) return null
  const by = now - before
  return by >= 0 && by <= MOST_RISE ? by : null
}
