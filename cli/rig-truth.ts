import type { HistoryRow } from '../contract/history.ts'
import type { DomainKind } from '../contract/ids.ts'
import type { Provenance } from '../contract/units.ts'
import type { rigTruth, ZoneTruth } from '../engine/host/rig/truth.ts'
import type { Simulation } from '../engine/simulate.ts'

export type TruthRow = {
  /** `part`: inside a domain; `meter`: of the whole machine; `overhead`: that one, less what was measured. */
  readonly what: 'app' | 'domain' | 'part' | 'meter' | 'overhead'
  readonly key: string
  readonly trueMj: number
  readonly measuredMj: number
  readonly uncertainty: number | null
  readonly estimatedRatio: number
  readonly provenance: Provenance | null
}

type RigTruth = ReturnType<typeof rigTruth>

/** The rig's truth beside what was measured of it: each app, the domains and their parts, the meters of the whole machine. */
export function truthRows({ byApp, byDomain }: Simulation, truth: RigTruth): readonly TruthRow[] {
  const apps = truth.apps.map(({ app, energyMj }) =>
    rowOf(
      'app',
      app,
      energyMj,
      byApp.rows.filter(({ key }) => key === app),
    ),
  )
  const found = truth.zones.map((zone) => ({ zone, rows: rowsOf(zone, byDomain.rows) }))
  const told = found.filter(({ zone, rows }) => rows.length > 0 || !zone.isMeasured)
  const untold = found.filter(({ zone, rows }) => rows.length === 0 && zone.isMeasured).map(({ zone }) => zone)
  const known = new Set(found.flatMap(({ rows }) => rows.map(({ key }) => key)))
  const rows = [
    ...told.map(({ zone, rows }) => rowOf(whatOf(zone), zone.domain, zone.energyMj, rows)),
    ...standIns(untold, known, byDomain.rows),
  ]
  const inOrder = (['domain', 'part', 'meter'] as const).flatMap((what) => rows.filter((row) => row.what === what))
  return [...apps, ...inOrder, ...overhead(byApp, truth)]
}

/** A parent with children is kept as its children and what they leave over. */
function rowsOf({ domain, isMeasured }: ZoneTruth, rows: readonly HistoryRow[]): readonly HistoryRow[] {
  return rows.filter((row) => row.key === domain || (isMeasured && row.domain?.parent === domain))
}

/** What nothing counts is known under another name: an estimate, or firmware's figure, stands in for all zones of its kind together. */
function standIns(untold: readonly ZoneTruth[], known: ReadonlySet<string>, all: readonly HistoryRow[]): TruthRow[] {
  return Array.from(
    Map.groupBy(untold, ({ kind }) => kind),
    ([kind, zones]) => {
      const strangers = all.filter(({ key, domain }) => domain?.kind === kind && !known.has(key))
      const names = new Set(strangers.map(({ key, domain }) => domain?.parent ?? key))
      const rows = all.filter(({ key, domain }) => names.has(domain?.parent ?? key))
      const trueMj = zones.reduce((sum, { energyMj }) => sum + energyMj, 0)
      return rowOf(
        'domain',
        [...(names.size > 0 ? names : zones.map(({ domain }) => domain))].join(' + '),
        trueMj,
        rows,
      )
    },
  )
}

const WHOLE: ReadonlySet<DomainKind> = new Set(['board', 'battery', 'wall'])

function whatOf({ isMeasured, kind }: ZoneTruth): TruthRow['what'] {
  if (isMeasured) return 'domain'
  return WHOLE.has(kind) ? 'meter' : 'part'
}

function overhead({ overheadMj, overheadBy }: Simulation['byApp'], truth: RigTruth): TruthRow[] {
  const meter = truth.zones.find(({ domain }) => domain === overheadBy)
  if (meter === undefined || overheadMj === null) return []
  const trueMj = meter.energyMj - (meter.innerMj ?? truth.energyMj)
  return [{ ...rowOf('overhead', meter.domain, trueMj, []), measuredMj: overheadMj }]
}

function rowOf(what: TruthRow['what'], key: string, trueMj: number, rows: readonly HistoryRow[]): TruthRow {
  const measuredMj = rows.reduce((sum, one) => sum + one.energyMj, 0)
  const most = rows.toSorted((a, b) => b.energyMj - a.energyMj)[0]
  return {
    what,
    key,
    trueMj,
    measuredMj,
    uncertainty: most?.uncertainty ?? null,
    estimatedRatio: most?.estimatedRatio ?? 0,
    provenance: most?.provenance ?? null,
  }
}
