export const UNKNOWN = '–'

/** By which a cell is named in the chart. */
export function letterOf(id: number): string {
  return id < 26 ? String.fromCharCode(65 + id) : String(id)
}

/** Three digits that count. */
export function figure(value: number | null): string {
  if (value === null) return UNKNOWN
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
