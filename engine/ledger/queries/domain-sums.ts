import { AppId } from '../../../contract/ids.ts'
import type { Provenance } from '../../../contract/units.ts'
import type { AppSum, DomainSum } from '../../attribution/uncertainty.ts'
import type { AppCell, DomainCell } from '../cells.ts'
import type { AppRow, DomainRow, SeriesTables } from './series.ts'
import type { Sums } from './sums.ts'

export type AppInDomain = { readonly app: AppRow; readonly totals: AppCell }

/** Which apps drew how much in each domain, by row id of the domain. */
export type AppsByDomain = ReadonlyMap<number, readonly AppInDomain[]>

/**
 * Who drew what in which domain, for uncertainty and provenance only. Hour and day rows name no domain: the measured part of an
 * app's energy is divided over the domains as all apps' measured energy was, and the estimated part likewise.
 */
export function appsByDomain(sums: Sums, series: SeriesTables): AppsByDomain {
  const division = divisionOf(sums)
  const byDomain = new Map<number, AppInDomain[]>()
  for (const [rowId, cell] of sums.domains) {
    const apps = new Map(cell.apps)
    const part = division.byDomain.get(rowId)
    if (part !== undefined) {
      // Fine and coarse rows of one app carry one share error, so they are one sum.
      for (const [app, totals] of sums.coarseApps) apps.set(app, sumOf(partOf(totals, part, division), apps.get(app)))
    }
    byDomain.set(
      rowId,
      Array.from(apps, ([app, totals]) => ({ app: appRow(series, app), totals })),
    )
  }
  return byDomain
}

function sumOf(a: AppCell, b: AppCell | undefined): AppCell {
  if (b === undefined) return a
  return {
    activeMj: a.activeMj + b.activeMj,
    idleMj: a.idleMj + b.idleMj,
    floorShareMj: a.floorShareMj + b.floorShareMj,
    estimatedMj: a.estimatedMj + b.estimatedMj,
    varMj2: a.varMj2 + b.varMj2,
  }
}

/** How one domain takes part in what hour and day rows say of apps: in measured and estimated energy, and in the floor under each. */
type DomainPart = {
  readonly measuredShare: number
  readonly estimatedShare: number
  readonly measuredFloor: number
  readonly estimatedFloor: number
}
type Division = {
  readonly byDomain: ReadonlyMap<number, DomainPart>
  readonly measuredFloor: number
  readonly estimatedFloor: number
}

/** An app has as much floor under it in a domain as the domain has floor to a joule of active energy. */
function divisionOf({ domains, coarseDomains }: Sums): Division {
  const all = { measuredMj: 0, estimatedMj: 0 }
  for (const { measuredMj, estimatedMj } of coarseDomains.values()) {
    all.measuredMj += measuredMj
    all.estimatedMj += estimatedMj
  }
  const byDomain = new Map<number, DomainPart>()
  const floors = { measuredFloor: 0, estimatedFloor: 0 }
  for (const [rowId, { measuredMj, estimatedMj }] of coarseDomains) {
    const cell = domains.get(rowId)
    if (cell === undefined || measuredMj + estimatedMj === 0) continue
    const floorPerActive = cell.idleMj / (cell.energyMj - cell.idleMj)
    const measuredShare = all.measuredMj > 0 ? measuredMj / all.measuredMj : 0
    const estimatedShare = all.estimatedMj > 0 ? estimatedMj / all.estimatedMj : 0
    const measuredFloor = measuredShare * floorPerActive
    const estimatedFloor = estimatedShare * floorPerActive
    byDomain.set(rowId, { measuredShare, estimatedShare, measuredFloor, estimatedFloor })
    floors.measuredFloor += measuredFloor
    floors.estimatedFloor += estimatedFloor
  }
  return { byDomain, ...floors }
}

function partOf(totals: AppCell, part: DomainPart, division: Division): AppCell {
  const energyMj = totals.activeMj + totals.idleMj
  const measuredMj = energyMj - totals.estimatedMj
  const estimatedMj = totals.estimatedMj * part.estimatedShare
  const share = energyMj > 0 ? (measuredMj * part.measuredShare + estimatedMj) / energyMj : 0
  const floorUnderAll = measuredMj * division.measuredFloor + totals.estimatedMj * division.estimatedFloor
  const floorUnder = measuredMj * part.measuredFloor + totals.estimatedMj * part.estimatedFloor
  return {
    activeMj: totals.activeMj * share,
    idleMj: totals.idleMj * share,
    floorShareMj: floorUnderAll > 0 ? (totals.floorShareMj * floorUnder) / floorUnderAll : 0,
    estimatedMj,
    varMj2: totals.varMj2 * share,
  }
}

/** The inner domains as the uncertainty's formula takes them (attribution.md §6). */
export function domainSums(sums: Sums, apps: AppsByDomain, series: SeriesTables): DomainSum[] {
  const domains: DomainSum[] = []
  for (const [rowId, totals] of sums.domains) {
    const domain = domainRow(series, rowId)
    if (domain.scope === 'inner')
      domains.push({ ...domainSum(domain, totals), apps: (apps.get(rowId) ?? []).map((app) => appSum(domain, app)) })
  }
  return domains
}

function appSum({ shareRatio }: DomainRow, { app, totals }: AppInDomain): AppSum {
  const { activeMj, idleMj, floorShareMj, varMj2 } = totals
  return { app: app.id, shareRatio: shareRatio ?? app.shareRatio, activeMj, idleMj, floorShareMj, varMj2 }
}

/**
 * The same for all apps together where the rows are hours and days only, without a list of apps a domain: what the formula asks of
 * them is their sum and the sum of the squares of their share errors, and both follow from the totals of each class.
 */
export function pooledDomainSums(sums: Sums, series: SeriesTables): DomainSum[] {
  const division = divisionOf(sums)
  const pool = poolOf(sums, series, division)
  const domains: DomainSum[] = []
  for (const [rowId, totals] of sums.domains) {
    const domain = domainRow(series, rowId)
    if (domain.scope === 'whole') continue
    const part = division.byDomain.get(rowId) ?? NO_PART
    const { measuredShare: m, estimatedShare: e } = part
    const activeMj = m * pool.measuredMj + e * pool.estimatedMj
    const errorMj = shareErrorMj(pool, domain.shareRatio, m, e)
    const app = {
      app: ALL_APPS,
      activeMj,
      idleMj: 0,
      floorShareMj: part.measuredFloor * pool.measuredFloorMj + part.estimatedFloor * pool.estimatedFloorMj,
      varMj2: pool.energyMj > 0 ? (pool.varMj2 * activeMj) / pool.energyMj : 0,
      shareRatio: activeMj > 0 ? errorMj / activeMj : 0,
    }
    domains.push({ ...domainSum(domain, totals), apps: [app] })
  }
  return domains
}

/** Root of the sum of squares of the apps' share errors in a domain that has the parts `m` and `e` of measured and estimated energy. */
function shareErrorMj({ byApp, plain }: Pool, shareRatio: number | null, m: number, e: number): number {
  const { measured2, cross2, estimated2 } = shareRatio === null ? byApp : plain
  return (shareRatio ?? 1) * Math.sqrt(m * m * measured2 + 2 * m * e * cross2 + e * e * estimated2)
}

const ALL_APPS = AppId.parse('*')
const NO_PART: DomainPart = { measuredShare: 0, estimatedShare: 0, measuredFloor: 0, estimatedFloor: 0 }

function poolOf(sums: Sums, series: SeriesTables, division: Division) {
  const pool = {
    energyMj: 0,
    measuredMj: 0,
    estimatedMj: 0,
    measuredFloorMj: 0,
    estimatedFloorMj: 0,
    varMj2: 0,
    /** Sums of squares of the apps' energies, each times its own share ratio, and without. */
    byApp: { measured2: 0, cross2: 0, estimated2: 0 },
    plain: { measured2: 0, cross2: 0, estimated2: 0 },
  }
  for (const [rowId, { activeMj, idleMj, floorShareMj, estimatedMj, varMj2 }] of sums.coarseApps) {
    const { shareRatio } = appRow(series, rowId)
    const measuredMj = activeMj + idleMj - estimatedMj
    const floorUnderAll = measuredMj * division.measuredFloor + estimatedMj * division.estimatedFloor
    const floorRatio = floorUnderAll > 0 ? floorShareMj / floorUnderAll : 0
    pool.energyMj += activeMj + idleMj
    pool.measuredMj += measuredMj
    pool.estimatedMj += estimatedMj
    pool.measuredFloorMj += floorRatio * measuredMj
    pool.estimatedFloorMj += floorRatio * estimatedMj
    pool.varMj2 += varMj2
    addSquares(pool.byApp, measuredMj * shareRatio, estimatedMj * shareRatio)
    addSquares(pool.plain, measuredMj, estimatedMj)
  }
  return pool
}

type Squares = { measured2: number; cross2: number; estimated2: number }
type Pool = ReturnType<typeof poolOf>

function addSquares(squares: Squares, measuredMj: number, estimatedMj: number): void {
  squares.measured2 += measuredMj ** 2
  squares.cross2 += measuredMj * estimatedMj
  squares.estimated2 += estimatedMj ** 2
}

/** A domain with all its energy and no apps: what its own figure needs. */
export function domainAlone(domain: DomainRow, totals: DomainCell<number>): DomainSum {
  return { ...domainSum(domain, totals), otherMj: totals.energyMj - totals.idleMj, apps: [] }
}

function domainSum(domain: DomainRow, totals: DomainCell<number>): Omit<DomainSum, 'apps'> {
  return {
    gainKey: domain.parent ?? domain.id,
    gainRatio: domain.gainRatio,
    floorMj: totals.idleMj,
    floorRatio: domain.floorRatio ?? 0,
    otherMj: totals.otherMj,
    varMj2: totals.varMj2,
  }
}

export type Part = { readonly domain: DomainRow; readonly energyMj: number; readonly estimatedMj: number }

/** Provenance of a sum: the one with the largest share of its energy; `null` where there is none. */
export function provenanceOf(parts: readonly Part[]): Provenance | null {
  const energyOf: Record<Provenance, number> = { counter: 0, sensor: 0, estimate: 0 }
  for (const { domain, energyMj, estimatedMj } of parts) {
    energyOf.estimate += estimatedMj
    // A domain that is estimated by now and was measured then had readings, so at least a sensor.
    energyOf[domain.provenance === 'counter' ? 'counter' : 'sensor'] += energyMj - estimatedMj
  }
  const most = Math.max(energyOf.counter, energyOf.sensor, energyOf.estimate)
  if (most === 0) return null
  if (energyOf.estimate === most) return 'estimate'
  return energyOf.sensor === most ? 'sensor' : 'counter'
}

export function domainRow(series: SeriesTables, rowId: number): DomainRow {
  const row = series.domains.get(rowId)
  if (row === undefined) throw new Error(`rows of a domain ${rowId} that is not described`)
  return row
}

export function appRow(series: SeriesTables, rowId: number): AppRow {
  const row = series.apps.get(rowId)
  if (row === undefined) throw new Error(`rows of an app ${rowId} that is not described`)
  return row
}
