/** Decides whether a card's energy accumulator may be believed. */
export interface EnergyCheck {
  /** What the table and the power sensor say at one time; `null` where one of them says nothing. */
  take(units: bigint | null, powerW: number | null, atMs: number): void
  readonly isTrusted: boolean
  /** Nothing is known between the last values and the next: a sleep, a read that failed. */
  restart(): void
}

/** 2^-16 J, as the header states for tables from 1.4 on and ROCm assumes for all. */
export const UNITS_PER_J = 65_536
/** Consumer cards count in 32 bits: 65.5 kJ, four minutes at 280 W. */
export const SHORT_RANGE_UNITS = 2n ** 32n

const WINDOW_MS = 60_000
/** Longer ago says nothing of the power between. */
const LONGEST_STEP_MS = 30_000
/** No card draws more; what counts faster jumped. */
const MOST_W = 2_000
/** Less than this on average is too little to judge by: a sensor of whole watts is off by half. */
const LEAST_W = 2
const LEAST_RATIO = 0.7
const MOST_RATIO = 1.3

/**
 * Compares accumulated energy with integrated power over windows of a minute, for as long as the card is read: some firmwares count in another
 * unit, stand still, or jump (ROCm/amdsmi issues 38 and 115). One bad window or one step back, and it is not believed before a good one.
 */
export function createEnergyCheck(): EnergyCheck {
  let isTrusted = false
  let last: { readonly units: bigint; readonly powerW: number; readonly atMs: number } | null = null
  const window = { joules: 0, sensorJ: 0, lengthMs: 0 }

  function startWindow(): void {
    window.joules = 0
    window.sensorJ = 0
    window.lengthMs = 0
  }

  function judge(): void {
    if (window.lengthMs < WINDOW_MS || window.sensorJ * 1_000 < LEAST_W * window.lengthMs) return
    const ratio = window.joules / window.sensorJ
    isTrusted = ratio >= LEAST_RATIO && ratio <= MOST_RATIO
    startWindow()
  }

  return {
    get isTrusted() {
      return isTrusted
    },
    take(units, powerW, atMs) {
      if (units === null || powerW === null) {
        if (units === null) isTrusted = false
        last = null
        startWindow()
        return
      }
      const from = last
      last = { units, powerW, atMs }
      if (from === null) return
      const intervalMs = atMs - from.atMs
      if (!(intervalMs > 0) || intervalMs > LONGEST_STEP_MS) {
        startWindow()
        return
      }
      const joules = stepJ(from.units, units)
      if (joules === null || joules * 1_000 > MOST_W * intervalMs) {
        isTrusted = false
        startWindow()
        return
      }
      window.joules += joules
      window.sensorJ += ((from.powerW + powerW) / 2 / 1_000) * intervalMs
      window.lengthMs += intervalMs
      judge()
    },
    restart() {
      last = null
      startWindow()
    },
  }
}

/** `null` where it went back without a wrap of 32 bits. */
function stepJ(from: bigint, to: bigint): number | null {
  if (to >= from) return Number(to - from) / UNITS_PER_J
  const mayWrap = from < SHORT_RANGE_UNITS && from * 2n >= SHORT_RANGE_UNITS
  return mayWrap ? Number(to - from + SHORT_RANGE_UNITS) / UNITS_PER_J : null
}
