import type { Bucket } from './resolutions.ts'

/**
 * Where hours and days begin in an IANA zone. An hour begins at the zone's whole hours and at every change of its offset, so
 * that none spans a change (Lord Howe moves by 30 minutes: two half hours); a day begins at the first instant of its date.
 * 15-minute buckets need no zone: every offset since 1972 is a multiple of 15 minutes.
 */
export type HomeZone = {
  readonly timeZone: string
  /** Seconds to add to UTC. */
  offsetS(atS: number): number
  hour(atS: number): Bucket
  day(atS: number): Bucket
}

const HOUR_S = 3_600
const DAY_S = 86_400
/** Offsets are looked up once per stretch of this length; no zone changes twice within it. */
const STRETCH_S = 7 * DAY_S
const STRETCHES_KEPT = 64

/** Offset before and from `changeS` on, within one stretch. */
type Stretch = { readonly changeS: number; readonly beforeS: number; readonly afterS: number }

export function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }) !== null
  } catch {
    return false
  }
}

/** @throws RangeError where `timeZone` is unknown; `isTimeZone` asks first. */
export function homeZone(timeZone: string): HomeZone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const stretches = new Map<number, Stretch>()

  function offsetS(atS: number): number {
    const index = Math.floor(atS / STRETCH_S)
    let stretch = stretches.get(index)
    if (stretch === undefined) {
      if (stretches.size >= STRETCHES_KEPT) stretches.clear()
      stretch = lookUp(format, index * STRETCH_S)
      stretches.set(index, stretch)
    }
    return atS < stretch.changeS ? stretch.beforeS : stretch.afterS
  }

  /** First second in (fromS, toS] that has the offset of `toS`. */
  const changeBetween = (fromS: number, toS: number) => bisect(fromS, toS, (atS) => offsetS(atS) === offsetS(toS))

  function hour(atS: number): Bucket {
    const fullS = atS - modulo(atS + offsetS(atS), HOUR_S)
    const startS = offsetS(fullS) === offsetS(atS) ? fullS : changeBetween(fullS, atS)
    const endS = fullS + HOUR_S
    return { startS, endS: offsetS(endS - 1) === offsetS(atS) ? endS : changeBetween(atS, endS - 1) }
  }

  function dayStartS(atS: number): number {
    const offset = offsetS(atS)
    const midnightS = atS - modulo(atS + offset, DAY_S)
    const startS = offsetS(midnightS) === offset ? midnightS : changeBetween(midnightS - DAY_S, atS)
    // Before a change the same date may have begun already (Havana has midnight twice in autumn).
    const before = offsetS(startS - 1)
    const isSameDate = Math.floor((startS - 1 + before) / DAY_S) === Math.floor((atS + offset) / DAY_S)
    return isSameDate ? startS - 1 - modulo(startS - 1 + before, DAY_S) : startS
  }

  function day(atS: number): Bucket {
    const startS = dayStartS(atS)
    // The longest day has 27 h (Antarctica/Casey, 2023) and the shortest 22 h (Troll), so 30 h later is always tomorrow.
    return { startS, endS: dayStartS(startS + 30 * HOUR_S) }
  }

  return { timeZone, offsetS, hour, day }
}

function lookUp(format: Intl.DateTimeFormat, fromS: number): Stretch {
  const lastS = fromS + STRETCH_S - 1
  const beforeS = readOffsetS(format, fromS)
  const afterS = readOffsetS(format, lastS)
  if (beforeS === afterS) return { changeS: fromS, beforeS, afterS }
  return { changeS: bisect(fromS, lastS, (atS) => readOffsetS(format, atS) === afterS), beforeS, afterS }
}

function readOffsetS(format: Intl.DateTimeFormat, atS: number): number {
  const part: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(atS * 1_000)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000 - atS
}

/** Smallest integer in (lowS, highS] for which `holds`, which is false at `lowS`, true at `highS` and changes once. */
function bisect(lowS: number, highS: number, holds: (atS: number) => boolean): number {
  let low = lowS
  let high = highS
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** `2026-03-29T03:00:00+02:00` */
export function isoTime(zone: HomeZone, atS: number): string {
  const offsetS = zone.offsetS(atS)
  const local = new Date((atS + offsetS) * 1_000).toISOString().slice(0, 19)
  const minutes = Math.abs(offsetS) / 60
  const sign = offsetS < 0 ? '-' : '+'
  return `${local}${sign}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
