import type Database from 'better-sqlite3'
import { OWN, readOwn } from '../state.ts'
import { type HomeZone, homeZone } from '../zone.ts'
import { cover, type Segment } from './cover.ts'

export type WorkQuestion = { readonly fromS: number; readonly toS: number }
export type WorkRange = WorkQuestion & {
  readonly zone: HomeZone
  /** Rows of `output` that hold what was delivered in it. */
  readonly segments: readonly Segment[]
}

/**
 * Output is kept by the hour, so energies beside it are asked for the same whole hours, or days where the hours are no longer kept: what is
 * delivered and what it drew belong to the same time.
 */
export function workRange(db: Database.Database, { fromS, toS }: WorkQuestion): WorkRange {
  const zone = homeZone(String(readOwn(db, OWN.timeZone) ?? 'UTC'))
  const hours = { fromS: zone.hour(fromS).startS, toS: toS <= fromS ? fromS : zone.hour(toS - 1).endS }
  return { ...cover(db, hours, { finestS: 3_600, coarsestS: 86_400 }), zone }
}
