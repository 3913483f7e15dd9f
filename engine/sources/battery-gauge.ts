import type { Flow } from './battery-flow.ts'

/** What a look at the batteries comes to; `null`: nothing that was not known before. */
export type Told =
  | { readonly kind: 'power'; readonly powerW: number }
  /** Told once, when the machine is plugged in or found so. */
  | { readonly kind: 'supplied' }
  | { readonly kind: 'fault'; readonly why: 'silent' | 'stuck' | 'nonsense' }

export interface Gauge {
  take(flow: Flow, atMs: number): Told | null
}

/** After unplugging, the old rate of charging, or 0, is shown until the controller measures again: 1–30 s. */
const SETTLE_MS = 30_000
/** A value that is repeated is the same measurement for a while, and then a steady power; within what may lie between two sensor readings. */
const HOLD_MS = 10_000
/** No machine draws the same to the last digit for so long. */
const STUCK_MS = 600_000
/** This long without a rate: the firmware does not know it. */
const SILENT_MS = 60_000

/**
 * Gauges measure on their own beat, every 1 to 30 s, and are read more often than that: a value counts from the look that first shows it.
 */
export function createGauge(maxW: number): Gauge {
  let isSupplied: boolean | null = null
  let settling: { readonly powerW: number; readonly sinceMs: number } | null = null
  let value: { readonly powerW: number; readonly sinceMs: number; handedMs: number } | null = null
  let silentSinceMs: number | null = null

  function silent(atMs: number): Told | null {
    silentSinceMs ??= atMs
    return atMs - silentSinceMs >= SILENT_MS ? { kind: 'fault', why: 'silent' } : null
  }

  function discharging(powerW: number, atMs: number): Told | null {
    if (isSupplied === true) settling = { powerW, sinceMs: atMs }
    isSupplied = false
    if (powerW === 0) return silent(atMs)
    silentSinceMs = null
    if (powerW > maxW) return { kind: 'fault', why: 'nonsense' }
    if (settling !== null && powerW === settling.powerW && atMs - settling.sinceMs < SETTLE_MS) return null
    settling = null
    if (value?.powerW !== powerW) value = { powerW, sinceMs: atMs, handedMs: Number.NEGATIVE_INFINITY }
    if (atMs - value.sinceMs >= STUCK_MS) return { kind: 'fault', why: 'stuck' }
    if (atMs - value.handedMs < HOLD_MS) return null
    value.handedMs = atMs
    return { kind: 'power', powerW }
  }

  return {
    take(flow, atMs) {
      switch (flow.kind) {
        case 'discharging':
          return discharging(flow.powerW, atMs)
        case 'nonsense':
          return { kind: 'fault', why: 'nonsense' }
        case 'unknown':
          return silent(atMs)
        case 'supplied': {
          const isNew = isSupplied !== true
          isSupplied = true
          value = null
          silentSinceMs = null
          return isNew ? { kind: 'supplied' } : null
        }
      }
    },
  }
}
