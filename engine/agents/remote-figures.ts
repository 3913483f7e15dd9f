/** Joules a token in a data centre, its overhead included. */
export type TokenFigures = {
  readonly inputJ: number
  readonly cacheReadJ: number
  readonly cacheWriteJ: number
  readonly outputJ: number
}

export type RemoteFigures = {
  /** When the figures were last compared with what is published. */
  readonly asOf: string
  readonly large: TokenFigures
  readonly small: TokenFigures
  /** Names of models that are small for a hosted one. */
  readonly smallNames: RegExp
  /** The published figures lie between these multiples. */
  readonly lowRatio: number
  readonly highRatio: number
  readonly sources: readonly string[]
}

/**
 * No one publishes the energy of a user's own request. Output: between Epoch's 2.2 J and what was derived from measured throughput, 1.2–7.2 J;
 * the other kinds in proportion to usual prices, 5 : 1 : 1.25 : 0.1. Small models: a fifth.
 */
export const REMOTE_FIGURES: RemoteFigures = {
  asOf: '2026-11',
  large: { inputJ: 0.6, cacheReadJ: 0.06, cacheWriteJ: 0.75, outputJ: 3 },
  small: { inputJ: 0.12, cacheReadJ: 0.012, cacheWriteJ: 0.15, outputJ: 0.6 },
  smallNames: /(^|[^a-z])(mini|nano|flash|haiku|lite|small)([^a-z]|$)/i,
  lowRatio: 1 / 3,
  highRatio: 7 / 3,
  sources: [
    'Epoch AI, "How much energy does ChatGPT use?", 2025: 2.2 J per output token, 0.8–1.4 J per input token in long prompts',
    'A. Bradbury, muxup.com, "Per-query energy consumption of LLMs", 2026: DeepSeek-R1, 1.2–7.2 J per output token',
    'S. P. Couch, "Electricity use of AI coding agents", 2026: ratios between the kinds of tokens by price',
    'Google, arXiv 2508.15734, 2025: 0.24 Wh for a median text prompt, data centre included',
  ],
}
