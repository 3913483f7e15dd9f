import type Database from 'better-sqlite3'
import { type AppCell, addApp, type Cells, type DomainCell, domainCell } from '../cells.ts'
import { unpackInto } from '../pack.ts'
import { isZoned, type ResolutionS } from '../resolutions.ts'
import type { Segment } from './cover.ts'

/** Apps' energy in a domain's hour and day rows, by class; which app, those rows do not say. */
export type CoarseTotals = { measuredMj: number; estimatedMj: number }
/** What the rows of one group (the whole range, an hour, a day) sum to, by row id. */
export type Sums = {
  readonly domains: Cells
  readonly coarseDomains: Map<number, CoarseTotals>
  /** Apps of hour and day rows. */
  readonly coarseApps: Map<number, AppCell>
}

export const PACKED_ROWS = `
  SELECT start_s, cells FROM packed_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?`
export const DOMAIN_ROWS = `
  SELECT start_s, domain_id, energy_mj, idle_mj, other_mj, estimated_mj, var_mj2
  FROM domain_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?`
export const APP_ROWS = `
  SELECT start_s, app_id, active_mj, idle_mj, floor_share_mj, estimated_mj, var_mj2
  FROM app_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?`

/**
 * Sums the rows of a cover, in groups by the start of the row. A cover has few rows whatever the range (a year: its days and
 * the edges), so they are summed here rather than by one statement a grouping.
 *
 * Relies on the primary keys of the three energy tables.
 */
export function sumRows<K>(
  db: Database.Database,
  segments: readonly Segment[],
  groupOf: (startS: number, resolutionS: ResolutionS) => K,
): Map<K, Sums> {
  const groups = new Map<K, Sums>()
  const group = (startS: number, resolutionS: ResolutionS) => {
    const key = groupOf(startS, resolutionS)
    const known = groups.get(key)
    if (known !== undefined) return known
    const sums: Sums = { domains: new Map(), coarseDomains: new Map(), coarseApps: new Map() }
    groups.set(key, sums)
    return sums
  }
  const packedRows = db.prepare<number[], [number, Uint8Array]>(PACKED_ROWS).raw()
  const domainRows = db.prepare<number[], DomainValues>(DOMAIN_ROWS).raw()
  const appRows = db.prepare<number[], AppValues>(APP_ROWS).raw()
  for (const { resolutionS, fromS, toS } of segments) {
    if (isZoned(resolutionS)) {
      for (const row of domainRows.all(resolutionS, fromS, toS)) addDomainRow(group(row[0], resolutionS), row)
      for (const row of appRows.all(resolutionS, fromS, toS)) addAppRow(group(row[0], resolutionS), row)
    } else {
      for (const [startS, cells] of packedRows.iterate(resolutionS, fromS, toS))
        unpackInto(group(startS, resolutionS).domains, cells)
    }
  }
  return groups
}

/** What several groups hold together. */
export function mergedSums(groups: Iterable<Sums>): Sums {
  const all: Sums = { domains: new Map(), coarseDomains: new Map(), coarseApps: new Map() }
  for (const { domains, coarseDomains, coarseApps } of groups) {
    for (const [domain, cell] of domains) addDomain(all.domains, domain, cell)
    for (const [app, cell] of coarseApps) addApp(all.coarseApps, app, cell)
    for (const [domain, { measuredMj, estimatedMj }] of coarseDomains) {
      const coarse = all.coarseDomains.get(domain) ?? { measuredMj: 0, estimatedMj: 0 }
      all.coarseDomains.set(domain, coarse)
      coarse.measuredMj += measuredMj
      coarse.estimatedMj += estimatedMj
    }
  }
  return all
}

function addDomain(into: Cells, domain: number, { apps, ...values }: DomainCell<number>): void {
  const cell = domainCell(into, domain)
  cell.energyMj += values.energyMj
  cell.idleMj += values.idleMj
  cell.otherMj += values.otherMj
  cell.estimatedMj += values.estimatedMj
  cell.varMj2 += values.varMj2
  for (const [app, share] of apps) addApp(cell.apps, app, share)
}

type DomainValues = [number, number, number, number, number, number, number]
type AppValues = [number, number, number, number, number, number, number]

function addDomainRow(sums: Sums, row: DomainValues): void {
  const [, domain, energyMj, idleMj, otherMj, estimatedMj, varMj2] = row
  const cell = domainCell(sums.domains, domain)
  cell.energyMj += energyMj
  cell.idleMj += idleMj
  cell.otherMj += otherMj
  cell.estimatedMj += estimatedMj
  cell.varMj2 += varMj2
  const coarse = sums.coarseDomains.get(domain) ?? { measuredMj: 0, estimatedMj: 0 }
  sums.coarseDomains.set(domain, coarse)
  const appsMj = energyMj - idleMj - otherMj
  coarse.estimatedMj += (appsMj * estimatedMj) / energyMj
  coarse.measuredMj += appsMj * (1 - estimatedMj / energyMj)
}

function addAppRow(sums: Sums, [, app, activeMj, idleMj, floorShareMj, estimatedMj, varMj2]: AppValues): void {
  addApp(sums.coarseApps, app, { activeMj, idleMj, floorShareMj, estimatedMj, varMj2 })
}

/** Exact energies by app, over all domains and resolutions. */
export function totalsByApp(sums: Sums): Map<number, AppCell> {
  const apps = new Map<number, AppCell>()
  for (const [app, cell] of sums.coarseApps) addApp(apps, app, cell)
  for (const domain of sums.domains.values()) for (const [app, cell] of domain.apps) addApp(apps, app, cell)
  return apps
}
