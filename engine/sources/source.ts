import type { DomainId, DomainKind, SourceId } from '../../contract/ids.ts'
import type { Problem, Result } from '../../contract/result.ts'
import type { Provenance } from '../../contract/units.ts'
import type { Host, MachineFacts } from '../host/host.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import type { ConfiguredMeter } from './wall/dialect.ts'

/** Part of the machine whose energy is known by itself. */
export type Domain = {
  readonly id: DomainId
  readonly kind: DomainKind
  /** The domain that contains this one, so that nothing counts twice; `null` for a root. */
  readonly parent: DomainId | null
  readonly source: SourceId
  readonly provenance: Provenance
  /** What a person calls it: "CPU package 0", "Memory". */
  readonly name: string
  /** Relative standard uncertainty (k = 1) of the gain: systematic, so averaging does not shrink it (docs/sources.md). */
  readonly gainRatio: number
  /** Above this an energy step is a fault of the counter, not power. */
  readonly plausibleMaxW: number
  /** Which activity stands for its energy; `none` where nothing does (its energy above the floor is `other`). */
  readonly activity: 'cpu' | 'gpu' | 'none'
  /** Deep-idle watts of a device table until the machine's own are learned (u_F = 0.4); `null` where no table knows. */
  readonly tableFloorW: number | null
  /**
   * The device whose energy it is, where `activity` is `gpu`: what processes do on a device is told by the same name. A PCI address in lower
   * case ("0000:01:00.0") wherever there is one.
   */
  readonly device?: string
}

/** One raw value as the hardware gave it, with its monotonic time. */
export type Reading =
  | {
      readonly kind: 'counter'
      readonly domain: DomainId
      readonly atMs: number
      /** Cumulative energy in units of `unitNj` nanojoules. */
      readonly raw: bigint
      readonly unitNj: bigint
      /** The counter restarts at 0 after this value; `null` where the range is unknown, so that a wrap is a gap. */
      readonly wrapsAfter: bigint | null
    }
  | {
      readonly kind: 'sensor'
      readonly domain: DomainId
      /** When the value was true: a sensor that averages over a window is shifted back by half of it. */
      readonly atMs: number
      readonly powerW: number
    }
  | {
      /** A model's energy for exactly this interval. */
      readonly kind: 'modelled'
      readonly domain: DomainId
      readonly fromMs: number
      readonly atMs: number
      readonly powerW: number
    }
  | { readonly kind: 'asleep'; readonly domain: DomainId; readonly atMs: number }
  /** It works, and has nothing to tell in this state of the machine (a battery on mains power): no figure, no fault. */
  | { readonly kind: 'unavailable'; readonly domain: DomainId; readonly atMs: number; readonly reason: string }
  | { readonly kind: 'fault'; readonly domain: DomainId; readonly atMs: number; readonly problem: Problem<SourceFault> }

/** `absent`: not there; `hidden`: there, but a container or VM keeps it from us; `denied`: needs a grant; `broken`: gave nonsense. */
export type SourceFault = 'absent' | 'hidden' | 'denied' | 'broken'

/** What the machine as a whole did up to now; cumulative, so that any two looks give an exact difference. */
export type MachineLoad = {
  readonly atMs: number
  /** Busy CPU time of all logical CPUs since boot, ms; steal is not ours and not in it (proc(5)). */
  readonly busyMs: number
  readonly logicalCpus: number
}

/** Power by load as it was fitted to a better meter of this machine (engine/calibration): `idleW + slopeW × load ^ exponent`. */
export type FittedCurve = {
  /** Each fit is a series of its own, so that rows name the fit they were made with. */
  readonly domain: DomainId
  readonly name: string
  readonly idleW: number
  readonly slopeW: number
  readonly exponent: number
  /** Measured, k = 1. */
  readonly gainRatio: number
  /** It was fitted to the whole machine less what is measured, so memory is in it. */
  readonly holdsMemory: boolean
}

export type SourceContext = {
  readonly host: Host
  readonly facts: MachineFacts
  /** The load read in this tick, before any source is sampled; `null` where it cannot be read. */
  load(): MachineLoad | null
  /** Roots of better sources that already measure here: `estimate` stands in only for what nobody measures. */
  readonly measuredKinds: ReadonlySet<DomainKind>
  /** Meters that the user set up, as they are now; left out where nobody can set up any. */
  readonly wallMeters?: (() => readonly ConfiguredMeter[]) | undefined
  /** What the estimate was fitted to draw, as things are now; left out where nobody keeps fits. */
  readonly fittedCurve?: (() => FittedCurve | null) | undefined
}

export interface OpenSource {
  readonly domains: readonly Domain[]
  /** Called once a tick, before processes are read. Must not block: slow interfaces hand over their last answer. */
  sample(): readonly Reading[]
  /** What processes did on its devices since the last call; called right after `sample`, by sources whose interface tells it. */
  uses?(): readonly DeviceUse[]
  /** Looks for domains that came or went; `true` where `domains` changed. Called once a minute and after a resume. */
  refresh(): boolean
  close(): void
}

/** Code that reads domains through one interface. One file, one line in registry.ts. */
export interface Source {
  readonly id: SourceId
  readonly title: string
  readonly platforms: readonly Host['platform'][]
  probe(context: SourceContext): Promise<Result<OpenSource, SourceFault>>
}
