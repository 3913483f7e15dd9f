import { z } from 'zod'
import { ok, problem, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { askJson, bearer } from './ask.ts'
import { type Dialect, type MeterFault, type MeterLine, type MeterUnit, registerOfWh } from './dialect.ts'

const First = z.object({
  active_power_w: z.number(),
  total_power_import_kwh: z.number().optional(),
  /** Firmware 2.11 knows this one alone. */
  total_power_import_t1_kwh: z.number().optional(),
})
const Second = z.object({ power_w: z.number(), energy_import_kwh: z.number().optional() })

/**
 * HomeWizard Energy Socket and kWh Meter. Version 1 (http, no secret; the local API is switched on in the maker's app): `GET /api/v1/data`.
 * Version 2 (https, token): `GET /api/measurement`. Read by its watts, in thousandths: the register has steps of 1 Wh, six
 * minutes of 10 W. api-documentation.homewizard.com
 */
export const homewizard: Dialect = {
  id: 'homewizard',
  title: 'HomeWizard',
  pollMs: 2_000,
  plausibleMaxW: 60_000,
  gainRatio: GAIN.wallPlug,
  open: (line) => ({ look: () => (line.secret === null ? lookFirst(line) : lookSecond(line)) }),
}

const STEP_WH = 1

async function lookFirst(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const data = await askJson(line, '/api/v1/data', First)
  if (!data.ok) return data.code === 'denied' ? switchedOff() : data
  return ok([
    unitOf(data.value.active_power_w, data.value.total_power_import_kwh ?? data.value.total_power_import_t1_kwh),
  ])
}

async function lookSecond(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const data = await askJson(line, '/api/measurement', Second, { ...bearer(line), 'x-api-version': '2' })
  return data.ok ? ok([unitOf(data.value.power_w, data.value.energy_import_kwh)]) : data
}

function switchedOff() {
  return problem(
    'denied',
    'its local API is switched off: switch it on in the HomeWizard app, in the settings of the meter',
  )
}

function unitOf(powerW: number, totalKwh: number | undefined): MeterUnit {
  const energy = totalKwh === undefined ? null : registerOfWh(totalKwh * 1_000, STEP_WH)
  return { unit: 'socket', name: 'socket', powerW, energy, isEstimate: false }
}
