import { type AppId, DomainId } from '../../../contract/ids.ts'
import type { Span } from './calendar.ts'
import { cardOf, cardSleepsOf, heldBytes, holdingsOf, isResident } from './holdings.ts'
import { type Life, livesOf } from './lives.ts'
import type { Rig, RigProcess } from './schema.ts'
import type { RigGpu } from './schema-devices.ts'
import type { ZoneTruth } from './truth.ts'
import { exactIntegral } from './truth-load.ts'
import { clipped, lengthOf, total, without } from './truth-spans.ts'

export type DeviceTruth = {
  readonly truth: ZoneTruth
  readonly card: RigGpu
  /** Active and idle, mJ; every app that ever used the card. */
  readonly byApp: ReadonlyMap<AppId, number>
  readonly idleByApp: ReadonlyMap<AppId, number>
  /** By the names of processes that are apps'. */
  readonly idleByProcess: ReadonlyMap<string, number>
}

type Use = { readonly life: Life; readonly spans: readonly Span[] }

/** What cards drew and for whom, by the definitions of docs/rigs.md: work, memory held while nothing works, the card's own floor. */
export function deviceTruths(rig: Rig, awake: readonly Span[]): DeviceTruth[] {
  return rig.gpus.map((card) => deviceTruth(rig, card, awake))
}

function deviceTruth(rig: Rig, card: RigGpu, awake: readonly Span[]): DeviceTruth {
  const sleeps = cardSleepsOf(rig, card)
  const up = awake.flatMap((span) => without(span, sleeps))
  const downMs = total(awake, lengthOf) - total(up, lengthOf)
  const uses = livesOf(rig)
    .filter(({ spec }) => cardOf(rig, spec) === card)
    .map((life): Use => {
      const held = holdingsOf(rig, life)
      return { life, spans: held.flatMap(({ fromMs, toMs }) => clipped(awake, fromMs, toMs)) }
    })
  const byApp = new Map<AppId, number>()
  const idleByProcess = idleEnergies(rig, card, uses)
  const idleByApp = new Map<AppId, number>()
  for (const { name, app } of rig.processes) {
    const idleMj = idleByProcess.get(name)
    if (app !== undefined && idleMj !== undefined) idleByApp.set(app, (idleByApp.get(app) ?? 0) + idleMj)
  }
  let otherMj = exactIntegral(card.otherW, rig, up)
  for (const { life, spans } of uses) {
    const { app } = life.spec
    const activeMj = wattsOf(card, life.spec) * exactIntegral(life.spec.gpu ?? 0, rig, spans)
    if (app === undefined) otherMj += activeMj
    else byApp.set(app, (byApp.get(app) ?? 0) + activeMj)
  }
  for (const [app, idleMj] of idleByApp) byApp.set(app, (byApp.get(app) ?? 0) + idleMj)
  const floorMj = card.floorW * total(up, lengthOf) + (card.sleeps?.sleepW ?? 0) * downMs
  const energyMj = floorMj + otherMj + total([...byApp.values()], (appMj) => appMj)
  const domain = DomainId.parse(`${card.kind}/${card.pci}`)
  const isMeasured = card.inside === undefined
  const truth = { zone: domain, domain, kind: card.kind, isMeasured, energyMj, floorMj, otherMj }
  return { truth, card, byApp, idleByApp, idleByProcess }
}

/** Between two moments in which somebody takes or gives memory, the power of memory held is divided by bytes, in time that nothing works. */
function idleEnergies(rig: Rig, card: RigGpu, uses: readonly Use[]): Map<string, number> {
  const idleByProcess = new Map<string, number>()
  const holders = uses.filter(({ life }) => isResident(life.spec))
  const edges = uses.flatMap(({ spans }) => spans.flatMap(({ fromMs, toMs }) => [fromMs, toMs]))
  const cuts = [...new Set(edges)].toSorted((a, b) => a - b)
  for (const [index, toMs] of cuts.entries()) {
    const span = { fromMs: cuts[index - 1] ?? toMs, toMs }
    const covers = ({ spans }: Use) => spans.some(({ fromMs, toMs: end }) => fromMs <= span.fromMs && end >= toMs)
    const resident = holders.filter(covers)
    const bytes = total(resident, ({ life }) => heldBytes(life.spec))
    if (bytes === 0 || lengthOf(span) === 0) continue
    const busyMs = total(uses.filter(covers), ({ life }) => exactIntegral(life.spec.gpu ?? 0, rig, [span]))
    const quietMj = card.residentW * (lengthOf(span) - busyMs)
    for (const { life } of resident) {
      const { name } = life.spec
      idleByProcess.set(name, (idleByProcess.get(name) ?? 0) + (quietMj * heldBytes(life.spec)) / bytes)
    }
  }
  return idleByProcess
}

function wattsOf(card: RigGpu, { app }: RigProcess): number {
  return app === undefined ? card.wattsPerEngine : (card.wattsPerEngineOf[app] ?? card.wattsPerEngine)
}

/** Below this, drivers other than NVIDIA's cannot tell a model from a window's surfaces. */
const LEAST_MODEL_BYTES = 256 * 2 ** 20

/**
 * Time of engines and memory held tell who used the card, exactly: a counter throughout, one weight, no power that work does not explain, and
 * everybody seen. AMD's counter is believed only after a minute beside the sensor; a card that sleeps is not seen in its first second awake.
 */
export function isCardAdditive(rig: Rig, card: RigGpu): boolean {
  const processes = rig.processes.filter((spec) => cardOf(rig, spec) === card)
  // Of a card that is split NVIDIA tells nobody's time, so that memory stands in for it.
  const isTimed = card.counter && card.sleeps === undefined && card.slices.length === 0
  const isCounted = card.vendor !== 'amd' && isTimed && card.access === 'ok'
  // Nobody tells whose memory a Mac's GPU works on, so that what keeps it from its idle is nobody's.
  const isIdleTold = card.vendor !== 'apple' || card.residentW === 0
  const isAlike = Object.values(card.wattsPerEngineOf).every((watts) => watts === card.wattsPerEngine)
  // Intel's drivers do not tell how long a card worked for those whose descriptors may not be read.
  const isSeen =
    card.vendor !== 'intel' || processes.every((spec) => spec.app !== undefined && spec.uid === rig.meterUid)
  const isModel = (spec: RigProcess) =>
    spec.app === undefined || heldBytes(spec) === 0 || heldBytes(spec) >= LEAST_MODEL_BYTES
  // NVIDIA's own library tells contexts apart from windows, but not under Windows' memory manager.
  const areModelsTold = card.vendor === 'apple' || (card.vendor === 'nvidia' && rig.platform === 'linux')
  return (
    isCounted && isIdleTold && isAlike && card.otherW === 0 && isSeen && (areModelsTold || processes.every(isModel))
  )
}
