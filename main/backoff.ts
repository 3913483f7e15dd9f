/** How long to wait before the next start of an engine that ended, and when to call it down. Pure; time is told. */

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 60_000
/** An engine that ran for this long had not failed to start: what ended it is a new story. */
const TRUSTED_AFTER_MS = 60_000
const ATTEMPTS_UNTIL_DOWN = 5

export type Backoff = { readonly attempts: number; readonly waitMs: number; readonly isDown: boolean }

export const NO_FAILURE: Backoff = { attempts: 0, waitMs: 0, isDown: false }

/** After one more end of an engine that had run for `ranForMs`. */
export function afterEnd(before: Backoff, ranForMs: number): Backoff {
  const attempts = ranForMs >= TRUSTED_AFTER_MS ? 1 : before.attempts + 1
  return {
    attempts,
    waitMs: Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1)),
    isDown: attempts >= ATTEMPTS_UNTIL_DOWN,
  }
}

/** After an engine said that it cannot run here: nothing that hurrying would mend. */
export function afterRefusal(before: Backoff): Backoff {
  return { attempts: before.attempts + 1, waitMs: LONGEST_WAIT_MS, isDown: true }
}
