/** Quiet time after which what was learned counts for a third: a model is exchanged within minutes, a second's noise does not matter. */
const MEMORY_MS = 5 * 60_000
/** Below this much of quiet time nothing is said. */
const LEAST_MS = 5_000

/**
 * Learns what a device draws above its floor while models lie in its memory and nobody asks them: the power that is residency in an interval
 * that is partly busy. Only intervals above an own floor teach it; a table's floor would pass its error on (attribution.md §3).
 */
export interface ResidencyLearner {
  observe(aboveFloorW: number, lengthMs: number): void
  /** `null` until enough quiet time with something resident was seen. */
  powerW(): number | null
}

export function createResidencyLearner(): ResidencyLearner {
  let meanW = 0
  let seenMs = 0
  return {
    observe(aboveFloorW, lengthMs) {
      if (!(lengthMs > 0) || !Number.isFinite(aboveFloorW)) return
      const weight = 1 - Math.exp(-lengthMs / Math.min(MEMORY_MS, Math.max(seenMs, lengthMs)))
      meanW += (seenMs === 0 ? 1 : weight) * (Math.max(0, aboveFloorW) - meanW)
      seenMs += lengthMs
    },
    powerW: () => (seenMs >= LEAST_MS ? meanW : null),
  }
}
