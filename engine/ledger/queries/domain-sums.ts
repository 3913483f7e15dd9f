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
  const all = { measuredMj: 0, estimatedMj: 0 }
  for (const { measuredMj, estimatedMj } of sums.coarseDomains.values()) {
    all.measuredMj += measuredMj
    all.estimatedMj += estimatedMj
  }
  const byDomain = new Map<number, AppInDomain[]>()
  for (const [rowId, cell] of sums.domains) {
    const apps = new Map(cell.apps)
    const own = sums.coarseDomains.get(rowId)
    if (own !== undefined && own.measuredMj + own.estimatedMj > 0) {
      const measuredShare = all.measuredMj > 0 ? own.measuredMj / all.measuredMj : 0
      const estimatedShare = all.estimatedMj > 0 ? own.estimatedMj / all.estimatedMj : 0
      // Fine and coarse rows of one app carry one share error, so they are one sum.
      for (const [app, totals] of sums.coarseApps)
        apps.set(app, sumOf(partOf(totals, measuredShare, estimatedShare), apps.get(app)))
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
    estimatedMj: a.estimatedMj + b.estimatedMj,
    varMj2: a.varMj2 + b.varMj2,
  }
}

function partOf(totals: AppCell, measuredShare: number, estimatedShare: number): AppCell {
  const energyMj = totals.activeMj + totals.idleMj
  const estimatedMj = totals.estimatedMj * estimatedShare
  const partMj = (energyMj - totals.estimatedMj) * measuredShare + estimatedMj
  const share = energyMj > 0 ? partMj / energyMj : 0
  return {
    activeMj: totals.activeMj * share,
    idleMj: totals.idleMj * share,
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
      domains.push({ ...domainSum(domain, totals), apps: (apps.get(rowId) ?? []).map(appSum) })
  }
  return domains
}

function appSum({ app, totals }: AppInDomain): AppSum {
  const { activeMj, idleMj, varMj2 } = totals
  return { app: app.id, shareRatio: app.shareRatio, activeMj, idleMj, varMj2 }
}

/**
 * The same for all apps together where the rows are hours and days only, without a list of apps a domain: what the formula asks of
 * them is their sum and the sum of the squares of their share errors, and both follow from the totals of each class.
 */
export function pooledDomainSums(sums: Sums, series: SeriesTables): DomainSum[] {
  const pool = poolOf(sums, series)
  const domains: DomainSum[] = []
  for (const [rowId, totals] of sums.domains) {
    const domain = domainRow(series, rowId)
    if (domain.scope === 'whole') continue
    const own = sums.coarseDomains.get(rowId) ?? { measuredMj: 0, estimatedMj: 0 }
    const m = pool.measuredMj > 0 ? own.measuredMj / pool.measuredMj : 0
    const e = pool.estimatedMj > 0 ? own.estimatedMj / pool.estimatedMj : 0
    const activeMj = m * pool.measuredMj + e * pool.estimatedMj
    const errorMj = Math.sqrt(m * m * pool.measuredError2 + 2 * m * e * pool.crossError2 + e * e * pool.estimatedError2)
    const varMj2 = pool.energyMj > 0 ? (pool.varMj2 * activeMj) / pool.energyMj : 0
    const app = { app: ALL_APPS, activeMj, idleMj: 0, varMj2, shareRatio: activeMj > 0 ? errorMj / activeMj : 0 }
    domains.push({ ...domainSum(domain, totals), apps: [app] })
  }
  return domains
}

const ALL_APPS = AppId.parse('*')

function poolOf(sums: Sums, series: SeriesTables) {
  const pool = {
    energyMj: 0,
    measuredMj: 0,
    estimatedMj: 0,
    varMj2: 0,
    measuredError2: 0,
    crossError2: 0,
    estimatedError2: 0,
  }
  for (const [rowId, { activeMj, idleMj, estimatedMj, varMj2 }] of sums.coarseApps) {
    const { shareRatio } = appRow(series, rowId)
    const measuredMj = activeMj + idleMj - estimatedMj
    pool.energyMj += activeMj + idleMj
    pool.measuredMj += measuredMj
    pool.estimatedMj += estimatedMj
    pool.varMj2 += varMj2
    pool.measuredError2 += (measuredMj * shareRatio) ** 2
    pool.crossError2 += measuredMj * estimatedMj * shareRatio ** 2
    pool.estimatedError2 += (estimatedMj * shareRatio) ** 2
  }
  return pool
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
