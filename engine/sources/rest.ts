import type { HostFiles } from '../host/host.ts'
import { maySleep } from './runtime-status.ts'

/** When a card is to be left alone, so that it can fall asleep. */
export interface Rest {
  /** What the card drew up to now. */
  saw(powerW: number, nowMs: number): void
  /** It sleeps: when it wakes, it is read at once. */
  sleep(): void
  isOver(nowMs: number): boolean
}

/** So long it is read while it is quiet, and so long it is left alone then. */
const QUIET_MS = 60_000
const REST_MS = 15_000
/** Quiet is what is not far above the least that it ever drew. */
const QUIET_RATIO = 1.5
const QUIET_MORE_W = 1

/**
 * Each read of a card's register takes a runtime reference, and when that is given back the driver's delay begins anew (1 s on xe, 10 s on
 * i915: pm_runtime_set_autosuspend_delay). Read every second, a card that nobody uses would never sleep. A counter loses nothing by a rest.
 */
export function createRest(files: HostFiles, device: string | null): Rest {
  let leastW = Number.POSITIVE_INFINITY
  let quietSinceMs: number | null = null
  let untilMs = 0
  return {
    saw(powerW, nowMs) {
      leastW = Math.min(leastW, powerW)
      if (powerW > leastW * QUIET_RATIO + QUIET_MORE_W) quietSinceMs = null
      else quietSinceMs ??= nowMs
      if (quietSinceMs === null || nowMs - quietSinceMs < QUIET_MS) return
      quietSinceMs = null
      if (device !== null && maySleep(files, device)) untilMs = nowMs + REST_MS
    },
    sleep() {
      quietSinceMs = null
      untilMs = 0
    },
    isOver: (nowMs) => nowMs >= untilMs,
  }
}
