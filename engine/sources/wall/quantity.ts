import type { Register } from './dialect.ts'

/** Units in which meters tell power, as W, and energy, as mJ. In these words `m` is milli and `M` mega, as their makers write them. */
const POWER_W: Readonly<Record<string, number>> = { uW: 1e-6, mW: 1e-3, W: 1, kW: 1e3, MW: 1e6 }
const ENERGY_MJ: Readonly<Record<string, number>> = {
  uJ: 1e-3,
  mJ: 1,
  J: 1e3,
  kJ: 1e6,
  MJ: 1e9,
  GJ: 1e12,
  Wh: 3.6e6,
  kWh: 3.6e9,
  MWh: 3.6e12,
}

export type Quantity =
  | { readonly powerW: number; readonly energy: null }
  | { readonly powerW: null; readonly energy: Register }

/**
 * A number in a named unit; `null` where the unit is neither power nor energy that is known here: none is ever guessed. Its steps are not
 * known, since those who pass a number on drop its zeros.
 */
export function quantityOf(value: number, unit: string): Quantity | null {
  const toW = Object.hasOwn(POWER_W, unit) ? POWER_W[unit] : undefined
  if (toW !== undefined) return { powerW: value * toW, energy: null }
  const toMj = Object.hasOwn(ENERGY_MJ, unit) ? ENERGY_MJ[unit] : undefined
  return toMj === undefined ? null : { powerW: null, energy: { energyMj: Math.round(value * toMj), stepMj: 1 } }
}

/** A decimal number; `null` for everything else ("unavailable", "NaN", ""). */
export function decimalOf(text: string): number | null {
  return /^\s*-?\d{1,18}(\.\d{1,18})?\s*$/.test(text) ? Number(text) : null
}
