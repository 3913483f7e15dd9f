import type { MeteredEnd } from './request-book.ts'

/** Tokens that a model's server says it read and wrote in a tick. */
export type CountedTokens = { readonly promptTokens: number; readonly outputTokens: number }

/** The rarest look at a server is a minute after the last: by then its counters hold what its metered requests did. */
const COUNTED_LATE_MS = 65_000

/**
 * What a model's server counted beyond what its metered requests did, in a running account, since the two move at different times: some
 * servers count with each step, some when a request ends, and are looked at later still.
 */
export class UnmeteredAccount {
  #promptTokens = 0
  #outputTokens = 0
  #meteredMs = 0

  /** A metered request did so much; less than nothing, where more was thought before. */
  meter({ promptTokens, outputTokens }: CountedTokens, atMs: number): void {
    this.#promptTokens -= promptTokens
    this.#outputTokens -= outputTokens
    this.#meteredMs = atMs
  }

  /**
   * Its server told of so much: what of it no metered request can have done, as generated tokens. While one runs of which nothing is seen
   * (`isHidden`), what the server counts may be its: that stays in the account until the request has told.
   */
  take(
    told: CountedTokens,
    nowMs: number,
    weight: number,
    isHidden: { readonly prompts: boolean; readonly outputs: boolean },
  ): number {
    if (nowMs - this.#meteredMs > COUNTED_LATE_MS) {
      // It never counted those: they were before the first look at it.
      this.#promptTokens = Math.max(0, this.#promptTokens)
      this.#outputTokens = Math.max(0, this.#outputTokens)
    }
    this.#promptTokens += told.promptTokens
    this.#outputTokens += told.outputTokens
    let tokens = 0
    if (!isHidden.prompts && this.#promptTokens > 0) {
      tokens += weight * this.#promptTokens
      this.#promptTokens = 0
    }
    if (!isHidden.outputs && this.#outputTokens > 0) {
      tokens += this.#outputTokens
      this.#outputTokens = 0
    }
    return tokens
  }
}

/** What a request really did beyond what was seen of it while it ran; nothing where its server did not tell. */
export function restOf(end: MeteredEnd, taken: CountedTokens): CountedTokens {
  const { promptTokens, cachedTokens, completionTokens, tokensProvenance } = end
  const isTold = tokensProvenance === 'exact'
  return {
    promptTokens: isTold && promptTokens !== null ? promptTokens - (cachedTokens ?? 0) - taken.promptTokens : 0,
    outputTokens: isTold && completionTokens !== null ? completionTokens - taken.outputTokens : 0,
  }
}
