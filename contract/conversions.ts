/** The only conversions between the stored and the derived units of docs/architecture.md "Names and units". */

/** mJ ÷ ms = W, without a factor. An empty interval has no power. */
export function powerW(energyMj: number, intervalMs: number): number | null {
  return intervalMs > 0 ? energyMj / intervalMs : null
}

export function mjToJ(energyMj: number): number {
  return energyMj / 1_000
}

export function mjToWh(energyMj: number): number {
  return energyMj / 3_600_000
}

export function mjToKwh(energyMj: number): number {
  return energyMj / 3_600_000_000
}

export function whToMj(energyWh: number): number {
  return energyWh * 3_600_000
}
