import type Database from 'better-sqlite3'
import { type AppCell, addApp, type Cells, type DomainCell } from './cells.ts'
import type { ModelCells } from './model-cells.ts'
import { packCells, unpackInto } from './pack.ts'
import { type Bucket, isZoned, type ResolutionS } from './resolutions.ts'
import { type NumberedOutput, WorkRows } from './work-rows.ts'

const ADD_DOMAIN = `
  INSERT INTO domain_energy VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    energy_mj = energy_mj + excluded.energy_mj, idle_mj = idle_mj + excluded.idle_mj,
    other_mj = other_mj + excluded.other_mj, estimated_mj = estimated_mj + excluded.estimated_mj,
    var_mj2 = var_mj2 + excluded.var_mj2`
const ADD_APP = `
  INSERT INTO app_energy VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    active_mj = active_mj + excluded.active_mj, idle_mj = idle_mj + excluded.idle_mj,
    estimated_mj = estimated_mj + excluded.estimated_mj, var_mj2 = var_mj2 + excluded.var_mj2,
    floor_share_mj = floor_share_mj + excluded.floor_share_mj`
const ROLL_DOMAINS = `
  INSERT INTO domain_energy
  SELECT ?, ?, domain_id, sum(energy_mj), sum(idle_mj), sum(other_mj), sum(estimated_mj), sum(var_mj2)
  FROM domain_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY domain_id`
const ROLL_APPS = `
  INSERT INTO app_energy
  SELECT ?, ?, app_id, sum(active_mj), sum(idle_mj), sum(estimated_mj), sum(var_mj2), sum(floor_share_mj)
  FROM app_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY app_id`
const firstFrom = (table: 'packed_energy' | 'domain_energy') =>
  `SELECT start_s FROM ${table} WHERE resolution_s = ? AND start_s >= ? ORDER BY start_s LIMIT 1`

type Range = [resolutionS: number, fromS: number, toS: number]
type Roll = [coarserS: number, startS: number, ...Range]

/** The statements that write energy. What is added to a bucket that has rows is an exact integer sum. */
export class Rows {
  readonly #packedAt: Database.Statement<[number, number], Uint8Array>
  readonly #packedIn: Database.Statement<Range, Uint8Array>
  readonly #putPacked: Database.Statement<[number, number, Uint8Array]>
  readonly #addDomain: Database.Statement<number[]>
  readonly #addApp: Database.Statement<number[]>
  readonly #rollDomains: Database.Statement<Roll>
  readonly #rollApps: Database.Statement<Roll>
  readonly #noteBucket: Database.Statement<[number, number, number]>
  readonly #firstPacked: Database.Statement<[number, number], number>
  readonly #firstDomain: Database.Statement<[number, number], number>
  readonly #work: WorkRows

  constructor(db: Database.Database) {
    this.#work = new WorkRows(db)
    const packed = 'SELECT cells FROM packed_energy WHERE resolution_s = ?'
    this.#packedAt = db.prepare<[number, number], Uint8Array>(`${packed} AND start_s = ?`).pluck()
    this.#packedIn = db.prepare<Range, Uint8Array>(`${packed} AND start_s >= ? AND start_s < ?`).pluck()
    this.#putPacked = db.prepare(
      'INSERT INTO packed_energy VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cells = excluded.cells',
    )
    this.#addDomain = db.prepare(ADD_DOMAIN)
    this.#addApp = db.prepare(ADD_APP)
    this.#rollDomains = db.prepare(ROLL_DOMAINS)
    this.#rollApps = db.prepare(ROLL_APPS)
    this.#noteBucket = db.prepare('INSERT INTO bucket VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    this.#firstPacked = db.prepare<[number, number], number>(firstFrom('packed_energy')).pluck()
    this.#firstDomain = db.prepare<[number, number], number>(firstFrom('domain_energy')).pluck()
  }

  /** Adds cells to a bucket. From the hour on an app has one row, summed over its domains. */
  add(resolutionS: ResolutionS, startS: number, cells: Cells): void {
    if (isZoned(resolutionS)) {
      for (const [domainId, cell] of cells) this.#addDomainCell(resolutionS, startS, domainId, cell)
      for (const [appId, cell] of cellsByApp(cells)) this.#addAppCell(resolutionS, startS, appId, cell)
      return
    }
    const known = this.#packedAt.get(resolutionS, startS)
    const sum: Cells = known === undefined ? cells : new Map()
    if (known !== undefined) {
      unpackInto(sum, known)
      unpackInto(sum, packCells(cells))
    }
    const bytes = packCells(sum)
    if (bytes.length > 0) this.#putPacked.run(resolutionS, startS, bytes)
  }

  #addDomainCell(resolutionS: ResolutionS, startS: number, domainId: number, cell: DomainCell<number>): void {
    const { energyMj, idleMj, otherMj, estimatedMj, varMj2 } = cell
    if (energyMj > 0) this.#addDomain.run(resolutionS, startS, domainId, energyMj, idleMj, otherMj, estimatedMj, varMj2)
  }

  #addAppCell(resolutionS: ResolutionS, startS: number, appId: number, cell: AppCell): void {
    const { activeMj, idleMj, floorShareMj, estimatedMj, varMj2 } = cell
    if (activeMj + idleMj > 0)
      this.#addApp.run(resolutionS, startS, appId, activeMj, idleMj, estimatedMj, varMj2, floorShareMj)
  }

  addModels(resolutionS: ResolutionS, startS: number, models: ModelCells): void {
    this.#work.addModels(resolutionS, startS, models)
  }

  addOutput(resolutionS: ResolutionS, startS: number, output: NumberedOutput): void {
    this.#work.addOutput(resolutionS, startS, output)
  }

  /** Sums one coarse bucket from the rows of the finer resolution that start in it. */
  roll(finerS: ResolutionS, coarserS: ResolutionS, bucket: Bucket): void {
    this.noteBucket(coarserS, bucket)
    this.#work.roll(finerS, coarserS, bucket)
    if (isZoned(finerS)) {
      const parameters: Roll = [coarserS, bucket.startS, finerS, bucket.startS, bucket.endS]
      this.#rollDomains.run(...parameters)
      this.#rollApps.run(...parameters)
      return
    }
    const cells: Cells = new Map()
    for (const bytes of this.#packedIn.iterate(finerS, bucket.startS, bucket.endS)) unpackInto(cells, bytes)
    this.add(coarserS, bucket.startS, cells)
  }

  /** Notes the length of an hour or day that now has rows. */
  noteBucket(resolutionS: ResolutionS, bucket: Bucket): void {
    if (isZoned(resolutionS)) this.#noteBucket.run(resolutionS, bucket.startS, bucket.endS - bucket.startS)
  }

  /** Start of the first bucket with rows at or after an instant. */
  firstStartS(resolutionS: ResolutionS, fromS: number): number | null {
    const first = (isZoned(resolutionS) ? this.#firstDomain : this.#firstPacked).get(resolutionS, fromS) ?? null
    const output = this.#work.firstOutputS(resolutionS, fromS)
    return first === null || output === null ? (first ?? output) : Math.min(first, output)
  }
}

function cellsByApp(cells: Cells): Map<number, AppCell> {
  const apps = new Map<number, AppCell>()
  for (const cell of cells.values()) for (const [app, values] of cell.apps) addApp(apps, app, values)
  return apps
}
