import { clockMinutes, durationMs } from './duration.ts'
import type { Rig } from './schema.ts'
import type { Window } from './schema-load.ts'

const DAY_MS = 86_400_000
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

export type Span = { readonly fromMs: number; readonly toMs: number }
/** Whether a moment lies inside, and until when that stays so. */
export type Inside = { readonly inside: boolean; readonly untilMs: number }
export type Recurrence = (atMs: number) => Inside

/** What a rig's windows mean in time since its start: local days of its zone (23 to 25 h long), or plain periods. */
export function recurrence(rig: Pick<Rig, 'start' | 'zone' | 'duration'>, window: Window): Recurrence {
  if (isLocal(window)) return listed(localWindows(rig, window))
  const everyMs = durationMs(window.every ?? '24h')
  const [fromMs, toMs] = [durationMs(window.from), durationMs(window.to)]
  return (atMs) => {
    const startMs = Math.floor(atMs / everyMs) * everyMs
    const offsetMs = atMs - startMs
    if (offsetMs < fromMs) return { inside: false, untilMs: startMs + fromMs }
    if (offsetMs < toMs) return { inside: true, untilMs: startMs + toMs }
    return { inside: false, untilMs: startMs + everyMs + fromMs }
  }
}

export function isLocal(window: Window): boolean {
  return window.from.includes(':')
}

/** The windows that touch the rig's duration, in order. */
export function windowsOf(rig: Pick<Rig, 'start' | 'zone' | 'duration'>, window: Window): Span[] {
  const isInside = recurrence(rig, window)
  const spans: Span[] = []
  const endMs = durationMs(rig.duration)
  for (let atMs = 0; atMs < endMs; ) {
    const { inside, untilMs } = isInside(atMs)
    if (inside) spans.push({ fromMs: atMs, toMs: untilMs })
    atMs = untilMs
  }
  return spans
}

function listed(spans: readonly Span[]): Recurrence {
  return (atMs) => {
    let low = 0
    let high = spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((spans[middle] as Span).toMs <= atMs) low = middle + 1
      else high = middle
    }
    const next = spans[low]
    if (next === undefined) return { inside: false, untilMs: Number.POSITIVE_INFINITY }
    return atMs < next.fromMs ? { inside: false, untilMs: next.fromMs } : { inside: true, untilMs: next.toMs }
  }
}

function localWindows(rig: Pick<Rig, 'start' | 'zone' | 'duration'>, window: Window): Span[] {
  const startMs = Date.parse(rig.start)
  const [fromMinutes, toMinutes] = [clockMinutes(window.from), clockMinutes(window.to)]
  const lengthMinutes = toMinutes > fromMinutes ? toMinutes - fromMinutes : toMinutes + 1_440 - fromMinutes
  const spans: Span[] = []
  const firstDayMs = Math.floor((startMs + offsetMs(rig.zone, startMs)) / DAY_MS) * DAY_MS - DAY_MS
  const days = Math.ceil(durationMs(rig.duration) / DAY_MS) + 3
  for (let day = 0; day < days; day++) {
    const midnightMs = firstDayMs + day * DAY_MS
    const weekday = WEEKDAYS[new Date(midnightMs).getUTCDay()]
    if (window.days !== undefined && !window.days.some((name) => name === weekday)) continue
    const fromMs = utcOfLocalMs(rig.zone, midnightMs + fromMinutes * 60_000) - startMs
    const toMs = utcOfLocalMs(rig.zone, midnightMs + (fromMinutes + lengthMinutes) * 60_000) - startMs
    const previous = spans.at(-1)
    if (previous !== undefined && previous.toMs >= fromMs) spans[spans.length - 1] = { ...previous, toMs }
    else spans.push({ fromMs, toMs })
  }
  return spans
}

/** Instant of a local time that is written as if it were UTC; in the hour that a zone skips, the instant after it. */
function utcOfLocalMs(zone: string, localMs: number): number {
  const guessMs = localMs - offsetMs(zone, localMs)
  return localMs - offsetMs(zone, guessMs)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Local time minus UTC at an instant. */
function offsetMs(zone: string, atMs: number): number {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(zone, format)
  }
  const part: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1_000) * 1_000
}
