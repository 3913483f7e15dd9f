import { z } from 'zod'
import { ok, problem, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { basic, contactProblem, judged, parseJson } from './ask.ts'
import type { Dialect, MeterFault, MeterLine, MeterUnit } from './dialect.ts'

const Members = z.object({ Members: z.array(z.object({ '@odata.id': z.string() })).max(100) })
const Watts = z.number().nullable().optional()
/** `null` is a legal reading. HPE repeats the first one at the top. */
const Page = z.object({
  PowerConsumedWatts: Watts,
  PowerControl: z
    .array(z.object({ PowerConsumedWatts: Watts }))
    .max(32)
    .optional(),
  PowerWatts: z.object({ Reading: Watts }).nullable().optional(),
})

/**
 * A server's management controller: Redfish `Chassis/…/Power` or `…/EnvironmentMetrics`, Basic over https. Read by its watts: where there is
 * a register it shows tenths of a kWh. Controllers answer in up to 3 s and renew in up to 10. DMTF DSP0266, DSP0268
 */
export const redfish: Dialect = {
  id: 'redfish',
  title: 'Server (Redfish)',
  pollMs: 10_000,
  plausibleMaxW: 50_000,
  gainRatio: GAIN.wallServer,
  open: (line) => ({ look: () => look(line) }),
}

const ROOT = '/redfish/v1'
const UNIT = /^(\/redfish\/v1\/Chassis\/[\w.-]{1,80}\/(?:Power|EnvironmentMetrics))#(\d{1,2})$/
const CHASSIS = /^\/redfish\/v1\/Chassis\/[\w.-]{1,80}$/
const TIMEOUT_MS = 5_000
const MOST_CHASSIS = 8

async function look(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const { unit } = line.options
  if (unit === undefined) return lookAround(line)
  const path = UNIT.exec(unit)?.[1]
  if (path === undefined) return problem('absent', `${unit} is no place of a chassis's power`)
  const page = await ask(line, path, Page)
  return page.ok ? ok(unitsOf(path, page.value)) : page
}

/** Several chassis may repeat one supply: the user picks. Only the newer ones have `EnvironmentMetrics`. */
async function lookAround(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const members = await ask(line, `${ROOT}/Chassis`, Members)
  if (!members.ok) return members
  const chassis = members.value.Members.map((member) => member['@odata.id'].replace(/\/$/, ''))
  const units: MeterUnit[] = []
  for (const one of chassis.filter((path) => CHASSIS.test(path)).slice(0, MOST_CHASSIS)) {
    for (const path of [`${one}/Power`, `${one}/EnvironmentMetrics`]) {
      const page = await ask(line, path, Page)
      if (page.ok) units.push(...unitsOf(path, page.value))
      else if (page.code === 'denied') return page
    }
  }
  return ok(units)
}

async function ask<T>(line: MeterLine, path: string, shape: z.ZodType<T>): Promise<Result<T, MeterFault>> {
  const headers = { accept: 'application/json', ...basic(line) }
  const answer = await line.contact.ask(path, { headers, timeoutMs: TIMEOUT_MS })
  if (!answer.ok) return contactProblem(answer)
  const good = judged(answer.value)
  return good.ok ? parseJson(good.value.body, shape) : good
}

function unitsOf(path: string, page: z.infer<typeof Page>): MeterUnit[] {
  const controls = (page.PowerControl ?? []).map((control) => control.PowerConsumedWatts ?? null)
  const top = page.PowerWatts?.Reading ?? page.PowerConsumedWatts
  const readings = controls.length > 0 ? controls : top === undefined ? [] : [top]
  return readings.map((powerW, index) => {
    const unit = `${path}#${index}`
    return { unit, name: unit.slice(ROOT.length + 1), powerW, energy: null, isEstimate: false }
  })
}
