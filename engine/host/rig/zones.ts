import type { Span } from './calendar.ts'
import { durationMs } from './duration.ts'
import { type Integral, integralFrom, type Pieces, piecesOf } from './load.ts'
import type { Group } from './processes.ts'
import type { Rig, RigRootZone, RigZone } from './schema.ts'
import { type Teller, tellerOf } from './tellers.ts'

export type ZoneState = {
  readonly spec: RigZone
  /** `intel-rapl:0:1`: the number of the top zone, then of the child, in hexadecimal as the kernel prints them. */
  readonly id: string
  readonly parent: string | null
  readonly access: NonNullable<RigZone['access']>
  readonly teller: Teller
  readonly isMmio: boolean
  /** Watts per busy core of each group. */
  readonly weightsW: Float64Array
  readonly other: Integral
  /** When the zone is not there at all. */
  readonly away: readonly Span[]
  /** Energy before the counter's last restart at 0. */
  beforeRestartMj: number
  isRestarted: boolean
}

export function zonesOf(rig: Rig, groups: readonly Group[], awake: (pieces: Pieces) => Pieces): ZoneState[] {
  return rig.domains.flatMap((root, number) => {
    const rootId = `intel-rapl:${number.toString(16)}`
    const bind = (spec: RigZone, id: string, parent: string | null): ZoneState => ({
      spec,
      id,
      parent,
      access: spec.access ?? root.access ?? 'ok',
      teller: tellerOf(rig, root),
      isMmio: parent === null && root.mmio,
      weightsW: weightsOf(rig, spec, groups),
      other: integralFrom(awake(piecesOf(spec.otherW, rig)), 0),
      away: awaySpans(root, spec),
      beforeRestartMj: 0,
      isRestarted: false,
    })
    const children = root.children.map((child, index) => bind(child, `${rootId}:${index.toString(16)}`, rootId))
    return [bind(root, rootId, null), ...children]
  })
}

/** A package counts, and memory beside it; psys only where nothing else does. */
export function countsInTotal({ spec, parent }: ZoneState, zones: readonly ZoneState[]): boolean {
  if (spec.zone === 'psys') return zones.every((other) => other.parent !== null || other.spec.zone === 'psys')
  return (
    parent === null || (spec.zone === 'dram' && zones.some(({ id, spec }) => id === parent && spec.zone !== 'psys'))
  )
}

function weightsOf(rig: Rig, spec: RigZone, groups: readonly Group[]): Float64Array {
  const capacityRatio = rig.cpu.efficiency?.capacityRatio ?? 1
  return Float64Array.from(groups, ({ app, cores }) => {
    const perCoreW = appWattsPerCore(spec, app)
    return cores === 'efficiency' ? perCoreW * capacityRatio : perCoreW
  })
}

function appWattsPerCore(spec: RigZone, app: string | null): number {
  if (app === null) return spec.wattsPerCore
  return Object.entries(spec.wattsPerCoreOf).find(([id]) => id === app)?.[1] ?? spec.wattsPerCore
}

/** A child is away with its parent. */
function awaySpans(root: RigRootZone, spec: RigZone): Span[] {
  const own = [...root.away, ...(spec === root ? [] : spec.away)]
  return own
    .map(({ at, for: length }) => ({ fromMs: durationMs(at), toMs: durationMs(at) + durationMs(length) }))
    .toSorted((a, b) => a.fromMs - b.fromMs)
}
