import type { Result } from '../../../contract/result.ts'
import type { MeterDialect, WallMeter } from '../../../contract/wall-meter.ts'
import type { Clock } from '../../clock/clock.ts'
import type { Contact } from '../../host/host.ts'
import type { SourceFault } from '../source.ts'

/** `absent`: it does not answer, or has no such unit; `denied`: it wants a secret or another; `broken`: it answered nonsense. */
export type MeterFault = Exclude<SourceFault, 'hidden'>

/** An energy register: what it counted since it was made or reset, and the smallest step that it is known to show; whole mJ. */
export type Register = { readonly energyMj: number; readonly stepMj: number }

/** One outlet, channel, entity or supply of a meter and what it shows now. `null` is what it does not tell; nothing here is judged yet. */
export type MeterUnit = {
  readonly unit: string
  readonly name: string
  readonly powerW: number | null
  readonly energy: Register | null
  /** Its watts are worked out from a load in per cent and an assumed power factor. */
  readonly isEstimate: boolean
}

/** What a dialect has to speak with: the way to the meter, what the user said of it, and its secret. */
export type MeterLine = {
  readonly contact: Contact
  readonly options: WallMeter['options']
  readonly secret: string | null
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>
}

export interface MeterSession {
  /** Asks once for the unit of the options, or for all units where none is named. Knows what a login left behind. */
  look(): Promise<Result<readonly MeterUnit[], MeterFault>>
}

/** How one make of meter is asked. One file, one line in dialects.ts. */
export type Dialect = {
  readonly id: MeterDialect
  readonly title: string
  /** As often as the meter itself renews its figures, or as often as it likes to be asked. */
  readonly pollMs: number
  /** More than its fuse carries is not power. */
  readonly plausibleMaxW: number
  /** Relative standard uncertainty (k = 1). */
  readonly gainRatio: number
  /** Where the reading may be an estimate, that of one. */
  readonly estimateRatio?: number
  open(line: MeterLine): MeterSession
}

const MJ_PER_WH = 3_600_000

/** Wh as the meter shows them, with the step of its last digit. */
export function registerOfWh(energyWh: number, stepWh: number): Register {
  return { energyMj: Math.round(energyWh * MJ_PER_WH), stepMj: Math.max(1, Math.round(stepWh * MJ_PER_WH)) }
}

/** A meter as it was set up, with its secret, or why that cannot be had. */
export type ConfiguredMeter = {
  readonly meter: WallMeter
  readonly secret: Result<string | null, 'denied'>
  /** Who stands between: a recorder, which hears what it shows, or a recording, which shows what it showed. */
  readonly through?: (session: MeterSession) => MeterSession
}
