import type { HistoryRow, Output } from '../../../contract/history.ts'
import {
  appsUncertaintyMj,
  type DomainSum,
  expandedRatio,
  machineUncertaintyMj,
} from '../../attribution/uncertainty.ts'
import type { AppCell } from '../cells.ts'
import { type HomeZone, isoTime } from '../zone.ts'
import {
  type AppsByDomain,
  appRow,
  appsByDomain,
  domainAlone,
  domainRow,
  domainSums,
  type Part,
  pooledDomainSums,
  provenanceOf,
} from './domain-sums.ts'
import { NO_OUTPUT } from './history-outputs.ts'
import type { DomainRow, SeriesTables } from './series.ts'
import { type Sums, totalsByApp } from './sums.ts'

/** What was delivered, by the app's row id or the bucket's start. */
export type Outputs = ReadonlyMap<number, Output>

/** The largest first; ties by key, so that the order is always the same. */
export function appRows(sums: Sums, series: SeriesTables, outputs: Outputs = new Map()): HistoryRow[] {
  const apps = appsByDomain(sums, series)
  const domains = domainSums(sums, apps, series)
  const parts = partsByApp(apps, series)
  const rows = [...totalsByApp(sums)].map(([rowId, totals]) => {
    const { id, name } = appRow(series, rowId)
    return appsRow(
      { key: id, name, output: outputs.get(rowId) ?? NO_OUTPUT },
      totals,
      parts.get(rowId) ?? [],
      domains,
      (app) => app === id,
    )
  })
  return rows.sort(byEnergy)
}

export function domainRows(sums: Sums, series: SeriesTables): HistoryRow[] {
  const rows = [...sums.domains].map(([rowId, totals]) => {
    const domain = domainRow(series, rowId)
    const { energyMj, idleMj, otherMj, estimatedMj } = totals
    return {
      key: domain.id,
      name: domain.name,
      energyMj,
      activeMj: energyMj - idleMj - otherMj,
      idleMj,
      otherMj,
      uncertainty: expandedRatio(machineUncertaintyMj([domainAlone(domain, totals)]), energyMj),
      provenance: provenanceOf([{ domain, energyMj, estimatedMj }]),
      estimatedRatio: energyMj > 0 ? estimatedMj / energyMj : 0,
      output: NO_OUTPUT,
      domain: { kind: domain.kind, parent: domain.parent, scope: domain.scope },
    }
  })
  return rows.sort(byEnergy)
}

/** What all apps drew in each hour or day, oldest first. */
export function bucketRows(
  groups: ReadonlyMap<number, Sums>,
  by: 'hour' | 'day',
  zone: HomeZone,
  series: SeriesTables,
  outputs: Outputs,
): HistoryRow[] {
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([startS, sums]) => {
      const key = isoTime(zone, startS)
      const name = by === 'day' ? key.slice(0, 10) : key.slice(0, 16).replace('T', ' ')
      const { domains, parts } = allApps(sums, series)
      return appsRow(
        { key, name, output: outputs.get(startS) ?? NO_OUTPUT },
        totalOfApps(sums),
        parts,
        domains,
        () => true,
      )
    })
}

function totalOfApps(sums: Sums): AppCell {
  const total = { activeMj: 0, idleMj: 0, floorShareMj: 0, estimatedMj: 0, varMj2: 0 }
  for (const { activeMj, idleMj, estimatedMj } of totalsByApp(sums).values()) {
    total.activeMj += activeMj
    total.idleMj += idleMj
    total.estimatedMj += estimatedMj
  }
  return total
}

/** A year has thousands of hours: those that are rolled up take the short way, which gives the same figures. */
function allApps(sums: Sums, series: SeriesTables): { domains: DomainSum[]; parts: Part[] } {
  const hasFine = [...sums.domains.values()].some(({ apps }) => apps.size > 0)
  if (hasFine) {
    const apps = appsByDomain(sums, series)
    return { domains: domainSums(sums, apps, series), parts: [...partsByApp(apps, series).values()].flat() }
  }
  const parts: Part[] = []
  for (const [rowId, { measuredMj, estimatedMj }] of sums.coarseDomains)
    parts.push({ domain: domainRow(series, rowId), energyMj: measuredMj + estimatedMj, estimatedMj })
  return { domains: pooledDomainSums(sums, series), parts }
}

function appsRow(
  named: Pick<HistoryRow, 'key' | 'name' | 'output'>,
  { activeMj, idleMj, estimatedMj }: AppCell,
  parts: readonly Part[],
  domains: readonly DomainSum[],
  selected: (app: string) => boolean,
): HistoryRow {
  const energyMj = activeMj + idleMj
  return {
    ...named,
    energyMj,
    activeMj,
    idleMj,
    otherMj: 0,
    uncertainty: expandedRatio(appsUncertaintyMj(domains, selected), energyMj),
    provenance: provenanceOf(parts),
    estimatedRatio: energyMj > 0 ? estimatedMj / energyMj : 0,
    domain: null,
  }
}

function partsByApp(byDomain: AppsByDomain, series: SeriesTables): Map<number, Part[]> {
  const parts = new Map<number, Part[]>()
  for (const [rowId, apps] of byDomain) {
    const domain = domainRow(series, rowId)
    for (const { app, totals } of apps) {
      const ofApp = parts.get(app.rowId)
      if (ofApp === undefined) parts.set(app.rowId, [partOf(domain, totals)])
      else ofApp.push(partOf(domain, totals))
    }
  }
  return parts
}

function partOf(domain: DomainRow, { activeMj, idleMj, estimatedMj }: AppCell): Part {
  return { domain, energyMj: activeMj + idleMj, estimatedMj }
}

function byEnergy(a: HistoryRow, b: HistoryRow): number {
  return b.energyMj - a.energyMj || (a.key < b.key ? -1 : 1)
}
