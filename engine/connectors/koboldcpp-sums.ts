import { z } from 'zod'
import type { OutputTotals } from './connector.ts'
import { Count } from './json-answer.ts'
import { outputTotals } from './server-words.ts'

/** Figures read -1 before the first generation. */
const Figure = z.number().min(-1).max(Number.MAX_SAFE_INTEGER)

/**
 * GET /api/extra/perf. `last_process` and `last_eval` are milliseconds per token; versions up to 2024 tell neither the length of the prompt
 * nor how long it took.
 */
export const Perf = z.object({
  last_eval: Figure,
  last_token_count: Figure,
  last_input_count: Figure.nullish(),
  last_process_time: Figure.nullish(),
  last_eval_time: Figure.nullish(),
  total_gens: Figure,
  total_img_gens: Figure.nullish(),
  queue: Count,
  idle: z.union([z.literal(0), z.literal(1)]),
  uptime: z.number().nonnegative(),
})
export type Perf = z.output<typeof Perf>

type Newest = Pick<Perf, 'total_gens' | 'total_img_gens' | 'uptime'>

/**
 * Sums what is told of the newest generation alone. Where several ended between two looks, the others are taken to be as long as those that
 * were seen are on average, and the figures are marked as an estimate. A start in between loses what was not looked at before it.
 */
export class KoboldSums {
  #last: Newest | null = null
  #sums = { outputTokens: 0, promptTokens: 0, requests: 0, images: 0, busyMs: 0 }
  #seen = { generations: 0, outputTokens: 0, promptTokens: 0, busyMs: 0 }
  #countsPrompts = true

  take(perf: Perf, model: string | null): OutputTotals {
    const last = this.#last
    const hasBegunAnew = last !== null && (perf.uptime < last.uptime || perf.total_gens < last.total_gens)
    this.#last = perf
    this.#countsPrompts = (perf.last_input_count ?? null) !== null
    const generations = last === null ? 0 : rise(hasBegunAnew ? 0 : last.total_gens, perf.total_gens)
    if (last !== null)
      this.#sums.images += rise(hasBegunAnew ? 0 : (last.total_img_gens ?? 0), perf.total_img_gens ?? 0)
    if (generations > 0) this.#add(perf, generations)
    const { promptTokens, images, ...sums } = this.#sums
    return outputTotals(model, {
      ...sums,
      promptTokens: this.#countsPrompts ? promptTokens : null,
      images: (perf.total_img_gens ?? null) === null ? null : images,
      provenance: generations > 1 ? 'estimate' : 'exact',
    })
  }

  #add(perf: Perf, generations: number): void {
    const seen = this.#seen
    const newest = {
      outputTokens: Math.round(Math.max(0, perf.last_token_count)),
      promptTokens: Math.round(Math.max(0, perf.last_input_count ?? 0)),
      busyMs: busyMs(perf),
    }
    seen.generations += 1
    this.#sums.requests += generations
    for (const what of ['outputTokens', 'promptTokens', 'busyMs'] as const) {
      seen[what] += newest[what]
      this.#sums[what] += newest[what] + Math.round((seen[what] / seen.generations) * (generations - 1))
    }
  }
}

function rise(before: number, now: number): number {
  return Math.max(0, Math.round(now) - Math.max(0, Math.round(before)))
}

function busyMs({ last_eval, last_token_count, last_process_time, last_eval_time }: Perf): number {
  const toldS = (last_process_time ?? 0) + (last_eval_time ?? 0)
  return Math.round(Math.max(0, toldS > 0 ? toldS * 1_000 : last_eval * Math.max(0, last_token_count)))
}
