import { type AppId, DomainId, type DomainKind } from '../../../contract/ids.ts'
import type { Span } from './calendar.ts'
import { durationMs } from './duration.ts'
import { type Life, livesOf, sleepsOf } from './lives.ts'
import type { Rig, RigProcess, RigRootZone, RigZone } from './schema.ts'
import { withServedLoads } from './served-load.ts'
import { holdsWhole } from './tellers.ts'
import { type DeviceTruth, deviceTruths, isCardAdditive } from './truth-devices.ts'
import { exactIntegral } from './truth-load.ts'
import { batteryTruth, type DrawnIn, meterTruths } from './truth-meters.ts'
import { clipped, lengthOf, total, without } from './truth-spans.ts'

export type ZoneTruth = {
  /** "package-0", "package-0/core" for a child; a card's domain is its own key. */
  readonly zone: string
  /** The domain that the engine makes of it. */
  readonly domain: DomainId
  readonly kind: DomainKind
  /** Counts in the machine's total: not a detail of another zone, not a whole-machine meter beside inner ones. */
  readonly isMeasured: boolean
  readonly energyMj: number
  readonly floorMj: number
  readonly otherMj: number
  /** Of a meter of the whole machine that does not always tell: what was measured within, in the time that it told. */
  readonly innerMj?: number
}

export type AppTruth = {
  readonly app: AppId
  readonly energyMj: number
  /** Of it, what was drawn while it only held a card's memory. */
  readonly idleMj: number
  readonly energyByZoneMj: ReadonlyMap<string, number>
  /** Time of cores and engines tells this app's energy exactly: each draws alike whoever keeps it busy, and everything can be read. */
  readonly determined: boolean
  /** How far a result may be from it: 1 % where determined, else what the rig states (`null`: it states nothing). */
  readonly toleranceRatio: number | null
}

/** What really happened in a rig, in mJ, sleep and absent zones left out: energyMj = floorMj + otherMj + Σ apps over the measured zones. */
export type RigTruth = {
  readonly zones: readonly ZoneTruth[]
  readonly apps: readonly AppTruth[]
  readonly energyMj: number
  readonly floorMj: number
  readonly otherMj: number
}

const DETERMINED_RATIO = 0.01

/**
 * Integrates the rig's declaration from `fromMs` to `toMs` since its start. Shares the declaration's meaning (times, windows, seeded bursts)
 * with the counters that the rig renders, and no arithmetic with them or with the engine.
 */
export function rigTruth(declared: Rig, fromMs: number, toMs: number): RigTruth {
  const rig = withServedLoads(declared)
  const awake = without({ fromMs, toMs }, sleepsOf(rig))
  const draws = livesOf(rig).map((life) => ({ life, spans: clipped(awake, life.startMs, life.stopMs) }))
  const devices = deviceTruths(rig, awake)
  const zones = zonesOf(rig).map((zone) => {
    const own = withInside(zone, zoneTruth(rig, zone, awake, draws), devices)
    return holdsWhole(rig, zone.root) ? wholeTruth(own, measuredMj(rig, awake)) : own
  })
  const measured = [...zones, ...devices].filter(({ truth }) => truth.isMeasured)
  const apps = [...new Set(rig.processes.flatMap(({ app }) => app ?? []))].toSorted()
  const drawn: DrawnIn = { measuredMj: (spans) => measuredMj(rig, spans), drawnMj: (spans) => drawnMj(rig, spans) }
  const whole = [...batteryTruth(rig, awake, drawn), ...meterTruths(rig, awake, drawn)]
  return {
    zones: [...[...zones, ...devices].map(({ truth }) => truth), ...whole],
    apps: apps.map((app) => appTruth(rig, app, zones, devices)),
    energyMj: total(measured, ({ truth }) => truth.energyMj),
    floorMj: total(measured, ({ truth }) => truth.floorMj),
    otherMj: total(measured, ({ truth }) => truth.otherMj),
  }
}

type DeclaredZone = {
  readonly key: string
  readonly spec: RigZone
  readonly root: RigRootZone
  readonly isMeasured: boolean
}
type Draw = { readonly life: Life; readonly spans: readonly Span[] }
type ZoneEnergies = { readonly truth: ZoneTruth; readonly byApp: ReadonlyMap<string, number> }

/** A package holds what cards in its chip draw, and for whom. */
function withInside(zone: DeclaredZone, own: ZoneEnergies, devices: readonly DeviceTruth[]): ZoneEnergies {
  const inside = zone.spec === zone.root ? devices.filter(({ card }) => card.inside === zone.spec.zone) : []
  if (inside.length === 0) return own
  const byApp = new Map(own.byApp)
  for (const { byApp: more } of inside) for (const [app, mj] of more) byApp.set(app, (byApp.get(app) ?? 0) + mj)
  const truth = {
    ...own.truth,
    energyMj: own.truth.energyMj + total(inside, ({ truth }) => truth.energyMj),
    floorMj: own.truth.floorMj + total(inside, ({ truth }) => truth.floorMj),
    otherMj: own.truth.otherMj + total(inside, ({ truth }) => truth.otherMj),
  }
  return { truth, byApp }
}

/** What the meter of a Mac sees: everything, and what only it sees. */
function wholeTruth({ truth, byApp }: ZoneEnergies, innerMj: number): ZoneEnergies {
  const energyMj = innerMj + truth.energyMj
  return { truth: { ...truth, energyMj, otherMj: energyMj - truth.floorMj }, byApp }
}

/** A package counts, memory counts wherever it stands in the tree, psys only where nothing inner does (attribution: two scopes). */
function zonesOf(rig: Rig): DeclaredZone[] {
  const hasInner = rig.domains.some(({ zone }) => zone !== 'psys')
  return rig.domains.flatMap((root) => [
    { key: root.zone, spec: root, root, isMeasured: root.zone !== 'psys' || !hasInner },
    ...root.children.map((spec) => ({
      key: `${root.zone}/${spec.zone}`,
      spec,
      root,
      isMeasured: spec.zone === 'dram' && root.zone !== 'psys',
    })),
  ])
}

/** Energy in spans of time of all that counts. */
function measuredMj(rig: Rig, spans: readonly Span[]): number {
  const draws = livesOf(rig).map((life) => ({ life, spans: clipped(spans, life.startMs, life.stopMs) }))
  const devices = deviceTruths(rig, spans)
  const zones = zonesOf(rig).map((zone) => withInside(zone, zoneTruth(rig, zone, spans, draws), devices))
  const measured = [...zones, ...devices].filter(({ truth }) => truth.isMeasured)
  return total(measured, ({ truth }) => truth.energyMj)
}

/** Energy in spans of time of all that counts, and of what is drawn beside it. */
function drawnMj(rig: Rig, spans: readonly Span[]): number {
  const beside = zonesOf(rig).filter(({ root }) => holdsWhole(rig, root))
  return measuredMj(rig, spans) + total(beside, (zone) => zoneTruth(rig, zone, spans, []).truth.energyMj)
}

function zoneTruth(rig: Rig, zone: DeclaredZone, awake: readonly Span[], draws: readonly Draw[]): ZoneEnergies {
  const away = [...zone.root.away, ...(zone.spec === zone.root ? [] : zone.spec.away)]
    .map(({ at, for: length }) => ({ fromMs: durationMs(at), toMs: durationMs(at) + durationMs(length) }))
    .toSorted((a, b) => a.fromMs - b.fromMs)
  const there = awake.flatMap((span) => without(span, away))
  const byApp = new Map<string, number>()
  let otherMj = exactIntegral(zone.spec.otherW, rig, there)
  otherMj += zone.spec.wattsPerCore * exactIntegral(rig.background, rig, there)
  for (const { life } of draws) {
    const spans = clipped(there, life.startMs, life.stopMs)
    const energyMj = wattsPerCore(rig, zone.spec, life.spec) * cpuMs(rig, life, spans)
    if (life.spec.app === undefined) otherMj += energyMj
    else byApp.set(life.spec.app, (byApp.get(life.spec.app) ?? 0) + energyMj)
  }
  const floorMj = zone.spec.floorW * total(there, lengthOf)
  const energyMj = floorMj + otherMj + total([...byApp.values()], (appMj) => appMj)
  const domain = domainOf(rig, zone)
  const truth = {
    zone: zone.key,
    domain,
    kind: kindOf(zone.spec),
    isMeasured: zone.isMeasured,
    energyMj,
    floorMj,
    otherMj,
  }
  return { truth, byApp }
}

function domainOf(rig: Rig, { spec, root }: DeclaredZone): DomainId {
  const place = root.zone.replace('package-', '')
  if (root.zone === 'psys') return DomainId.parse(holdsWhole(rig, root) ? 'board/smc' : 'board/psys')
  if (root.zone === 'dram') return DomainId.parse('dram/0')
  if (root.zone === 'npu') return DomainId.parse('npu/apple')
  if (spec === root) return DomainId.parse(`cpu/${place}`)
  if (spec.zone === 'core') return DomainId.parse(`cpu/${place}/core`)
  // By Windows' meters the graphics of Intel's processors are known by the address that they always have.
  const isAddressed = rig.platform === 'win32' && place === '0' && /intel/i.test(rig.cpu.vendor)
  if (spec.zone === 'uncore') return DomainId.parse(isAddressed ? 'gpu/0000:00:02.0' : `gpu/igpu-${place}`)
  return DomainId.parse(`dram/${place}`)
}

function kindOf({ zone }: RigZone): DomainKind {
  if (zone === 'core' || zone === 'dram' || zone === 'npu') return zone
  if (zone === 'uncore') return 'gpu'
  return zone === 'psys' ? 'board' : 'cpu'
}

function appTruth(rig: Rig, app: AppId, zones: readonly ZoneEnergies[], devices: readonly DeviceTruth[]): AppTruth {
  const energyByZoneMj = new Map([...zones, ...devices].map(({ truth, byApp }) => [truth.zone, byApp.get(app) ?? 0]))
  const measured = [...zones, ...devices].filter(({ truth }) => truth.isMeasured)
  const used = devices.filter(({ byApp }) => byApp.has(app))
  const determined = isAdditive(rig) && used.every(({ card }) => isCardAdditive(rig, card))
  return {
    app,
    energyByZoneMj,
    energyMj: total(measured, ({ byApp }) => byApp.get(app) ?? 0),
    idleMj: total(devices, ({ idleByApp }) => idleByApp.get(app) ?? 0),
    determined,
    toleranceRatio: determined ? DETERMINED_RATIO : (rig.toleranceRatio ?? null),
  }
}

/** Every zone that counts is readable throughout and divides by CPU time alone: one weight, equal cores, no power that load does not explain. */
function isAdditive(rig: Rig): boolean {
  const isDisturbed = rig.events.some((event) => 'fault' in event)
  // Windows keeps no time of children that ended for their parent.
  const losesTime = rig.platform === 'win32' && rig.processes.some(({ children }) => children !== undefined)
  // Sensors tell what of a chip is not the processor's own, and know changes only to the second.
  const isShared = rig.gpus.some(({ inside }) => inside !== undefined)
  if (rig.cpu.efficiency !== undefined || isDisturbed || losesTime || isShared) return false
  return zonesOf(rig)
    .filter(({ isMeasured }) => isMeasured)
    .every(
      ({ spec, root }) =>
        (spec.access ?? root.access ?? 'ok') === 'ok' &&
        spec.otherW === 0 &&
        root.away.length + spec.away.length === 0 &&
        Object.values(spec.wattsPerCoreOf).every((watts) => watts === spec.wattsPerCore),
    )
}

function wattsPerCore(rig: Rig, zone: RigZone, process: RigProcess): number {
  const perCoreW =
    process.app === undefined ? zone.wattsPerCore : (zone.wattsPerCoreOf[process.app] ?? zone.wattsPerCore)
  return process.cores === 'efficiency' ? perCoreW * (rig.cpu.efficiency?.capacityRatio ?? 1) : perCoreW
}

function cpuMs(rig: Rig, life: Life, spans: readonly Span[]): number {
  const own = exactIntegral(life.spec.load, rig, spans)
  const { children } = life.spec
  if (children === undefined) return own
  const bornMs = Math.max(0, life.startMs)
  const lived = (atMs: number) =>
    total(without({ fromMs: bornMs, toMs: Math.max(bornMs, atMs) }, sleepsOf(rig)), lengthOf)
  const [everyMs, lastsMs] = [durationMs(children.every), durationMs(children.lasts)]
  const busyMs = (livedMs: number) => Math.floor(livedMs / everyMs) * lastsMs + Math.min(livedMs % everyMs, lastsMs)
  return own + children.cores * total(spans, ({ fromMs, toMs }) => busyMs(lived(toMs)) - busyMs(lived(fromMs)))
}
