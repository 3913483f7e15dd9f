import type { HistoryRow } from '../contract/history.ts'
import type { DomainKind } from '../contract/ids.ts'
import type { Provenance } from '../contract/units.ts'
import type { rigTruth, ZoneTruth } from '../engine/host/rig/truth.ts'
import type { WorkTruth } from '../engine/host/rig/truth-work.ts'
import type { Simulation } from '../engine/simulate.ts'

export type TruthRow = {
  /** `part`: inside a domain; `meter`: of the whole machine; `overhead`: that one, less what was measured; `request`: all metered ones of a class. */
  readonly what: 'app' | 'model' | 'user' | 'request' | 'domain' | 'part' | 'meter' | 'overhead'
  readonly key: string
  readonly trueMj: number
  readonly measuredMj: number
  readonly uncertainty: number | null
  readonly estimatedRatio: number
  readonly provenance: Provenance | null
}

type RigTruth = ReturnType<typeof rigTruth>

/** The rig's truth beside what was measured of it: each app, the domains and their parts, the meters of the whole machine. */
export function truthRows(simulation: Simulation, truth: RigTruth, work: WorkTruth = NO_WORK): readonly TruthRow[] {
  const { byApp, byDomain } = simulation
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
  return [...apps, ...workRows(simulation, work), ...inOrder, ...overhead(byApp, truth)]
}

const NO_WORK: WorkTruth = { models: [], users: [], classes: [] }

/** Models whose answers are computed elsewhere take nothing here, and neither do requests for them. */
function workRows({ models, users, requests }: Simulation, work: WorkTruth): TruthRow[] {
  const local = work.models.filter(({ isRemote }) => !isRemote)
  const metered = work.classes.filter(({ isMetered, energyMj }) => isMetered && energyMj > 0)
  return [
    ...local.map(({ model, activeMj, idleMj }) => {
      const own = models.filter(({ id }) => id === model)
      return workRow('model', model, activeMj + idleMj, own)
    }),
    ...work.users
      .filter(({ energyMj }) => energyMj > 0)
      .map(({ user, energyMj }) => {
        const own = users.filter(({ id }) => id === user)
        return workRow('user', user, energyMj, own)
      }),
    ...metered.map(({ key, idPrefix, energyMj }) => {
      const own = requests.filter(({ id }) => id.startsWith(idPrefix))
      return workRow('request', key, energyMj, own)
    }),
  ]
}

type Worked = {
  readonly energyMj: number | null
  readonly uncertainty: number | null
  readonly provenance?: Provenance | null
  readonly estimatedRatio?: number
}

function workRow(what: TruthRow['what'], key: string, trueMj: number, own: readonly Worked[]): TruthRow {
  const measuredMj = own.reduce((sum, { energyMj }) => sum + (energyMj ?? 0), 0)
  const one = own.length === 1 ? own[0] : undefined
  return {
    what,
    key,
    trueMj,
    measuredMj,
    // What is uncertain about single requests is no figure of all of them together.
    uncertainty: one?.uncertainty ?? null,
    estimatedRatio: one?.estimatedRatio ?? 0,
    provenance: own.find(({ provenance }) => provenance != null)?.provenance ?? null,
  }
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
