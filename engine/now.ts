import type { CatalogueApp } from '../contract/catalogue.ts'
import type { AppId } from '../contract/ids.ts'
import type { Live, Now, NowApp, NowDomain } from '../contract/now.ts'
import type { AppFactors } from '../contract/overhead.ts'
import type { Provenance } from '../contract/units.ts'
import type { AppView } from './apps.ts'
import { appsUncertaintyMj, type DomainSum, expandedRatio, machineUncertaintyMj } from './attribution/uncertainty.ts'
import type { DomainView } from './energy-book.ts'
import type { LiveTick } from './live.ts'
import { type ActivitySample, SELF } from './processes/sampler.ts'
import type { TodayTotals } from './today.ts'

export type NowParts = {
  readonly atS: number
  readonly intervalMs: number
  readonly state: Now['state']
  readonly views: readonly DomainView[]
  readonly activity: ActivitySample | null
  readonly describe: (id: AppId) => AppView
  readonly shareRatio: number
  readonly today: TodayTotals
  readonly gaugeFullW: number
  readonly self: { readonly cpuMsPerTick: number; readonly rssBytes: number }
  readonly overhead: Now['overhead']
  readonly factors: AppFactors
  readonly models: Now['models']
  readonly notices: Now['notices']
}

/** The newest picture of the machine. Domains have intervals of their own: each stands with the power of its newest one. */
export function buildNow(parts: NowParts): Now {
  const inner = parts.views.filter((view) => view.scope === 'inner' && view.latest !== null)
  const perSecond = inner.map((view) => perSecondSum(view, parts.shareRatio, parts.views))
  const domains = perSecond.map(({ sum }) => sum)
  const totals = { powerMw: 0, idleMw: 0, otherMw: 0, estimatedMw: 0 }
  for (const { sum, provenance } of perSecond) {
    let mw = sum.floorMj + sum.otherMj
    for (const app of sum.apps) mw += app.activeMj + app.idleMj
    totals.powerMw += mw
    totals.idleMw += sum.floorMj
    totals.otherMw += sum.otherMj
    if (provenance === 'estimate') totals.estimatedMw += mw
  }
  const known = inner.length > 0
  const isAi = (id: AppId) => parts.describe(id).countsAsAi
  const aiMw = domains.reduce(
    (all, sum) => sum.apps.reduce((mw, app) => (isAi(app.app) ? mw + app.activeMj + app.idleMj : mw), all),
    0,
  )
  const apps = buildApps(parts, domains, totals.powerMw)
  const watts = (mw: number) => (known ? mw / 1_000 : null)
  return {
    at: parts.atS,
    intervalMs: parts.intervalMs,
    state: parts.state,
    machine: {
      powerW: watts(totals.powerMw),
      provenance: known ? mainProvenance(perSecond) : null,
      estimatedRatio: totals.powerMw > 0 ? totals.estimatedMw / totals.powerMw : 0,
      uncertainty: expandedRatio(machineUncertaintyMj(domains), totals.powerMw),
      reason: known ? null : reasonFor(parts.state),
      aiPowerW: watts(aiMw),
      aiUncertainty: expandedRatio(appsUncertaintyMj(domains, isAi), aiMw),
      idlePowerW: watts(totals.idleMw),
      otherPowerW: watts(totals.otherMw),
    },
    today: { measuredMj: parts.today.measuredMj, aiMj: parts.today.aiMj, coverageRatio: parts.today.coverageRatio },
    gaugeFullW: parts.gaugeFullW,
    domains: parts.views.map((view) => nowDomain(view)),
    overhead: parts.overhead,
    ...parts.factors,
    apps,
    models: [...parts.models],
    self: { powerW: known ? (apps.find((app) => app.isSelf)?.powerW ?? 0) : null, ...parts.self },
    notices: [...parts.notices],
  }
}

type PerSecond = { readonly sum: DomainSum; readonly provenance: Provenance }

/** A domain's newest interval scaled to one second: milliwatts take the place of millijoules. */
function perSecondSum(view: DomainView, shareRatio: number, views: readonly DomainView[]): PerSecond {
  const latest = view.latest as NonNullable<DomainView['latest']>
  const perS = 1_000 / (latest.toMs - latest.fromMs)
  const root = view.domain.parent ?? view.domain.id
  const rootGain = views.find((other) => other.domain.id === root)?.domain.gainRatio ?? view.domain.gainRatio
  return {
    provenance: latest.provenance,
    sum: {
      gainKey: root,
      gainRatio: rootGain,
      floorMj: latest.idleMj * perS,
      floorRatio: view.floor.ratio,
      otherMj: latest.otherMj * perS,
      varMj2: latest.varMj2 * perS * perS,
      apps: latest.shares.map((share) => ({
        app: share.app,
        activeMj: share.activeMj * perS,
        idleMj: share.idleMj * perS,
        floorShareMj: share.floorShareMj * perS,
        shareRatio: view.shareRatio ?? shareRatio,
        varMj2: share.varMj2 * perS * perS,
      })),
    },
  }
}

function buildApps(parts: NowParts, domains: readonly DomainSum[], totalMw: number): NowApp[] {
  const powers = new Map<AppId, { activeMw: number; idleMw: number }>()
  for (const sum of domains) {
    for (const app of sum.apps) {
      const power = powers.get(app.app) ?? { activeMw: 0, idleMw: 0 }
      powers.set(app.app, { activeMw: power.activeMw + app.activeMj, idleMw: power.idleMw + app.idleMj })
    }
  }
  const busy = new Map(parts.activity?.apps.map((app) => [app.app, app]))
  const ids = new Set([...powers.keys(), ...busy.keys()])
  const apps = [...ids].map((id): NowApp => {
    const view = parts.describe(id)
    const { activeMw, idleMw } = powers.get(id) ?? { activeMw: 0, idleMw: 0 }
    const activity = busy.get(id)
    const intervalMs = parts.activity?.intervalMs ?? 0
    return {
      id,
      name: view.name,
      category: view.category,
      local: view.local,
      powerW: (activeMw + idleMw) / 1_000,
      activeW: activeMw / 1_000,
      idleW: idleMw / 1_000,
      uncertainty: expandedRatio(
        appsUncertaintyMj(domains, (other) => other === id),
        activeMw + idleMw,
      ),
      shareRatio: totalMw > 0 ? Math.min(1, (activeMw + idleMw) / totalMw) : 0,
      cpuCores: activity !== undefined && intervalMs > 0 ? activity.plainCpuMs / intervalMs : 0,
      processes: activity?.processes ?? 0,
      todayMj: parts.today.appMj(id),
      isSelf: id === SELF,
    }
  })
  return apps.sort((a, b) => b.powerW - a.powerW || b.cpuCores - a.cpuCores || (a.id < b.id ? -1 : 1))
}

export function nowDomain(view: DomainView): NowDomain {
  const { energy } = view
  const powerW = energy === null || view.state === 'asleep' ? null : energy.energyMj / (energy.toMs - energy.fromMs)
  return {
    id: view.domain.id,
    kind: view.domain.kind,
    name: view.domain.name,
    parent: view.domain.parent,
    source: view.domain.source,
    state: view.state,
    powerW,
    provenance: view.domain.provenance,
    estimatedRatio: view.domain.provenance === 'estimate' ? 1 : 0,
    uncertainty: powerW === null || powerW === 0 ? null : 2 * view.domain.gainRatio,
    reason: view.problem?.reason ?? view.reason ?? (powerW === null ? whyNone(view) : null),
  }
}

function mainProvenance(sums: readonly PerSecond[]): Provenance {
  const byProvenance = new Map<Provenance, number>()
  for (const { sum, provenance } of sums) {
    const mw = sum.floorMj + sum.otherMj + sum.apps.reduce((all, app) => all + app.activeMj + app.idleMj, 0)
    byProvenance.set(provenance, (byProvenance.get(provenance) ?? 0) + mw)
  }
  return ([...byProvenance].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'estimate') as Provenance
}

function reasonFor(state: Now['state']): string {
  if (state === 'paused') return 'Measuring is paused.'
  if (state === 'warming') return 'The first second is being measured.'
  return 'No source can measure this machine; Sources says why.'
}

const MOST_LIVE_APPS = 24

/** The live chart's series: one point a tick, `null` where nothing is known. */
export function buildLive(ticks: readonly LiveTick[], describe: (id: AppId) => AppView): Live {
  const sums = new Map<AppId, number>()
  for (const tick of ticks) for (const [app, energyMj] of tick.apps) sums.set(app, (sums.get(app) ?? 0) + energyMj)
  const ids = [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_LIVE_APPS)
    .map(([id]) => id)
  const watts = (tick: LiveTick, energyMj: number) => (tick.known ? energyMj / (tick.toMs - tick.fromMs) : null)
  return {
    at: ticks.map((tick) => tick.atS),
    machineW: ticks.map((tick) => watts(tick, tick.measuredMj)),
    idleW: ticks.map((tick) => watts(tick, tick.idleMj)),
    otherW: ticks.map((tick) => watts(tick, tick.otherMj)),
    estimated: ticks.some((tick) => tick.estimatedMj > 0.2 * tick.measuredMj),
    apps: ids.map((id) => ({
      key: id,
      name: describe(id).name,
      powerW: ticks.map((tick) => watts(tick, tick.apps.get(id) ?? 0)),
    })),
  }
}

function whyNone(view: DomainView): string {
  return view.state === 'asleep' ? 'It sleeps, and is left asleep.' : 'The first reading is awaited.'
}

/** The catalogue as the user sees it: with their own word on what counts as AI. */
export function catalogueView(
  apps: readonly CatalogueApp[],
  countAsAi: Readonly<Record<string, boolean>>,
): CatalogueApp[] {
  return apps.map((app) => ({ ...app, countsAsAi: countAsAi[app.id] ?? app.countsAsAi }))
}
