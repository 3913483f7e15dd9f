import type { HomeZone } from '../zone.ts'

const HOUR_S = 3_600
const DAY_S = 24 * HOUR_S
const HOURLY_FOR_S = 2 * DAY_S
/** Up to here its hours are summed: in steps of 24 h from the first, so that the last is as long as the others. */
const BY_HOURS_FOR_S = 32 * DAY_S

export type Steps = {
  readonly count: number
  /** Rows coarser than this would span two steps. */
  readonly coarsestS: 3_600 | 86_400
  readonly stepAt: (startS: number) => number
}

/** The steps of a sparkline: hours of up to two days, 24 h of up to a month, else days of the home zone. */
export function stepsOf({ fromS, toS }: { readonly fromS: number; readonly toS: number }, zone: HomeZone): Steps {
  const lengthS = toS - fromS
  const within = (count: number, step: number) => Math.min(count - 1, Math.max(0, step))
  if (lengthS > BY_HOURS_FOR_S) {
    const firstS = zone.day(fromS).startS
    // Days have 22 to 27 hours: counted in days of 24, each is nearest to its own number.
    const dayAt = (atS: number) => Math.round((zone.day(atS).startS - firstS) / DAY_S)
    const count = dayAt(toS - 1) + 1
    return { count, coarsestS: 86_400, stepAt: remembering((startS) => within(count, dayAt(startS))) }
  }
  const stepS = lengthS <= HOURLY_FOR_S ? HOUR_S : DAY_S
  const count = Math.max(1, Math.ceil(lengthS / stepS))
  return { count, coarsestS: 3_600, stepAt: (startS) => within(count, Math.floor((startS - fromS) / stepS)) }
}

/** Rows come in the order of time, many with one start. */
function remembering(stepAt: (startS: number) => number): (startS: number) => number {
  let last = { startS: Number.NaN, step: 0 }
  return (startS) => {
    if (startS !== last.startS) last = { startS, step: stepAt(startS) }
    return last.step
  }
}
