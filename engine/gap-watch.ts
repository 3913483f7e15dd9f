import type { Clock } from './clock/clock.ts'

/** What happened to time since the last look. `sleptMs` of boot time passed without monotonic time; `stepMs` is a set clock. */
export type TimeEvent =
  | { readonly kind: 'none' }
  | { readonly kind: 'suspend'; readonly sleptMs: number }
  | { readonly kind: 'clock'; readonly stepMs: number }

const SUSPEND_MS = 500
const STEP_MS = 1_000

/**
 * Tells sleep from a set clock by three clocks (power-linux.md §10): sleep moves boot time and wall time past monotonic time,
 * a set clock moves wall time alone. Boot time is a file on Linux, so it is only read when the two cheap ones disagree.
 */
export function createGapWatch(clock: Clock): { look(): TimeEvent } {
  let wallAheadMs = clock.wallMs() - clock.monotonicMs()
  let bootAheadMs = clock.boottimeMs() - clock.monotonicMs()

  return {
    look() {
      const monotonicMs = clock.monotonicMs()
      const movedMs = clock.wallMs() - monotonicMs - wallAheadMs
      if (Math.abs(movedMs) <= SUSPEND_MS) return { kind: 'none' }
      wallAheadMs += movedMs
      const sleptMs = clock.boottimeMs() - monotonicMs - bootAheadMs
      bootAheadMs += sleptMs
      if (sleptMs > SUSPEND_MS) return { kind: 'suspend', sleptMs }
      return Math.abs(movedMs) > STEP_MS ? { kind: 'clock', stepMs: movedMs } : { kind: 'none' }
    },
  }
}
