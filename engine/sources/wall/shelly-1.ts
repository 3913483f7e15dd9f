import { z } from 'zod'
import { ok, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { askJson, basic } from './ask.ts'
import { type Dialect, type MeterFault, type MeterLine, type MeterUnit, registerOfWh } from './dialect.ts'

const Meter = z.object({ power: z.number(), is_valid: z.boolean().optional(), total: z.number().optional() })
const Status = z.object({ meters: z.array(Meter).max(16).optional(), emeters: z.array(Meter).max(16).optional() })

/**
 * Shelly's first generation (Plug S, 1PM, 2.5, EM, 3EM): `GET /status`, HTTP Basic. Read by its register: whole watt-minutes (60 J, a second
 * of 60 W) on plugs and relays, Wh on EM; it is lost when the plug restarts, which costs the one interval. Shelly API reference, "Gen1".
 */
export const shelly1: Dialect = {
  id: 'shelly-1',
  title: 'Shelly, first generation',
  pollMs: 2_000,
  plausibleMaxW: 30_000,
  gainRatio: GAIN.wallPlug,
  open: (line) => ({ look: () => look(line) }),
}

const WH_PER_WATT_MINUTE = 1 / 60
/** EM shows tenths of a Wh. */
const EM_STEP_WH = 0.1

async function look(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const status = await askJson(line, '/status', Status, basic(line))
  if (!status.ok) return status
  const { meters = [], emeters = [] } = status.value
  return ok([
    ...emeters.map((meter, index) => unitOf(`emeter:${index}`, meter, 1, EM_STEP_WH)),
    ...meters.map((meter, index) => unitOf(`meter:${index}`, meter, WH_PER_WATT_MINUTE, WH_PER_WATT_MINUTE)),
  ])
}

/** A relay without a meter shows the constant power that its owner typed in, and has no register: that is no measurement. */
function unitOf(unit: string, meter: z.infer<typeof Meter>, unitWh: number, stepWh: number): MeterUnit {
  const isMeasured = meter.total !== undefined && meter.is_valid !== false
  return {
    unit,
    name: unit,
    powerW: isMeasured ? meter.power : null,
    energy: isMeasured && meter.total !== undefined ? registerOfWh(meter.total * unitWh, stepWh) : null,
    isEstimate: false,
  }
}
