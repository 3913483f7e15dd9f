/** How long a driver that broke is left alone. Pure; time is told. */
export type Backoff = { readonly failures: number; readonly untilMs: number }

export const NO_FAILURE: Backoff = { failures: 0, untilMs: Number.NEGATIVE_INFINITY }

const FIRST_MS = 1_000
const LONGEST_MS = 300_000
/** A driver that went well for so long after its rest had a new accident, not the old one. */
const TRUSTED_AFTER_MS = 60_000

export function afterFailure(before: Backoff, nowMs: number): Backoff {
  const failures = nowMs >= before.untilMs + TRUSTED_AFTER_MS ? 1 : before.failures + 1
  return { failures, untilMs: nowMs + Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) }
}
