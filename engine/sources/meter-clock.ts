/** Later than usual by so much, and the meter's clock has stood still or begun anew. */
const LATE_MS = 5_000

/** Times of a meter's own clock as monotonic times of ours: its intervals are exact, while an answer takes longer at one time than at another. */
export interface MeterClock {
  /** When, by our clock, it was `time100ns` by the meter's; `answeredMs` is when we knew. */
  stamp(time100ns: bigint, answeredMs: number): number
}

export function createMeterClock(): MeterClock {
  let offsetMs: number | null = null
  return {
    stamp(time100ns, answeredMs) {
      const meterMs = Number(time100ns) / 10_000
      const latestMs = answeredMs - meterMs
      // A value cannot be known before it was measured, so the smallest difference seen is the nearest to the truth.
      if (offsetMs === null || latestMs < offsetMs || latestMs > offsetMs + LATE_MS) offsetMs = latestMs
      return meterMs + offsetMs
    },
  }
}
