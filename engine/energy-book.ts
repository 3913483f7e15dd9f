import type { AppId, DomainId } from '../contract/ids.ts'
import type { Problem } from '../contract/result.ts'
import type { Activity, ActivityRing } from './attribution/activity-ring.ts'
import { type ActivityOfDomain, attribute, type attributeRemainder } from './attribution/attribute.ts'
import { attributeDevice, QUIET_UTILISATION } from './attribution/attribute-device.ts'
import { createDelta, type Delta, type DeltaGap } from './attribution/delta.ts'
import type { DeviceActivity, DeviceRing } from './attribution/device-activity.ts'
import { createFloorLearner, type Floor, type FloorLearner, FloorState } from './attribution/floor.ts'
import { createRemainder, type Remainder, remainderId } from './attribution/remainder.ts'
import { createResidencyLearner, type ResidencyLearner } from './attribution/residency.ts'
import type { Attribution, DomainEnergy } from './attribution/types.ts'
import type { WorkRing } from './attribution/work-ring.ts'
import { type CheckView, createSecondAccounts, type Overhead } from './second-accounts.ts'
import type { CheckReading } from './source-set.ts'
import type { Domain, Reading, SourceFault } from './sources/source.ts'

export type DomainState = 'measuring' | 'pending' | 'asleep' | 'failing'
/** `inner` domains make up `measured`; `whole` ones (battery, wall, psys) hold the whole machine and stand beside it. */
export type Scope = 'inner' | 'whole'

/** What is known of one domain now. Of a parent with children, `latest` is the remainder that no child explains. */
export type DomainView = {
  readonly domain: Domain
  readonly scope: Scope
  /** Under which its energy is divided and kept: its own id, or that of its remainder. */
  readonly leafId: DomainId
  readonly state: DomainState
  readonly problem: Problem<SourceFault> | null
  /** Since when it has given nothing but nonsense; `null` while it does not. */
  readonly failingSinceS: number | null
  /** Why it has nothing to tell although all is well; `null` otherwise. */
  readonly reason: string | null
  /** Energy of the newest interval, the domain's own (children included). */
  readonly energy: DomainEnergy | null
  readonly latest: Attribution | null
  readonly floor: Floor
  /** Relative standard uncertainty of a share of it (k = 1), where it is not that of CPU time; `null` where it is. */
  readonly shareRatio: number | null
  readonly faults: number
}

export type Finding = {
  readonly code: DeltaGap | 'childrenAboveParent'
  readonly domain: DomainId
  readonly count: number
}

/** What was done, by whom: CPU time of the whole machine, work on each device, and what servers say they worked on. */
export type Rings = {
  readonly cpu: ActivityRing
  readonly devices: DeviceRing
  readonly work: Pick<WorkRing, 'between'>
}

/** Turns readings into attributed intervals: the terms of attribution.md §1–3 in their order, for all domains of the machine. */
export interface EnergyBook {
  /** `checks`: domains that another source reads as well. */
  setDomains(domains: readonly Domain[], checks?: readonly Domain[]): void
  /** What other sources say of domains that are read already: it is compared, and books nothing. */
  check(readings: readonly CheckReading[]): void
  /** Everything that this tick's readings make final. */
  take(readings: readonly Reading[], rings: Rings, nowS: number): readonly Attribution[]
  /** After a gap: no interval reaches across it. */
  restart(): void
  views(nowS: number): readonly DomainView[]
  findings(): readonly Finding[]
  /** How second accounts of domains compare with the first, and whole-machine meters with what is measured. */
  checks(nowMs: number): readonly CheckView[]
  floorStates(): ReadonlyMap<DomainId, FloorState>
  /** What whole-machine meters measured beyond the inner domains, as far as it became known since the last call. */
  takeOverheads(): readonly Overhead[]
}

/** Told of every interval's energy, children and second accounts of the whole machine included. */
export type EnergyObserver = { takeEnergy(energy: DomainEnergy): void; restart(): void }

type Entry = {
  domain: Domain
  readonly scope: Scope
  readonly leafId: DomainId
  readonly children: readonly DomainId[]
  readonly delta: Delta
  readonly floor: FloorLearner
  readonly remainder: Remainder | null
  readonly residency: ResidencyLearner
  shareRatio: number | null
  energy: DomainEnergy | null
  latest: Attribution | null
  state: DomainState
  problem: Problem<SourceFault> | null
  failingSinceS: number | null
  reason: string | null
  faults: number
}

/** How well time of engines or SMs, and memory held, stand for a device's energy (attribution.md §6). */
const DEVICE_SHARE_RATIO = { time: 0.1, memory: 0.4 } as const

const NOTHING: ActivityOfDomain = { totalAmount: 0, apps: [] }

export function createEnergyBook(
  keptFloors: (leaf: DomainId) => unknown,
  observer: EnergyObserver | null = null,
): EnergyBook {
  let entries = new Map<DomainId, Entry>()
  const findings = new Map<string, Finding>()
  const accounts = createSecondAccounts()

  function setDomains(domains: readonly Domain[], checks: readonly Domain[] = []): void {
    const hasInner = domains.some((domain) => isInnerKind(domain))
    const before = entries
    entries = new Map()
    for (const domain of domains) {
      const children = domains.filter((other) => other.parent === domain.id).map((child) => child.id)
      const known = before.get(domain.id)
      const scope: Scope = isInnerKind(domain) || (domain.kind === 'board' && !hasInner) ? 'inner' : 'whole'
      const leafId = children.length > 0 ? remainderId(domain.id) : domain.id
      if (
        known !== undefined &&
        known.scope === scope &&
        known.leafId === leafId &&
        known.domain.source === domain.source &&
        known.domain.parent === domain.parent &&
        known.domain.provenance === domain.provenance &&
        known.domain.plausibleMaxW === domain.plausibleMaxW &&
        known.children.join() === children.join()
      ) {
        known.domain = domain
        entries.set(domain.id, known)
        continue
      }
      entries.set(domain.id, {
        domain,
        scope,
        leafId,
        children,
        delta: createDelta(domain),
        floor: createFloorLearner(domain.tableFloorW, parseFloor(keptFloors(leafId)), {
          // A modelled domain's floor is where its own curve begins.
          fits: domain.provenance !== 'estimate',
        }),
        remainder: children.length > 0 ? createRemainder(domain.id, children) : null,
        residency: createResidencyLearner(),
        shareRatio: null,
        energy: null,
        latest: null,
        state: 'pending',
        problem: null,
        failingSinceS: null,
        reason: null,
        faults: 0,
      })
    }
    accounts.setDomains([...entries.values()], checks)
  }

  function take(readings: readonly Reading[], rings: Rings, nowS: number): Attribution[] {
    const made: Attribution[] = []
    for (const reading of readings) {
      const entry = entries.get(reading.domain)
      if (entry === undefined) continue
      const energy = energyOf(entry, reading, nowS)
      if (energy === null) continue
      entry.energy = energy
      accounts.take(energy)
      observer?.takeEnergy(energy)
      if (entry.remainder !== null) entry.remainder.takeParent(energy)
      else made.push(divideLeaf(entry, energy, rings, nowS))
    }
    for (const entry of entries.values()) {
      if (entry.remainder === null) continue
      const settled = entry.remainder.settle(
        (energy) => {
          learn(entry, energy, rings.cpu.between(energy.fromMs, energy.toMs), nowS)
          return entry.floor.at(nowS).powerW
        },
        ownDivision(entry, rings),
      )
      if (settled === null) continue
      if (settled.excessMj > 0) find('childrenAboveParent', entry.domain.id)
      entry.latest = settled.attribution
      made.push(settled.attribution)
    }
    return made
  }

  /** A chip whose parts leave its cores out (AMD's graphics and NPU): what they do not explain is the cores' own work, divided by CPU time. */
  function ownDivision({ domain, children }: Entry, rings: Rings): typeof attributeRemainder | undefined {
    const holdsCores = children.some((child) => entries.get(child)?.domain.activity === 'cpu')
    if (domain.activity !== 'cpu' || holdsCores) return undefined
    return (energy, floorW) => {
      const activity = rings.cpu.between(energy.fromMs, energy.toMs)
      return attribute(energy, floorW, activityOf(domain, activity, idleBetween(energy, rings)))
    }
  }

  function energyOf(entry: Entry, reading: Reading, nowS: number): DomainEnergy | null {
    const outcome = entry.delta.take(reading)
    if (reading.kind === 'fault') {
      entry.state = 'failing'
      entry.problem = reading.problem
      entry.failingSinceS ??= nowS
      entry.faults += 1
      entry.energy = null
      entry.latest = null
      return null
    }
    entry.problem = null
    entry.failingSinceS = null
    entry.reason = reading.kind === 'unavailable' ? reading.reason : null
    if (reading.kind === 'unavailable') {
      entry.state = 'pending'
      entry.energy = null
      entry.latest = null
      return null
    }
    entry.state = reading.kind === 'asleep' ? 'asleep' : outcome.kind === 'energy' ? 'measuring' : 'pending'
    if (outcome.kind === 'energy') return outcome.energy
    if (outcome.cause !== 'first') find(outcome.cause, entry.domain.id)
    return null
  }

  function divideLeaf(entry: Entry, energy: DomainEnergy, rings: Rings, nowS: number): Attribution {
    const attribution = entry.scope === 'whole' ? wholeMachine(energy) : divideInner(entry, energy, rings, nowS)
    entry.latest = attribution
    const parent = entry.domain.parent === null ? undefined : entries.get(entry.domain.parent)
    parent?.remainder?.takeChild(attribution)
    return attribution
  }

  function divideInner(entry: Entry, energy: DomainEnergy, rings: Rings, nowS: number): Attribution {
    const { activity: measure, device } = entry.domain
    const isIdle = idleBetween(energy, rings)
    if (measure === 'gpu' && device !== undefined) {
      return divideDevice(entry, energy, rings.devices.between(device, energy.fromMs, energy.toMs), isIdle, nowS)
    }
    const activity = rings.cpu.between(energy.fromMs, energy.toMs)
    learn(entry, energy, activity, nowS)
    return attribute(energy, entry.floor.at(nowS).powerW, activityOf(entry.domain, activity, isIdle))
  }

  /** Before the interval is divided, so that a first long quiet one already knows its own floor. */
  function learn(entry: Entry, energy: DomainEnergy, activity: Activity, nowS: number): void {
    if (entry.state === 'asleep' || energy.toMs <= energy.fromMs) return
    const intervalMs = energy.toMs - energy.fromMs
    if (activity.coveredMs < intervalMs / 2) return
    const utilisation = activity.totalMs / activity.coveredMs
    entry.floor.observe({ powerW: energy.energyMj / intervalMs, lengthMs: intervalMs, utilisation }, nowS)
  }

  /** The floor is learnt while no app holds anything in the device's memory, residency while one does and nothing works. */
  function divideDevice(
    entry: Entry,
    energy: DomainEnergy,
    activity: DeviceActivity,
    isIdle: (app: AppId) => boolean,
    nowS: number,
  ): Attribution {
    const lengthMs = energy.toMs - energy.fromMs
    const powerW = lengthMs > 0 ? energy.energyMj / lengthMs : 0
    const utilisation = activity.coveredMs >= lengthMs / 2 ? activity.busyMs / activity.coveredMs : null
    const isFree = !activity.apps.some(({ residentByteMs }) => residentByteMs > 0)
    const mayLearn = entry.state !== 'asleep' && utilisation !== null
    if (mayLearn && isFree) entry.floor.observe({ powerW, lengthMs, utilisation }, nowS)
    const floor = entry.floor.at(nowS)
    const isFloorOwn = floor.origin === 'learned' || floor.origin === 'fitted'
    if (mayLearn && !isFree && isFloorOwn && utilisation < QUIET_UTILISATION) {
      entry.residency.observe(powerW - floor.powerW, lengthMs)
    }
    entry.shareRatio = DEVICE_SHARE_RATIO[activity.by]
    const terms = { floorW: floor.powerW, isFloorOwn, residentW: entry.residency.powerW() }
    return attributeDevice(energy, terms, activity, isIdle)
  }

  function find(code: Finding['code'], domain: DomainId): void {
    const key = `${code} ${domain}`
    findings.set(key, { code, domain, count: (findings.get(key)?.count ?? 0) + 1 })
  }

  return {
    setDomains,
    check: (readings) => accounts.check(readings),
    checks: (nowMs) => accounts.views(nowMs),
    takeOverheads: () =>
      accounts.takeOverheads().map((one) => ({ ...one, meter: entries.get(one.meter)?.leafId ?? one.meter })),
    take,
    restart() {
      accounts.restart()
      observer?.restart()
      for (const entry of entries.values()) {
        entry.delta.restart()
        entry.remainder?.restart()
        entry.energy = null
        entry.latest = null
        if (entry.state === 'measuring') entry.state = 'pending'
      }
    },
    views: (nowS) =>
      [...entries.values()].map((entry) => ({
        domain: entry.domain,
        scope: entry.scope,
        leafId: entry.leafId,
        state: entry.state,
        problem: entry.problem,
        failingSinceS: entry.failingSinceS,
        reason: entry.reason,
        energy: entry.energy,
        latest: entry.latest,
        floor: entry.floor.at(nowS),
        shareRatio: entry.shareRatio,
        faults: entry.faults,
      })),
    findings: () => [...findings.values()],
    floorStates: () => new Map([...entries.values()].map((entry) => [entry.leafId, entry.floor.state()])),
  }
}

function isInnerKind(domain: Domain): boolean {
  return domain.kind !== 'board' && domain.kind !== 'battery' && domain.kind !== 'wall'
}

function parseFloor(kept: unknown): FloorState | undefined {
  const parsed = FloorState.safeParse(kept)
  return parsed.success ? parsed.data : undefined
}

function wholeMachine(energy: DomainEnergy): Attribution {
  return { ...energy, idleMj: 0, otherMj: energy.energyMj, shares: [] }
}

/** Of servers that say so: nobody asked them for anything. */
function idleBetween({ fromMs, toMs }: DomainEnergy, rings: Rings): (app: AppId) => boolean {
  return (app) => rings.work.between(app, fromMs, toMs).wasIdle
}

function activityOf(domain: Domain, activity: Activity, isIdle: (app: AppId) => boolean): ActivityOfDomain {
  if (domain.activity !== 'cpu') return NOTHING
  return { totalAmount: activity.totalMs, apps: activity.apps.map((app) => ({ ...app, spinning: isIdle(app.app) })) }
}
