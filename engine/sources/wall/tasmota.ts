import { z } from 'zod'
import { ok, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { askPage, denied, parseJson } from './ask.ts'
import { type Dialect, type MeterFault, type MeterLine, type MeterUnit, registerOfWh } from './dialect.ts'

/** One number, or one a channel or phase. */
const Figures = z.union([z.number(), z.array(z.number()).min(1).max(8)])
/** What the firmware says of its sensors, of itself and when asked. */
export const Sensors = z.object({
  ENERGY: z.object({ Power: Figures.optional(), Total: Figures.optional() }).optional(),
})
const Answer = z.object({ WARNING: z.string().optional(), StatusSNS: Sensors.optional() })

/**
 * Tasmota over HTTP: `GET /cm?cmnd=Status 8`, name and password in the query as the firmware wants them. Its register counts whole Wh unless
 * `EnergyRes` was raised to 4 or 5; then it is read, else the watts (whole ones unless `WattRes` was). tasmota/docs, "Commands".
 */
export const tasmota: Dialect = {
  id: 'tasmota',
  title: 'Tasmota',
  pollMs: 2_000,
  plausibleMaxW: 20_000,
  gainRatio: GAIN.wallSelfCalibrated,
  open: (line) => ({ look: () => look(line) }),
}

async function look(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const { options, secret } = line
  const login =
    secret === null ? '' : `&user=${encodeURIComponent(options.user ?? 'admin')}&password=${encodeURIComponent(secret)}`
  const page = await askPage(line, `/cm?cmnd=Status%208${login}`)
  if (!page.ok) return page
  const answer = parseJson(page.value.body, Answer)
  if (!answer.ok) return answer
  // A wrong password is answered with status 200 and a warning.
  if (answer.value.WARNING !== undefined) return denied()
  return ok(sensorUnits(answer.value.StatusSNS, page.value.body))
}

/** `body`: the text that they were parsed from, which shows how fine the register is. */
export function sensorUnits(sensors: z.infer<typeof Sensors> | undefined, body: string): MeterUnit[] {
  const energy = sensors?.ENERGY
  return energy?.Power === undefined ? [] : unitsOf(energy.Power, energy.Total, stepWh(body))
}

type Figures = z.infer<typeof Figures>

/** `energy` is all of it; where there are several channels each is a unit of its own too. */
function unitsOf(power: Figures, total: Figures | undefined, step: number): MeterUnit[] {
  const one = (unit: string, powerW: number, totalKwh: number | undefined): MeterUnit => ({
    unit,
    name: unit,
    powerW,
    energy: totalKwh === undefined ? null : registerOfWh(totalKwh * 1_000, step),
    isEstimate: false,
  })
  const whole = one('energy', sum(power), total === undefined ? undefined : sum(total))
  if (typeof power === 'number') return [whole]
  const totals = Array.isArray(total) ? total : []
  return [whole, ...power.map((powerW, index) => one(`channel:${index + 1}`, powerW, totals[index]))]
}

function sum(figures: Figures): number {
  return typeof figures === 'number' ? figures : figures.reduce((total, figure) => total + figure, 0)
}

/** The firmware prints as many digits as it counts, trailing zeros too; a number as parsed has lost them. */
function stepWh(body: string): number {
  const digits = /"Total"\s*:\s*\[?\s*\d+\.(\d{1,5})/.exec(body)?.[1]?.length ?? 0
  return 1_000 / 10 ** digits
}
