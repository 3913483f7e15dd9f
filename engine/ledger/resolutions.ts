/** Nominal length of a resolution's buckets, finest first; hours and days follow the home zone (zone.ts). */
export const RESOLUTIONS = [10, 60, 900, 3_600, 86_400] as const
export type ResolutionS = (typeof RESOLUTIONS)[number]
export type FinestS = 10 | 60 | 900

const DAY_S = 86_400

/** How long each resolution's rows are kept. 15 min are kept as long as a tariff may be corrected; days for ever. */
export const KEPT_FOR_S: Readonly<Record<ResolutionS, number>> = {
  10: 2 * DAY_S,
  60: 14 * DAY_S,
  900: 90 * DAY_S,
  3600: 1_096 * DAY_S,
  86400: Number.POSITIVE_INFINITY,
}

/** Hours and days: cut in the home zone and listed in the table `bucket`; one row a domain and one an app. Finer ones are packed. */
export function isZoned(resolutionS: ResolutionS): boolean {
  return resolutionS >= 3_600
}

export type Bucket = { readonly startS: number; readonly endS: number }
