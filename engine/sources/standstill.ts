import type { MachineLoad } from './source.ts'

/** Since when a value has been the same. */
export type Standstill = { value: unknown; sinceMs: number; sinceBusyMs: number }

/** Real counters and sensors of a machine move within this time while it works at least this much. */
const STILL_MS = 60_000
const STILL_BUSY_MS = 5_000

export function newStandstill(): Standstill {
  return { value: null, sinceMs: 0, sinceBusyMs: 0 }
}

/** It has stood still while the machine worked, so that it measures nothing. Without a load nobody can tell. */
export function isStandingStill(still: Standstill, value: unknown, atMs: number, load: MachineLoad | null): boolean {
  if (load === null) return false
  if (still.value !== value) {
    still.value = value
    still.sinceMs = atMs
    still.sinceBusyMs = load.busyMs
    return false
  }
  return atMs - still.sinceMs >= STILL_MS && load.busyMs - still.sinceBusyMs >= STILL_BUSY_MS
}
