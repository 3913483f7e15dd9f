import type { Clock } from '../clock/clock.ts'
import type { VendorAnswer, VendorSession } from '../host/host.ts'

/** Between being asked and having answered, somewhere, the driver was read. */
export type FreshAnswer = { readonly value: unknown; readonly atMs: number }

/** An answer that lay so long comes from before the machine slept: an interval that begins with it would hold the sleep. */
const STALE_MS = 5_000

/** A driver's answers, each once: what was seen before says nothing of this tick. */
export function freshAnswers(session: VendorSession, clock: Clock): () => FreshAnswer | null {
  let seen: VendorAnswer | null = null
  return () => {
    const { latest } = session
    if (latest === null || latest === seen) return null
    seen = latest
    if (clock.monotonicMs() - latest.answeredMs > STALE_MS) return null
    return { value: latest.value, atMs: (latest.askedMs + latest.answeredMs) / 2 }
  }
}
