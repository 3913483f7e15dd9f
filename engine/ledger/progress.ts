import type Database from 'better-sqlite3'
import { RESOLUTIONS, type ResolutionS } from './resolutions.ts'

export type Progress = { completeToS: number; keptFromS: number }
export type ProgressOf = Readonly<Record<ResolutionS, Progress>>

/** Rows of a resolution are complete before `completeToS` and still there from `keptFromS`. */
export function readProgress(db: Database.Database): ProgressOf {
  const read = db.prepare<[number], Progress>(
    'SELECT complete_to_s AS completeToS, kept_from_s AS keptFromS FROM progress WHERE resolution_s = ?',
  )
  const of = (resolutionS: ResolutionS): Progress => {
    const row = read.get(resolutionS)
    if (row === undefined) throw new Error(`no progress of resolution ${resolutionS}`)
    return row
  }
  return { 10: of(10), 60: of(60), 900: of(900), 3600: of(3_600), 86400: of(86_400) }
}

/** Writes the rows that changed. */
export function progressWriter(db: Database.Database): (from: ProgressOf, to: ProgressOf) => void {
  const write = db.prepare<[number, number, number]>(
    'UPDATE progress SET complete_to_s = ?, kept_from_s = ? WHERE resolution_s = ?',
  )
  return (from, to) => {
    for (const resolutionS of RESOLUTIONS) {
      const { completeToS, keptFromS } = to[resolutionS]
      if (completeToS === from[resolutionS].completeToS && keptFromS === from[resolutionS].keptFromS) continue
      write.run(completeToS, keptFromS, resolutionS)
    }
  }
}

export function copyProgress(progress: ProgressOf): ProgressOf {
  return {
    10: { ...progress[10] },
    60: { ...progress[60] },
    900: { ...progress[900] },
    3600: { ...progress[3_600] },
    86400: { ...progress[86_400] },
  }
}
