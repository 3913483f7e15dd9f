import type Database from 'better-sqlite3'
import { Buckets } from '../buckets.ts'
import { readProgress } from '../progress.ts'
import type { ResolutionS } from '../resolutions.ts'
import type { HomeZone } from '../zone.ts'

/** The start of the hour or day that a row belongs to: its own at that resolution, else that of the bucket which holds it. */
export function bucketOf(
  db: Database.Database,
  by: 'hour' | 'day',
  zone: HomeZone,
): (startS: number, resolutionS: ResolutionS) => number {
  const buckets = new Buckets(db, zone)
  const progress = readProgress(db)
  const hourOf = (startS: number) => buckets.holding(3_600, startS, progress[3_600].completeToS).startS
  const dayOf = (startS: number) => buckets.holding(86_400, startS, progress[86_400].completeToS).startS
  return (startS, resolutionS) => {
    if (resolutionS === 86_400) return startS
    const hourS = resolutionS === 3_600 ? startS : hourOf(startS)
    return by === 'hour' ? hourS : dayOf(hourS)
  }
}
