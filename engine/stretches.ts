import type { AppId } from '../contract/ids.ts'
import type { Stretch, StretchDomain } from '../contract/lab.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import type { Attribution } from './attribution/types.ts'
import { appsUncertaintyMj, type DomainSum, expandedRatio } from './attribution/uncertainty.ts'
import type { DomainView } from './energy-book.ts'
import { type ActivitySample, SELF } from './processes/sampler.ts'
import type { Ticked } from './tick.ts'

const KEPT_MS = 3_600_000
/** A domain that covers less of a stretch than this was silent in it. */
const WHOLE_RATIO = 0.98

type Asked = { readonly app: AppId; readonly fromMs: number; readonly toMs: number }
type Machine = { readonly views: readonly DomainView[]; readonly shareRatio: number }

/** Divided intervals, kept in memory from a first mark on, so that somebody who makes work can ask what exactly it drew. */
export interface Stretches {
  /** Keeps everything from `nowMs` on, until an hour after the newest mark. */
  mark(nowMs: number): void
  take(ticked: Pick<Ticked, 'fromMs' | 'toMs' | 'attributions' | 'activity' | 'gap'>): void
  between(asked: Asked, machine: Machine): Result<Stretch, 'notMarked' | 'noSource'>
}

export function createStretches(): Stretches {
  let markedMs: { first: number; newest: number } | null = null
  let attributions: Attribution[] = []
  let activities: ActivitySample[] = []
  let gaps: { readonly fromMs: number; readonly toMs: number }[] = []

  function forget(beforeMs: number): void {
    attributions = attributions.filter(({ toMs }) => toMs > beforeMs)
    activities = activities.filter(({ atMs }) => atMs > beforeMs)
    gaps = gaps.filter(({ toMs }) => toMs > beforeMs)
  }

  return {
    mark(nowMs) {
      markedMs = { first: Math.max(markedMs?.first ?? nowMs, nowMs - KEPT_MS), newest: nowMs }
      forget(markedMs.first)
    },
    take({ fromMs, toMs, attributions: fresh, activity, gap }) {
      if (markedMs === null) return
      if (toMs - markedMs.newest > KEPT_MS) {
        markedMs = null
        return forget(Number.POSITIVE_INFINITY)
      }
      attributions.push(...fresh)
      if (activity !== null) activities.push(activity)
      if (gap !== null) gaps.push({ fromMs, toMs })
    },
    between(asked, { views, shareRatio }) {
      const { app, fromMs, toMs } = asked
      if (markedMs === null || fromMs < markedMs.first || toMs <= fromMs)
        return problem('notMarked', 'Nothing was kept of that time: it is measured from one mark to a later one.')
      const inner = views.filter(({ scope }) => scope === 'inner')
      const sums = inner.flatMap((view) => sumOf(view, attributions, asked) ?? [])
      if (sums.length === 0)
        return problem('noSource', 'No source measured this machine in that time; perwatt doctor says why.')
      const telling = inner.filter(({ state }) => state === 'measuring')
      const covered = new Map(sums.map((sum) => [sum.domain.id, sum.coveredMs]))
      const isSettled = telling.every(({ latest }) => latest !== null && latest.toMs >= toMs)
      const isPart = (coveredMs: number) => coveredMs < WHOLE_RATIO * (toMs - fromMs)
      const appMj = total(sums, ({ domain }) => domain.appMj)
      const estimatedMj = total(sums, ({ domain }) => (domain.provenance === 'estimate' ? domain.appMj : 0))
      const othersDeviceMj = total(sums, ({ domain, othersMj }) => (isDevice(domain) ? othersMj : 0))
      const terms = sums.map((sum) => uncertaintyTerms(sum, app, shareRatio))
      return ok({
        lengthMs: toMs - fromMs,
        isSettled,
        hasGap:
          gaps.some((gap) => gap.toMs > fromMs && gap.fromMs < toMs) ||
          (isSettled && telling.some(({ leafId }) => isPart(covered.get(leafId) ?? 0))),
        domains: sums.map(({ domain }) => domain),
        appMj,
        machineMj: total(sums, ({ domain }) => domain.machineMj),
        estimatedRatio: appMj > 0 ? Math.min(1, estimatedMj / appMj) : 0,
        uncertainty: expandedRatio(
          appsUncertaintyMj(terms, () => true),
          appMj,
        ),
        othersCpuRatio: othersCpuRatio(activities, asked),
        othersDeviceRatio: othersDeviceMj > 0 ? othersDeviceMj / (appMj + othersDeviceMj) : 0,
      })
    },
  }
}

type Sum = {
  readonly domain: StretchDomain
  readonly view: DomainView
  readonly coveredMs: number
  /** Active energy of every other app and of no app. */
  readonly othersMj: number
  readonly appIdleMj: number
  readonly varMj2: number
}

/** `null` where the domain told nothing of this time: a card that sleeps. */
function sumOf(view: DomainView, attributions: readonly Attribution[], { app, fromMs, toMs }: Asked): Sum | null {
  const sum = {
    coveredMs: 0,
    machineMj: 0,
    floorMj: 0,
    appMj: 0,
    appIdleMj: 0,
    othersMj: 0,
    floorShareMj: 0,
    varMj2: 0,
  }
  for (const one of attributions) {
    if (one.domain !== view.leafId) continue
    const overlapMs = Math.min(toMs, one.toMs) - Math.max(fromMs, one.fromMs)
    if (overlapMs <= 0) continue
    const part = overlapMs / (one.toMs - one.fromMs)
    sum.coveredMs += overlapMs
    sum.machineMj += part * one.energyMj
    sum.floorMj += part * one.idleMj
    sum.othersMj += part * one.otherMj
    for (const share of one.shares) {
      if (share.app === app) {
        sum.appMj += part * (share.activeMj + share.idleMj)
        sum.appIdleMj += part * share.idleMj
        sum.floorShareMj += part * share.floorShareMj
        sum.varMj2 += part * share.varMj2
      } else if (share.app !== SELF) sum.othersMj += part * share.activeMj
    }
  }
  if (sum.coveredMs === 0) return null
  const { domain } = view
  return {
    view,
    coveredMs: sum.coveredMs,
    othersMj: sum.othersMj,
    appIdleMj: sum.appIdleMj,
    varMj2: sum.varMj2,
    domain: {
      ...{ id: view.leafId, kind: domain.kind, provenance: domain.provenance, root: domain.parent ?? domain.id },
      ...{ gainRatio: domain.gainRatio, floorRatio: view.floor.ratio },
      ...{ machineMj: sum.machineMj, floorMj: sum.floorMj, appMj: sum.appMj, floorShareMj: sum.floorShareMj },
    },
  }
}

function uncertaintyTerms({ domain, view, appIdleMj, varMj2 }: Sum, app: AppId, shareRatio: number): DomainSum {
  const { appMj, floorMj, machineMj, floorShareMj } = domain
  return {
    gainKey: domain.root,
    ...{ gainRatio: domain.gainRatio, floorMj, floorRatio: domain.floorRatio, varMj2 },
    otherMj: Math.max(0, machineMj - floorMj - appMj),
    apps: [
      {
        ...{ app, floorShareMj, varMj2, activeMj: appMj - appIdleMj, idleMj: appIdleMj },
        shareRatio: view.shareRatio ?? shareRatio,
      },
    ],
  }
}

function othersCpuRatio(activities: readonly ActivitySample[], { app, fromMs, toMs }: Asked): number | null {
  let othersMs = 0
  let possibleMs = 0
  for (const { atMs, intervalMs, busyMs, logicalCpus, apps } of activities) {
    const overlapMs = Math.min(toMs, atMs) - Math.max(fromMs, atMs - intervalMs)
    if (overlapMs <= 0) continue
    const part = overlapMs / intervalMs
    const knownMs = total(apps, (one) => (one.app === app || one.app === SELF ? one.cpuMs : 0))
    othersMs += part * Math.max(0, busyMs - knownMs)
    possibleMs += overlapMs * logicalCpus
  }
  return possibleMs > 0 ? othersMs / possibleMs : null
}

function isDevice({ kind }: StretchDomain): boolean {
  return kind === 'gpu' || kind === 'npu'
}

function total<T>(items: readonly T[], amountOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amountOf(item), 0)
}
