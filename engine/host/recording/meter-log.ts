import type { Result } from '../../../contract/result.ts'
import type { Clock } from '../../clock/clock.ts'
import type { ConfiguredMeter, MeterFault, MeterUnit } from '../../sources/wall/dialect.ts'
import type { MeterFigures, MeterLook, RecordedMeter, Step } from './format.ts'

/** As many units as show that there are several. */
const MOST_UNITS = 2

/** How wall meters are called in a recording. */
export function recordedMeters(meters: readonly ConfiguredMeter[]): RecordedMeter[] {
  return meters.map(({ meter }, index) => ({
    id: idOf(index),
    dialect: meter.dialect,
    provenance: meter.provenance,
    isUnitChosen: meter.options.unit !== undefined,
  }))
}

/**
 * The meters, overheard where their figures are figures: what goes over the network holds names of houses, serial numbers and proofs of
 * secrets, in as many forms as there are makers.
 */
export function overheardMeters(
  meters: readonly ConfiguredMeter[],
  clock: Pick<Clock, 'monotonicMs'>,
  startMs: number,
  say: (step: Step) => void,
): ConfiguredMeter[] {
  return meters.map((configured, index) => ({
    ...configured,
    through: (session) => ({
      async look() {
        const askedMs = clock.monotonicMs() - startMs
        const units = await session.look()
        const answeredMs = clock.monotonicMs() - startMs
        const look = lookOf(units, configured.meter.options.unit)
        say({ kind: 'meter', meter: idOf(index), askedMs, answeredMs, look })
        return units
      },
    }),
  }))
}

function idOf(index: number): string {
  return `meter-${index + 1}`
}

function lookOf(units: Result<readonly MeterUnit[], MeterFault>, wanted: string | undefined): MeterLook {
  if (!units.ok) return units.code
  const own =
    wanted === undefined ? units.value.slice(0, MOST_UNITS) : units.value.filter(({ unit }) => unit === wanted)
  return own.map(({ powerW, energy, isEstimate }, index): MeterFigures => {
    const name = wanted === undefined ? `unit-${index + 1}` : 'unit'
    return [name, powerW, energy?.energyMj ?? null, energy?.stepMj ?? null, isEstimate]
  })
}
