import { fullMj, levelMj } from './battery.ts'
import type { Machine } from './machine.ts'
import type { Sensors } from './sensors.ts'
import type { ZoneState } from './zones.ts'

/** 1 pWh is 3.6 nJ. */
const PWH_PER_MJ = 1e6 / 3.6
const TICKS_PER_MS = 10_000n
/** What the counters showed before: they count from the start of Windows. */
const COUNTED_BEFORE_PWH = 5_000_000_000_000n
const ACCESS_DENIED = 5
const PATH = String.raw`\\?\ACPI#GenuineIntel#rig`
/** Names that Windows 11's own driver gives the processor's counters. */
const PARTS = { core: 'PP0', uncore: 'PP1', dram: 'DRAM' } as const

type Channel = { readonly name: string; readonly zone: ZoneState }

/** As engine/vendor/emi.ts answers: bytes of emi.h in hexadecimal, one meter for the whole processor. */
export function emiAnswer(machine: Machine, request: unknown) {
  const zones = machine.zones.filter(({ access }) => access !== 'absent')
  const channels = zones.map((zone): Channel => ({ name: channelName(machine, zone), zone }))
  const isMeasure = typeof request === 'object' && request !== null && 'kind' in request && request.kind === 'measure'
  if (isMeasure) return { measurements: channels.length === 0 ? [] : [measurements(machine, channels)] }
  if (channels.length === 0) return { meters: [] }
  if (zones.some(({ access }) => access === 'denied'))
    return { meters: [{ path: PATH, version: null, metadata: null, errorCode: ACCESS_DENIED }] }
  return { meters: [{ path: PATH, version: '0200', metadata: metadata(channels), errorCode: null }] }
}

function channelName({ zones }: Machine, { spec, parent }: ZoneState): string {
  const root = zones.find(({ id }) => id === parent)?.spec.zone ?? spec.zone
  const part = Object.entries(PARTS).find(([zone]) => zone === spec.zone)?.[1] ?? 'PKG'
  return `RAPL_Package${/\d+/.exec(root)?.[0] ?? '0'}_${part}`
}

/** EMI_METADATA_V2: number of channels @66; from 68 on each is a unit (0: pWh), the bytes of its name, and the name. */
function metadata(channels: readonly Channel[]): string {
  const head = Buffer.alloc(68)
  head.write('Rig', 0, 'utf16le')
  head.write('RAPL', 32, 'utf16le')
  head.writeUInt16LE(channels.length, 66)
  const records = channels.map(({ name }) => {
    const text = Buffer.from(`${name}\0`, 'utf16le')
    const record = Buffer.alloc(6)
    record.writeUInt16LE(text.length, 4)
    return Buffer.concat([record, text])
  })
  return Buffer.concat([head, ...records]).toString('hex')
}

/** EMI_CHANNEL_MEASUREMENT_DATA of each: energy in pWh, time in 100 ns. */
function measurements(machine: Machine, channels: readonly Channel[]): string {
  const bytes = Buffer.alloc(16 * channels.length)
  for (const [index, { zone }] of channels.entries()) {
    const energyPwh = BigInt(Math.floor(machine.counterMj(zone) * PWH_PER_MJ))
    bytes.writeBigUInt64LE(COUNTED_BEFORE_PWH + energyPwh, 16 * index)
    bytes.writeBigUInt64LE(BigInt(Math.round(machine.atMs)) * TICKS_PER_MS, 16 * index + 8)
  }
  return bytes.toString('hex')
}

/** BATTERY_INFORMATION.Capabilities and BATTERY_STATUS.PowerState of poclass.h. */
const SYSTEM_BATTERY = 0x8000_0000
const POWER_ON_LINE = 1
const DISCHARGING = 2
const CHARGING = 4
const CHARGE_MW = 45_000
const VOLTAGE_MV = 11_800
const MJ_PER_MWH = 3_600

/** As engine/vendor/battery-windows.ts answers: BATTERY_INFORMATION (36 bytes) and BATTERY_STATUS (16 bytes: state, mWh, mV, mW). */
export function windowsBatteryAnswer(machine: Machine, sensors: Sensors) {
  const { battery } = machine
  if (battery === null) return { batteries: [] }
  const { spec, isPlugged } = battery
  const chargeMj = levelMj(battery, machine.drawnMj(), machine.awakeMs())
  const isCharging = isPlugged && chargeMj < fullMj(spec)
  const information = Buffer.alloc(36)
  information.writeUInt32LE(SYSTEM_BATTERY, 0)
  const status = Buffer.alloc(16)
  status.writeUInt32LE(isPlugged ? POWER_ON_LINE + (isCharging ? CHARGING : 0) : DISCHARGING, 0)
  status.writeUInt32LE(Math.round(chargeMj / MJ_PER_MWH), 4)
  status.writeUInt32LE(VOLTAGE_MV, 8)
  const givenMw = Math.round((sensors.machineW() + spec.floorW) * 1_000)
  status.writeInt32LE(isPlugged ? (isCharging ? CHARGE_MW : 0) : -givenMw, 12)
  return {
    batteries: [{ path: 'battery', information: information.toString('hex'), status: status.toString('hex') }],
  }
}
