import type Database from 'better-sqlite3'
import { AppId, DomainId, type DomainKind } from '../../../contract/ids.ts'
import type { Provenance } from '../../../contract/units.ts'

export type DomainRow = {
  readonly rowId: number
  readonly id: DomainId
  readonly kind: DomainKind
  readonly parent: DomainId | null
  readonly name: string
  readonly provenance: Provenance
  readonly gainRatio: number
  readonly floorRatio: number | null
  /** Of shares of this domain; `null` where the app's own holds. */
  readonly shareRatio: number | null
  readonly scope: 'inner' | 'whole'
}
export type AppRow = {
  readonly rowId: number
  readonly id: AppId
  readonly name: string
  readonly countsAsAi: boolean
  readonly shareRatio: number
}
export type SeriesTables = {
  readonly domains: ReadonlyMap<number, DomainRow>
  readonly apps: ReadonlyMap<number, AppRow>
}

/** The interned series by row id: two small tables, read whole. */
export function readSeries(db: Database.Database): SeriesTables {
  const domains = db
    .prepare<[], Omit<DomainRow, 'id'> & { key: string }>(
      `SELECT id AS rowId, key, kind, parent, name, provenance, gain_ratio AS gainRatio, floor_ratio AS floorRatio,
         share_ratio AS shareRatio, scope
       FROM domain`,
    )
    .all()
  const apps = db
    .prepare<[], { rowId: number; key: string; name: string; countsAsAi: number; shareRatio: number }>(
      'SELECT id AS rowId, key, name, counts_as_ai AS countsAsAi, share_ratio AS shareRatio FROM app',
    )
    .all()
  return {
    domains: new Map(domains.map(({ key, ...row }) => [row.rowId, { ...row, id: DomainId.parse(key) }])),
    apps: new Map(
      apps.map(({ key, ...row }) => [row.rowId, { ...row, id: AppId.parse(key), countsAsAi: row.countsAsAi === 1 }]),
    ),
  }
}
