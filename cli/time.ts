import { ok, problem, type Result } from '../contract/result.ts'

const UNIT_S: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3_600, d: 86_400, w: 604_800 }

/** "90s", "15min", "24h", "7d", "2w" in seconds. */
export function parseDuration(text: string, option: string): Result<number, 'badInput'> {
  const [, count, unit] = /^(\d{1,9}(?:\.\d{1,3})?)\s*(s|min|m|h|d|w)$/.exec(text.trim()) ?? []
  const lengthS = Number(count) * (UNIT_S[unit ?? ''] ?? Number.NaN)
  if (lengthS > 0) return ok(lengthS)
  return problem('badInput', `--${option} is a length such as 90s, 15min, 24h or 7d, not "${text}".`)
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/** A moment: a length before now, or a date with or without time; without an offset it is this machine's own zone. Unix seconds. */
export function parseMoment(text: string, option: string, nowS: number): Result<number, 'badInput'> {
  if (text === 'now') return ok(nowS)
  const length = parseDuration(text, option)
  if (length.ok) return ok(Math.floor(nowS - length.value))
  if (ISO.test(text)) {
    // A date alone would be read as UTC (ECMA-262 "Date Time String Format"); a person means the local day.
    const atMs = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T'))
    if (!Number.isNaN(atMs) && isDayOfMonth(text)) return ok(Math.floor(atMs / 1_000))
  }
  return problem(
    'badInput',
    `--${option} is a length such as 24h or 7d, or a time such as 2026-11-25T14:00, not "${text}".`,
  )
}

/** `Date.parse` takes 31 February for 3 March. */
function isDayOfMonth(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number)
  return (day ?? 0) <= new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate()
}
