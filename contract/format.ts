/**
 * Figures in words: the same in the tray, in the window and on a terminal. Wh under 1 kWh, J under 0.1 Wh, W with one
 * decimal under 10; a narrow no-break space between figure and unit; `−` for minus.
 */

/** U+202F: thin, and a line never breaks at it. */
export const THIN = '\u202f'
export const MINUS = '\u2212'

/** A figure and its unit apart, so that a view can set the unit smaller. */
export type Figure = { readonly text: string; readonly unit: string }

export function figureText(figure: Figure): string {
  return figure.unit === '' ? figure.text : `${figure.text}${THIN}${figure.unit}`
}

/** Smaller powers are "<0.1 W". */
const LEAST_W = 0.05

/** 0 → "0 W", 0.03 → "<0.1 W", 4.26 → "4.3 W", 42.7 → "43 W", 1 240 → "1.24 kW". */
export function formatPower(powerW: number): Figure {
  const size = Math.abs(powerW)
  if (size === 0) return { text: '0', unit: 'W' }
  if (size < LEAST_W) return { text: '<0.1', unit: 'W' }
  if (size < 9.95) return { text: signed(powerW, size.toFixed(1)), unit: 'W' }
  if (size < 999.5) return { text: signed(powerW, size.toFixed(0)), unit: 'W' }
  return { text: signed(powerW, threeDigits(size / 1_000)), unit: 'kW' }
}

/** 0 → "0 Wh", 12 J under 0.1 Wh, then "0.34 Wh", "23.4 Wh", "412 Wh", "1.24 kWh". */
export function formatEnergy(energyMj: number): Figure {
  const sizeMj = Math.abs(energyMj)
  if (sizeMj === 0) return { text: '0', unit: 'Wh' }
  if (sizeMj < 50) return { text: '<0.1', unit: 'J' }
  if (sizeMj < 360_000) {
    const sizeJ = sizeMj / 1_000
    return { text: signed(energyMj, sizeJ.toFixed(sizeJ < 9.95 ? 1 : 0)), unit: 'J' }
  }
  const sizeWh = sizeMj / 3_600_000
  if (sizeWh < 999.5) return { text: signed(energyMj, threeDigits(sizeWh)), unit: 'Wh' }
  return { text: signed(energyMj, threeDigits(sizeWh / 1_000)), unit: 'kWh' }
}

/**
 * The half-width of an interval, one significant figure: ± 3 for 38 W at 0.08; never finer than the figure itself, so 0.9 W
 * is ± 0.1 at least. `uncertainty` is half-width ÷ figure; `null` where there is nothing
 * to say, or where the figure is only known to be small. Unit as in `formatPower`.
 */
export function formatPlusMinus(powerW: number, uncertainty: number | null): string | null {
  if (uncertainty === null || Math.abs(powerW) < LEAST_W) return null
  const { text, unit } = formatPower(powerW)
  return plusMinus(text, Math.abs(powerW) / (unit === 'kW' ? 1_000 : 1), uncertainty)
}

/** A count or rate of anything: "0", "0.34", "12.4", "412", "12.4 k", "1.24 M"; whole numbers under a thousand stay whole. */
export function formatAmount(amount: number): string {
  const size = Math.abs(amount)
  if (size === 0) return '0'
  if (size < 0.0005) return '<0.001'
  if (size < 0.0995) return signed(amount, size.toPrecision(size < 0.00995 ? 1 : 2))
  if (size < 999.5) return signed(amount, Number.isInteger(size) ? String(size) : threeDigits(size))
  if (size < 999_500) return signed(amount, `${threeDigits(size / 1_000)}${THIN}k`)
  return signed(amount, `${threeDigits(size / 1_000_000)}${THIN}M`)
}

/** The margin beside `formatAmount`, in its step of thousands, by the rules of `formatPlusMinus`. */
export function formatAmountPlusMinus(amount: number, uncertainty: number | null): string | null {
  const size = Math.abs(amount)
  const step = size < 999.5 ? 1 : size < 999_500 ? 1_000 : 1_000_000
  return size < 0.0005 ? null : plusMinus(formatAmount(amount), size / step, uncertainty)
}

/** The margin beside `formatEnergy`, in its unit, by the rules of `formatPlusMinus`. */
export function formatEnergyPlusMinus(energyMj: number, uncertainty: number | null): string | null {
  const { text, unit } = formatEnergy(energyMj)
  const perUnitMj = { J: 1_000, Wh: 3_600_000, kWh: 3_600_000_000 }[unit] ?? 1
  return Math.abs(energyMj) < 50 ? null : plusMinus(text, Math.abs(energyMj) / perUnitMj, uncertainty)
}

/** A relative uncertainty or share: 0.043 → "4 %", 0.004 → "0.4 %". */
export function formatRatio(ratio: number): string {
  const pct = Math.abs(ratio) * 100
  if (pct === 0) return `0${THIN}%`
  if (pct < 0.1) return `<0.1${THIN}%`
  return signed(ratio, `${pct.toFixed(pct < 0.95 ? 1 : 0)}${THIN}%`)
}

/** Part of a whole that must not look complete before it is: 0.998 → "99 %", never "100 %". */
export function formatCoverage(ratio: number): string {
  return `${Math.floor(ratio * 100 + 1e-9)}${THIN}%`
}

/** Relative change: "+9 %", "−4 %", "0 %"; `null` where there was nothing to compare with. */
export function formatChange(now: number, before: number): string | null {
  if (before === 0) return null
  const pct = Math.round((now / before - 1) * 100)
  if (pct === 0) return `0${THIN}%`
  return `${pct > 0 ? '+' : MINUS}${Math.abs(pct)}${THIN}%`
}

/** "0.14 €"; decimals are the currency's own. More than nothing is never shown as nothing. */
export function formatMoney(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
  const symbol = format.formatToParts(0).find((part) => part.type === 'currency')?.value ?? currency
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2
  const smallest = 10 ** -decimals
  if (amount > 0 && amount < smallest / 2) return `<${smallest.toFixed(decimals)}${THIN}${symbol}`
  return `${signed(amount, Math.abs(amount).toFixed(decimals))}${THIN}${symbol}`
}

/** CPU time in cores: "0.02", "1.5", "12". */
export function formatCores(cores: number): string {
  if (cores === 0) return '0'
  if (cores < 0.005) return '<0.01'
  return cores.toFixed(cores < 0.995 ? 2 : cores < 9.95 ? 1 : 0)
}

/** "512 B", "1.2 MB": powers of 1 000, as disks are sold and file managers count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = bytes
  let step = 0
  while (size >= 999.5 && step < units.length - 1) {
    size /= 1_000
    step += 1
  }
  return `${step === 0 ? size.toFixed(0) : size.toFixed(size < 9.95 ? 1 : 0)}${THIN}${units[step]}`
}

/** A length of time, coarse: "8 s", "3 min", "2 h", "5 days". */
export function formatLength(forMs: number): string {
  const s = Math.max(0, Math.round(forMs / 1_000))
  if (s < 60) return `${s}${THIN}s`
  if (s < 3_600) return `${Math.round(s / 60)}${THIN}min`
  if (s < 86_400) return `${Math.round(s / 3_600)}${THIN}h`
  const days = Math.round(s / 86_400)
  return `${days} day${days === 1 ? '' : 's'}`
}

function signed(value: number, magnitude: string): string {
  return value < 0 ? `${MINUS}${magnitude}` : magnitude
}

/** 0.34, 1.24, 12.4, 124: never more digits than anyone can trust. */
function threeDigits(size: number): string {
  return size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)
}

/** `size` is the figure in the unit in which `text` shows it. */
function plusMinus(text: string, size: number, uncertainty: number | null): string | null {
  const half = uncertainty === null ? 0 : size * uncertainty
  if (half <= 0) return null
  const decimals = /\.(\d+)/.exec(text)?.[1]?.length ?? 0
  return `±${THIN}${oneDigit(Math.max(half, 10 ** -decimals))}`
}

function oneDigit(size: number): string {
  const step = 10 ** Math.floor(Math.log10(size))
  const rounded = Math.round(size / step) * step
  return rounded.toFixed(rounded >= 1 ? 0 : -Math.floor(Math.log10(rounded) + 1e-9))
}
