import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import type { Provenance } from '../../../contract/units.ts'
import type { WallMeter } from '../../../contract/wall-meter.ts'
import type { MeterFault, MeterUnit } from './dialect.ts'
import { dialects } from './dialects.ts'

/** Steps of at most 0.1 Wh: 36 s of 10 W. Such a register is better than watts, since nothing between two looks is lost. */
const FINE_STEP_MJ = 360_000
/** How a unit is best read; `null` where it cannot be. */
export function provenanceOf({ energy, powerW, isEstimate }: MeterUnit): Provenance | null {
  if (energy !== null && energy.stepMj <= FINE_STEP_MJ) return 'counter'
  if (powerW !== null) return isEstimate ? 'estimate' : 'sensor'
  return energy === null ? null : 'counter'
}

/** The unit that the meter was set up for, if what it shows can be believed and is of the kind that its history is. */
export function judgeUnits(meter: WallMeter, units: readonly MeterUnit[]): Result<MeterUnit, MeterFault> {
  const wanted = meter.options.unit
  if (wanted === undefined && units.length > 1) return testAgain('absent', 'it has several units, and none was chosen')
  const unit = wanted === undefined ? units[0] : units.find((one) => one.unit === wanted)
  if (unit === undefined) return testAgain('absent', `it has no unit ${wanted ?? 'that measures'}`)
  const fault =
    meter.provenance === 'counter' ? registerFault(unit) : powerFault(unit, dialects[meter.dialect].plausibleMaxW)
  if (fault !== null) return fault
  // An estimate must not slip into a measured series.
  if (meter.provenance === 'sensor' && unit.isEstimate) {
    return testAgain('broken', 'it tells its load in per cent and no watts any more')
  }
  return ok(unit)
}

/** What nobody could have drawn: a petawatt-hour would not even fit. */
function registerFault({ energy }: MeterUnit): Problem<MeterFault> | null {
  if (energy === null) return testAgain('absent', 'it shows no energy register any more')
  const isSane = Number.isSafeInteger(energy.energyMj) && energy.energyMj >= 0
  return isSane ? null : problem('broken', 'its energy register shows nonsense')
}

function powerFault({ powerW }: MeterUnit, plausibleMaxW: number): Problem<MeterFault> | null {
  if (powerW === null) return problem('absent', 'it is there and shows no figure now')
  if (powerW < 0) return problem('broken', `it shows ${powerW} W: power that flows back is not what this machine draws`)
  return powerW <= plausibleMaxW ? null : problem('broken', `it shows ${powerW} W, more than it can carry`)
}

function testAgain<Code extends MeterFault>(code: Code, reason: string): Problem<Code> {
  return problem(code, reason, { kind: 'setting', path: 'Wall meters', note: 'Test the meter again.' })
}
