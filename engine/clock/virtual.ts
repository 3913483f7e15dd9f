import type { Cancel, Clock } from './clock.ts'

type Pending = { readonly atMs: number; readonly order: number; readonly callback: () => void }

/** A clock that moves only when told: a week passes in a second, and every run is the same run. */
export interface VirtualClock extends Clock {
  /** Moves monotonic, boot and wall time, calling back what falls due on the way, in order. */
  advance(byMs: number): void
  /** The machine sleeps: boot and wall time pass, monotonic time stands still. */
  sleep(forMs: number): void
  /** Somebody sets the clock: wall time alone jumps. */
  stepWall(byMs: number): void
  /** Our process is not run for a while (SIGSTOP, a paused VM): all time passes, what fell due comes late. */
  stall(forMs: number): void
}

export function virtualClock(start: { wallMs: number; boottimeMs?: number }): VirtualClock {
  let monotonicMs = 0
  let sleptMs = start.boottimeMs ?? 0
  let wallOffsetMs = start.wallMs
  let order = 0
  const pending = new Set<Pending>()

  function nextDue(untilMs: number): Pending | null {
    let next: Pending | null = null
    for (const timer of pending) {
      if (timer.atMs > untilMs) continue
      if (next === null || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order))
        next = timer
    }
    return next
  }

  return {
    monotonicMs: () => monotonicMs,
    boottimeMs: () => monotonicMs + sleptMs,
    wallMs: () => monotonicMs + wallOffsetMs,
    after(delayMs, callback): Cancel {
      const timer: Pending = { atMs: monotonicMs + Math.max(0, delayMs), order: order++, callback }
      pending.add(timer)
      return () => void pending.delete(timer)
    },
    advance(byMs) {
      const untilMs = monotonicMs + byMs
      for (let timer = nextDue(untilMs); timer !== null; timer = nextDue(untilMs)) {
        pending.delete(timer)
        monotonicMs = Math.max(monotonicMs, timer.atMs)
        timer.callback()
      }
      monotonicMs = Math.max(monotonicMs, untilMs)
    },
    sleep(forMs) {
      sleptMs += forMs
      wallOffsetMs += forMs
    },
    stepWall(byMs) {
      wallOffsetMs += byMs
    },
    stall(forMs) {
      monotonicMs += forMs
    },
  }
}
