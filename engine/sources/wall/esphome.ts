import { z } from 'zod'
import { ok, problem, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { askJson, basic } from './ask.ts'
import type { Dialect, MeterFault, MeterLine, MeterUnit } from './dialect.ts'
import { decimalOf, quantityOf } from './quantity.ts'

/** `state` is the number with its unit ("86.4 W"); `value` has none and is not used. "NA" where there is nothing. */
const Sensor = z.object({ state: z.string() })

/**
 * A sensor of ESPHome's `web_server`: `GET /sensor/<object id>`, Basic. Read as what it is: its maker chose the unit and the update interval
 * (60 s where nothing was chosen), so a sensor of watts needs one of 20 s or less. esphome.io, "Web Server Component"
 */
export const esphome: Dialect = {
  id: 'esphome',
  title: 'ESPHome',
  pollMs: 5_000,
  plausibleMaxW: 20_000,
  gainRatio: GAIN.wallSelfCalibrated,
  open: (line) => ({ look: () => look(line) }),
}

async function look(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const { unit } = line.options
  if (unit === undefined || !/^[\w-]{1,120}$/.test(unit)) {
    return problem('absent', 'ESPHome has no list of its sensors: name one, as in pc_power', {
      kind: 'setting',
      path: 'Wall meters',
    })
  }
  const sensor = await askJson(line, `/sensor/${unit}`, Sensor, basic(line))
  if (!sensor.ok) return sensor
  const [, figure = '', word = ''] = /^(\S+)\s+(\w{1,4})$/.exec(sensor.value.state.trim()) ?? []
  const number = decimalOf(figure)
  if (number === null) return ok([{ unit, name: unit, powerW: null, energy: null, isEstimate: false }])
  const quantity = quantityOf(number, word)
  return ok(quantity === null ? [] : [{ unit, name: unit, ...quantity, isEstimate: false }])
}
