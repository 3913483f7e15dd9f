/** Cancels the timer; calling it twice is harmless. */
export type Cancel = () => void

/** Time as the engine sees it. Energy is only ever divided by monotonic time; wall time labels history. */
export interface Clock {
  /** Monotonic milliseconds with a fraction; stands still while the machine sleeps (CLOCK_MONOTONIC). */
  monotonicMs(): number
  /** Milliseconds since boot, sleep included (CLOCK_BOOTTIME), so that boottime − monotonic grows by what was slept. */
  boottimeMs(): number
  /** Unix milliseconds, UTC; may be stepped by the user or NTP. */
  wallMs(): number
  /** Calls back once, not before `delayMs` monotonic milliseconds have passed. Never keeps the process alive by itself where `background`. */
  after(delayMs: number, callback: () => void, options?: { background?: boolean }): Cancel
}
