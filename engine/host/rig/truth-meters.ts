import { DomainId } from '../../../contract/ids.ts'
import { pluggedSpans } from './battery.ts'
import type { Span } from './calendar.ts'
import { silences, throughPlug } from './plugs.ts'
import type { Rig } from './schema.ts'
import type { ZoneTruth } from './truth.ts'
import { lengthOf, total, without } from './truth-spans.ts'

export type DrawnIn = {
  /** Energy in spans of time of all that counts. */
  readonly measuredMj: (spans: readonly Span[]) => number
  /** Of that, and of what a Mac draws beside. */
  readonly drawnMj: (spans: readonly Span[]) => number
}

/** The machine as its battery sees it, while it runs on it. */
export function batteryTruth(rig: Rig, awake: readonly Span[], { measuredMj, drawnMj }: DrawnIn): ZoneTruth[] {
  if (rig.battery === undefined) return []
  const unplugged = awake.flatMap((span) => without(span, pluggedSpans(rig)))
  const floorMj = rig.battery.floorW * total(unplugged, lengthOf)
  const sums = { energyMj: floorMj + drawnMj(unplugged), floorMj, innerMj: measuredMj(unplugged) }
  return [wholeTruth(DomainId.parse('battery/main'), 'battery', sums)]
}

/** The machine as its plugs see it, while they answer. */
export function meterTruths(rig: Rig, awake: readonly Span[], { measuredMj, drawnMj }: DrawnIn): ZoneTruth[] {
  return rig.meters.map((meter) => {
    const answered = awake.flatMap((span) => without(span, silences(meter)))
    const floorMj = meter.floorW * total(answered, lengthOf)
    const energyMj = throughPlug(meter, drawnMj(answered), floorMj)
    return wholeTruth(DomainId.parse(`wall/${meter.id}`), 'wall', { energyMj, floorMj, innerMj: measuredMj(answered) })
  })
}

type Sums = { readonly energyMj: number; readonly floorMj: number; readonly innerMj: number }

function wholeTruth(domain: DomainId, kind: ZoneTruth['kind'], sums: Sums): ZoneTruth {
  return { zone: domain, domain, kind, isMeasured: false, ...sums, otherMj: sums.energyMj - sums.floorMj }
}
