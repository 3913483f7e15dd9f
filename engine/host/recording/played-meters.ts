import { ok, problem, type Result } from '../../../contract/result.ts'
import type { Clock } from '../../clock/clock.ts'
import type { ConfiguredMeter, MeterFault, MeterSession, MeterUnit } from '../../sources/wall/dialect.ts'
import type { DriverTimes, MeterFigures, MeterLook, Moment, RecordedMeter, RecordingHeader } from './format.ts'

type Recorded = DriverTimes & { readonly look: MeterLook }

/** Meters are asked by timers, which come a little late on a real machine and are in time here. */
const SLACK_MS = 1_000

/** The wall meters of a recording, as if somebody had set them up: each answers as it did then, after as long a while. */
export function playedMeters(
  header: RecordingHeader,
  moments: readonly Moment[],
  clock: Pick<Clock, 'monotonicMs' | 'after'>,
): ConfiguredMeter[] {
  const startMs = moments[0]?.monotonicMs ?? 0
  const looks = moments.flatMap(({ steps }) => steps.filter((step) => step.kind === 'meter'))
  return header.meters.map((meter, index) => {
    const own = looks
      .filter((look) => look.meter === meter.id)
      .map(({ askedMs, answeredMs, look }) => ({ askedMs: askedMs - startMs, answeredMs: answeredMs - startMs, look }))
    const session = playedSession(own, clock)
    return { meter: setUp(meter, index), secret: ok(null), through: () => session }
  })
}

/** Nobody is asked at this address (RFC 2606). */
function setUp({ id, dialect, provenance, isUnitChosen }: RecordedMeter, index: number): ConfiguredMeter['meter'] {
  return {
    id,
    name: `Wall meter ${index + 1}`,
    dialect,
    address: `http://${id}.invalid`,
    provenance,
    options: isUnitChosen ? { unit: 'unit' } : {},
    hasSecret: false,
  }
}

function playedSession(recorded: readonly Recorded[], clock: Pick<Clock, 'monotonicMs' | 'after'>): MeterSession {
  let at = 0
  return {
    look() {
      const nowMs = clock.monotonicMs()
      while ((recorded[at]?.askedMs ?? nowMs) < nowMs - SLACK_MS) at++
      const next = recorded[at]
      if (next === undefined || next.askedMs > nowMs + SLACK_MS) {
        return Promise.resolve(problem('absent', 'the recording holds no answer of this time'))
      }
      at++
      return new Promise((resolve) => {
        clock.after(next.answeredMs - next.askedMs, () => resolve(resultOf(next.look)))
      })
    },
  }
}

const REASONS: Readonly<Record<MeterFault, string>> = {
  absent: 'it did not answer',
  denied: 'it wants a name and password or a token, or other ones than it was given',
  broken: 'its answer was not what meters of its kind say',
}

function resultOf(look: MeterLook): Result<readonly MeterUnit[], MeterFault> {
  return typeof look === 'string' ? problem(look, REASONS[look]) : ok(look.map(unitOf))
}

function unitOf([unit, powerW, energyMj, stepMj, isEstimate]: MeterFigures): MeterUnit {
  const energy = energyMj === null || stepMj === null ? null : { energyMj, stepMj }
  return { unit, name: unit, powerW, energy, isEstimate }
}
