import { ok, type Result } from '../../../contract/result.ts'
import type { WallMeter } from '../../../contract/wall-meter.ts'
import { GAIN } from '../uncertainty.ts'
import { askPage, basic, bearer } from './ask.ts'
import type { Dialect, MeterFault, MeterLine, MeterUnit } from './dialect.ts'
import { type PrometheusSample, samplesOf } from './prometheus-text.ts'
import { quantityOf } from './quantity.ts'

/**
 * One metric of any exporter in Prometheus' text format. Read as what it is: a counter of energy, or watts. Its unit is the user's word,
 * for names lie (`scaph_host_energy_microjoules` is a counter, `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION` is in mJ).
 */
export const prometheus: Dialect = {
  id: 'prometheus',
  title: 'Prometheus metric',
  pollMs: 5_000,
  plausibleMaxW: 50_000,
  gainRatio: GAIN.wallUnknown,
  open: (line) => ({ look: () => look(line) }),
}

async function look(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const { options } = line
  const page = await askPage(line, options.path ?? '/metrics', options.user === undefined ? bearer(line) : basic(line))
  if (!page.ok) return page
  const samples = samplesOf(page.value.body, (name) => isWanted(name, options.unit))
  return ok(samples.flatMap((sample) => unitOf(sample, options.quantity)))
}

/** Without a choice: what sounds like power or energy. */
function isWanted(name: string, unit: string | undefined): boolean {
  return unit === undefined ? /watt|joule|power|energy/i.test(name) : name === unit.split('{')[0]
}

/** Two lines of one name and labels do not occur in a valid text; the first counts. */
function unitOf({ series, name, value }: PrometheusSample, quantity: WallMeter['options']['quantity']): MeterUnit[] {
  const said = quantity ?? guess(name) ?? null
  const read = value === null || said === null ? null : quantityOf(value, said)
  const nothing = { powerW: null, energy: null }
  return series.length > 400 ? [] : [{ unit: series, name: series, ...(read ?? nothing), isEstimate: false }]
}

/** Only for the list from which the user chooses; what is kept in the settings is the user's word. */
function guess(name: string): WallMeter['options']['quantity'] | null {
  if (/microjoules|_uj\b/i.test(name)) return 'uJ'
  if (/millijoules|TOTAL_ENERGY_CONSUMPTION/i.test(name)) return 'mJ'
  if (/joules/i.test(name)) return 'J'
  if (/kilowatt_?hours|kwh/i.test(name)) return 'kWh'
  if (/watt_?hours/i.test(name)) return 'Wh'
  if (/microwatts/i.test(name)) return 'uW'
  if (/milliwatts/i.test(name)) return 'mW'
  return /watts|POWER_USAGE/i.test(name) ? 'W' : null
}
