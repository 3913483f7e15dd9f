const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/
export const SIGNED_DURATION = /^([+-]?)(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/
export const CLOCK_TIME = /^([01]\d|2[0-3]):([0-5]\d)$|^24:00$/

/** "90s", "15m", "2h", "3d" in whole milliseconds. The text must match `DURATION`: the schema has seen to that. */
export function durationMs(text: string): number {
  const match = DURATION.exec(text)
  if (match === null) throw new Error(`not a duration: ${text}`)
  return Math.round(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS])
}

/** As `durationMs`, with a sign: "-30s". */
export function signedDurationMs(text: string): number {
  return text.startsWith('-') ? -durationMs(text.slice(1)) : durationMs(text.replace(/^\+/, ''))
}

/** Minutes after local midnight of "HH:MM"; "24:00" is the end of the day. */
export function clockMinutes(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
}
