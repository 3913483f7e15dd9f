/** What other programs write, field by field: unknown fields are ignored, and a figure that is there but makes no sense is NaN. */
export type Fields = Readonly<Record<string, unknown>>

const NONE: Fields = {}
const MOST_CHARACTERS = 200
/** More than any one session was ever told to have used. */
export const MOST_TOKENS = 4e9
/** Seconds until the year 5138, milliseconds from 1973 on. */
const LEAST_MS = 1e11
const EARLIEST_MS = Date.UTC(2020, 0, 1)
const LATEST_MS = Date.UTC(2200, 0, 1)
/** How SQLite writes a time; UTC, although `Date.parse` takes it for local. */
const SQLITE_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NONE
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A name or id; `null` where there is none, or it is longer than any. */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > MOST_CHARACTERS) return null
  return value
}

/** A part of a key: '' for what is neither text nor number, since foreign objects may not even become text. */
export function labelOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** `null` where it is not told, NaN where it is nonsense. */
export function countOf(value: unknown): number | null {
  if (value === undefined || value === null) return null
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MOST_TOKENS
    ? value
    : Number.NaN
}

/** The sum of what is told; `null` where nothing is. */
export function sumOf(...counts: readonly (number | null)[]): number | null {
  let sum: number | null = null
  for (const count of counts) if (count !== null) sum = (sum ?? 0) + count
  return sum
}

/** A whole without a part of it. A part that is larger than its whole is nonsense. */
export function without(whole: number | null, part: number | null): number | null {
  if (whole === null || part === null) return whole
  return part > whole ? Number.NaN : whole - part
}

/** Unix milliseconds of an ISO time, of SQLite's, of seconds or of milliseconds. */
export function timeOf(value: unknown): number | null {
  let ms: number
  if (typeof value === 'number') ms = value < LEAST_MS ? value * 1_000 : value
  else if (typeof value !== 'string' || value.length > 40) return null
  else ms = Date.parse(SQLITE_TIME.test(value) ? `${value.replace(' ', 'T')}Z` : value)
  return ms >= EARLIEST_MS && ms <= LATEST_MS ? Math.round(ms) : null
}

/** `null` for what is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
