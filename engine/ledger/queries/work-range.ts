import type Database from 'better-sqlite3'
import { OWN, readOwn } from '../state.ts'
import { type HomeZone, homeZone } from '../zone.ts'

export type WorkQuestion = { readonly fromS: number; readonly toS: number }

/**
 * Output is kept by the hour, so energies beside it are asked for the same whole hours: what is delivered and what it drew belong to the same
 * time.
 */
export function wholeHours(
  db: Database.Database,
  { fromS, toS }: WorkQuestion,
): WorkQuestion & { readonly zone: HomeZone } {
  const zone = homeZone(String(readOwn(db, OWN.timeZone) ?? 'UTC'))
  return { fromS: zone.hour(fromS).startS, toS: toS <= fromS ? fromS : zone.hour(toS - 1).endS, zone }
}
