import type { Cancel, Clock } from './clock/clock.ts'

/** Calls `turn` once an interval, on the interval's own beat: a late turn does not push the next ones back. */
export function startLoop(clock: Clock, intervalMs: number, turn: () => void): Cancel {
  let dueMs = clock.monotonicMs()
  let cancel: Cancel = () => {}
  function next(): void {
    const nowMs = clock.monotonicMs()
    dueMs += intervalMs
    // Turns that could not happen (a stopped process, a debugger) are not made up for.
    if (dueMs <= nowMs) dueMs = nowMs + intervalMs
    cancel = clock.after(dueMs - nowMs, () => {
      turn()
      next()
    })
  }
  next()
  return () => cancel()
}
