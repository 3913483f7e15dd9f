import { CONCURRENCY_CLASSES, type PromptWeight, PromptWeightLearner } from '../attribution/prompt-weight.ts'
import { ModelHabits, type RequestWork } from './request-progress.ts'

/** One tick of a model as its requests saw it. `unmeteredTokens`: work that its server counted and no metered request accounts for, as generated tokens. */
export type ModelTick = {
  readonly fromMs: number
  readonly toMs: number
  readonly requests: readonly RequestWork[]
  readonly unmeteredTokens: number
}

/** What one request did in an interval; the parts of it in which it was in flight, and in which nothing could be seen of it then. */
export type RequestPart = {
  readonly id: string
  readonly promptTokens: number
  readonly outputTokens: number
  readonly presentRatio: number
  readonly silentRatio: number
}

const KEPT_MS = 15 * 60_000

/** What is remembered of one model: its last ticks, how its prompts read, and what a prompt token costs it. */
export class ModelTicks {
  readonly habits = new ModelHabits()
  readonly #learners: readonly PromptWeightLearner[]
  #ticks: ModelTick[] = []

  /** `kept`: what `state` was at the last stop. */
  constructor(runsOn: 'gpu' | 'cpu', kept: unknown = null) {
    const states = Array.isArray(kept) ? kept : []
    this.#learners = CONCURRENCY_CLASSES.map((_, index) => new PromptWeightLearner(runsOn, states[index] ?? null))
  }

  /** Worth keeping over a restart; plain JSON. */
  get state(): unknown {
    return this.#learners.map((learner) => learner.state)
  }

  promptWeight(concurrency: number): PromptWeight {
    return this.#learnerFor(concurrency).value
  }

  push(tick: ModelTick): void {
    this.#ticks.push(tick)
    const oldest = this.#ticks[0] as ModelTick
    if (oldest.toMs < tick.toMs - 2 * KEPT_MS)
      this.#ticks = this.#ticks.filter((kept) => kept.toMs >= tick.toMs - KEPT_MS)
  }

  clear(): void {
    this.#ticks = []
  }

  /** What the requests did in exactly this interval. */
  between(
    fromMs: number,
    toMs: number,
  ): { readonly requests: readonly RequestPart[]; readonly unmeteredTokens: number } {
    const requests = new Map<string, { -readonly [K in keyof RequestPart]: RequestPart[K] }>()
    let unmeteredTokens = 0
    for (let index = this.#ticks.length - 1; index >= 0; index--) {
      const tick = this.#ticks[index] as ModelTick
      if (tick.toMs <= fromMs) break
      const overlapMs = Math.min(toMs, tick.toMs) - Math.max(fromMs, tick.fromMs)
      if (overlapMs <= 0) continue
      const lengthMs = tick.toMs - tick.fromMs
      const part = overlapMs / lengthMs
      const ratioOf = (ms: number) => (Math.min(ms, lengthMs) * part) / (toMs - fromMs)
      unmeteredTokens += tick.unmeteredTokens * part
      for (const work of tick.requests) {
        const { id } = work
        const known = requests.get(id) ?? { id, promptTokens: 0, outputTokens: 0, presentRatio: 0, silentRatio: 0 }
        known.promptTokens += work.promptTokens * part
        known.outputTokens += work.outputTokens * part
        known.presentRatio += ratioOf(work.presentMs)
        known.silentRatio += ratioOf(work.silentMs)
        requests.set(id, known)
      }
    }
    return { requests: [...requests.values()], unmeteredTokens }
  }

  /** @param activeMj what the model drew in the interval where it mostly computes. */
  learn(concurrency: number, activeMj: number, busyMs: number, requests: readonly RequestPart[]): void {
    let promptTokens = 0
    let outputTokens = 0
    for (const one of requests) {
      promptTokens += one.promptTokens
      outputTokens += one.outputTokens
    }
    this.#learnerFor(concurrency).learn({ activeMj, busyMs, promptTokens, outputTokens })
  }

  #learnerFor(concurrency: number): PromptWeightLearner {
    const index = CONCURRENCY_CLASSES.findIndex((most) => concurrency <= most)
    return this.#learners[index] as PromptWeightLearner
  }
}

/**
 * What requests are weighed by in an interval: generated tokens, and prompt tokens at their weight. One of which nothing can be seen for a part
 * of it (its answer comes in one piece) counts for that part as much as the mean of those beside it that can be seen; where nothing is
 * seen of any, all count alike (attribution.md §4).
 */
export function requestWeights(requests: readonly RequestPart[], promptWeight: number): number[] {
  const visible = requests.map((one) => promptWeight * one.promptTokens + one.outputTokens)
  const seen = requests.reduce((sum, one) => sum + Math.max(0, one.presentRatio - one.silentRatio), 0)
  const all = visible.reduce((sum, one) => sum + one, 0)
  const pace = all > 0 && seen > 0 ? all / seen : 1
  const weights = requests.map((one, index) => (visible[index] as number) + pace * one.silentRatio)
  // Prompts alone, of a model whose prompts cost next to nothing.
  return weights.some((weight) => weight > 0) ? weights : weights.map(() => 1)
}
