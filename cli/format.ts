import {
  type Figure,
  figureText,
  formatAmount,
  formatCores,
  formatCoverage,
  formatEnergy,
  formatPlusMinus,
  formatPower,
  formatRatio,
} from '../contract/format.ts'
import type { Efficiency } from '../contract/models.ts'

/** Above this part of estimated energy a figure is drawn as an estimate (docs/metric.md "Uncertainty"). */
const ESTIMATE_FROM_RATIO = 0.2
const UNKNOWN = '–'

/** What a figure is worth: needed beside it wherever it is printed. */
export type Worth = { readonly estimatedRatio: number }

/** "42 W", "6.2 W"; "≈" in front of what is mostly an estimate. */
export function power(powerW: number | null, worth?: Worth): string {
  return powerW === null ? UNKNOWN : marked(formatPower(powerW), worth)
}

/** J under 0.1 Wh, Wh under 1 kWh. */
export function energy(energyMj: number | null, worth?: Worth): string {
  return energyMj === null ? UNKNOWN : marked(formatEnergy(energyMj), worth)
}

/** "± 3" beside "38 W": the half-width at 95 %, in the unit of its figure. */
export function plusMinus(powerW: number | null, uncertainty: number | null): string {
  return plain((powerW === null ? null : formatPlusMinus(powerW, uncertainty)) ?? '')
}

/** "± 4 %": the same, relative. */
export function plusMinusPct(uncertainty: number | null): string {
  return uncertainty === null ? '' : plain(`± ${formatRatio(uncertainty)}`)
}

export function share(ratio: number): string {
  return plain(formatRatio(ratio))
}

/** "412", "12.4 k"; "≈" in front of what is mostly estimated. */
export function amount(value: number | null, isEstimate = false): string {
  if (value === null) return UNKNOWN
  const text = plain(formatAmount(value))
  return isEstimate && !text.startsWith('<') ? `≈ ${text}` : text
}

/** A ratio of two figures, or why there is none. */
export function efficiency({ value, isEstimate, reason }: Efficiency): string {
  return value === null ? (reason ?? UNKNOWN) : amount(value, isEstimate)
}

/** Never 100 % before it is. */
export function covered(ratio: number): string {
  return plain(formatCoverage(ratio))
}

export function cores(cpuCores: number): string {
  return formatCores(cpuCores)
}

/** "0.47 s", "12.3 s", "2 min 5 s", "3 h 20 min": exact, where a command's own time is meant. */
export function duration(lengthMs: number): string {
  const lengthS = lengthMs / 1_000
  if (lengthS < 59.95) return `${lengthS.toFixed(lengthS < 9.995 ? 2 : 1)} s`
  const wholeS = Math.round(lengthS)
  const minutes = Math.floor(wholeS / 60)
  if (minutes < 60) return `${minutes} min ${wholeS % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** ISO 8601 with the offset of this machine's zone at that time. */
export function isoTime(atS: number): string {
  const at = new Date(atS * 1_000)
  const offsetMin = -at.getTimezoneOffset()
  const local = new Date(at.getTime() + offsetMin * 60_000).toISOString().slice(0, 19)
  const size = Math.abs(offsetMin)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${local}${offsetMin < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** The same with milliseconds, of a Unix time in them. */
export function isoTimeMs(atMs: number): string {
  const text = isoTime(Math.floor(atMs / 1_000))
  const ms = atMs - 1_000 * Math.floor(atMs / 1_000)
  return `${text.slice(0, 19)}.${String(Math.floor(ms)).padStart(3, '0')}${text.slice(19)}`
}

/** "2026-11-25 14:03" in this machine's zone. */
export function clockTime(atS: number): string {
  return isoTime(atS).slice(0, 16).replace('T', ' ')
}

function marked(figure: Figure, worth: Worth | undefined): string {
  const text = plain(figureText(figure))
  const isEstimate = worth !== undefined && worth.estimatedRatio > ESTIMATE_FROM_RATIO
  // "<0.1 W" says of itself that it is no exact figure.
  return isEstimate && !text.startsWith('<') ? `≈ ${text}` : text
}

/** In a terminal every blank is a whole cell, and a plain one can be typed into grep. */
function plain(text: string): string {
  return text.replaceAll('\u202f', ' ')
}
