import { ok, problem, type Result } from '../../../contract/result.ts'
import type { Contact, ContactFault, HttpAnswer } from '../host.ts'
import { noContact } from '../no-contact.ts'
import type { Span } from './calendar.ts'
import { durationMs } from './duration.ts'
import type { Machine } from './machine.ts'
import type { Rig } from './schema.ts'
import type { RigMeter } from './schema-devices.ts'
import type { Sensors } from './sensors.ts'

/** Mains, and what the plug had counted before. */
const VOLTS = 230
const COUNTED_BEFORE_WH = 48_000
const MJ_PER_WH = 3_600_000

/**
 * The smart plugs of a rig at their addresses, each with the answers that its maker documents: Shelly API reference, "Gen2+",
 * Shelly.GetStatus; tasmota/docs, "Commands", Status 8.
 */
export function plugContacts(machine: Machine, sensors: Sensors | null, catchUp: () => void) {
  return (address: string): Contact => {
    const meter = machine.rig.meters.find((one) => one.address === address)
    if (meter === undefined || sensors === null) return noContact('Nothing answers at that address.')
    let isClosed = false

    function answer(path: string, spec: RigMeter, of: Sensors): Result<HttpAnswer, ContactFault> {
      catchUp()
      if (isClosed) return problem('refused', 'The way to the meter was closed.')
      if (isSilent(spec, machine.atMs)) return problem('timeout', `${spec.address} did not answer in time.`)
      const { page, body } = ANSWERS[spec.dialect](plugState(machine, of, spec))
      if (path !== page) return ok({ status: 404, headers: {}, body: 'Not Found' })
      return ok({ status: 200, headers: { 'content-type': 'application/json' }, body })
    }

    return {
      ...noContact('A plug speaks HTTP alone.'),
      ask: (path) => Promise.resolve(answer(path, meter, sensors)),
      close() {
        isClosed = true
      },
    }
  }
}

/** When a plug does not answer, in order. */
export function silences({ silent }: RigMeter): Span[] {
  return silent
    .map(({ at, for: length }) => ({ fromMs: durationMs(at), toMs: durationMs(at) + durationMs(length) }))
    .toSorted((a, b) => a.fromMs - b.fromMs)
}

/** What a plug sees of watts or energy of the machine, and of what is beside it. */
export function throughPlug({ lossRatio }: RigMeter, inner: number, beside: number): number {
  return inner * (1 + lossRatio) + beside
}

type PlugState = { readonly powerW: number; readonly countedWh: number }

function plugState(machine: Machine, sensors: Sensors, meter: RigMeter): PlugState {
  const energyMj = throughPlug(meter, machine.drawnMj(), meter.floorW * machine.awakeMs())
  return {
    powerW: throughPlug(meter, sensors.machineW(), meter.floorW),
    countedWh: COUNTED_BEFORE_WH + energyMj / MJ_PER_WH,
  }
}

type Page = { readonly page: string; readonly body: string }

const ANSWERS: Readonly<Record<Rig['meters'][number]['dialect'], (state: PlugState) => Page>> = {
  'shelly-2': ({ powerW, countedWh }) => ({
    page: '/rpc/Shelly.GetStatus',
    body: JSON.stringify({
      'switch:0': {
        id: 0,
        source: 'init',
        output: true,
        apower: rounded(powerW, 1),
        voltage: VOLTS,
        current: rounded(powerW / VOLTS, 3),
        aenergy: { total: floored(countedWh, 3) },
      },
      sys: { mac: '0000000000AA' },
    }),
  }),
  // Whole watts and Wh, as the firmware prints them unless its owner asks for more digits.
  tasmota: ({ powerW, countedWh }) => ({
    page: '/cm?cmnd=Status%208',
    body: `{"StatusSNS":{"ENERGY":{"Total":${floored(countedWh / 1_000, 3).toFixed(3)},"Power":${rounded(powerW, 0)},"Voltage":${VOLTS}}}}`,
  }),
}

function isSilent(meter: RigMeter, atMs: number): boolean {
  return silences(meter).some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function floored(value: number, digits: number): number {
  const step = 10 ** digits
  return Math.floor(value * step + 1e-6) / step
}
