import type { Flow } from './battery-flow.ts'

/** One battery in one look at it. */
export type BatteryLook = {
  /** `relative` tells its rate in percent; `none` is an empty slot, or a UPS, which powers more than this machine. */
  readonly use: 'milliwatts' | 'relative' | 'none'
  /** BATTERY_STATUS.PowerState. */
  readonly state: number
  /** Negative while it discharges, mW; `null` where the gauge does not know. */
  readonly rateMw: number | null
}

/** BATTERY_INFORMATION.Capabilities and BATTERY_STATUS.PowerState of poclass.h. */
const SYSTEM_BATTERY = 0x8000_0000
const CAPACITY_RELATIVE = 0x4000_0000
const SHORT_TERM = 0x2000_0000
const POWER_ON_LINE = 1
const DISCHARGING = 2
const CHARGING = 4
const UNKNOWN_RATE = -0x8000_0000
/** BATTERY_INFORMATION has 36 bytes; BATTERY_STATUS 16: state @0, rate @12. */
const INFORMATION_BYTES = 36
const STATUS_BYTES = 16

/** `null` where the answer is none of the battery driver's. */
export function readBatteries(value: unknown): BatteryLook[] | null {
  if (typeof value !== 'object' || value === null || !('batteries' in value)) return null
  return Array.isArray(value.batteries) ? value.batteries.map(lookOf) : null
}

/** What the batteries together do; those without a rate in watts tell only whether the machine is plugged in. */
export function flowOfBatteries(looks: readonly BatteryLook[]): Flow {
  const present = looks.filter(({ use }) => use !== 'none')
  if (present.some(({ state }) => (state & (POWER_ON_LINE | CHARGING)) !== 0)) return { kind: 'supplied' }
  const discharging = present.filter(({ state }) => (state & DISCHARGING) !== 0)
  if (discharging.length === 0) return present.length === 0 ? { kind: 'unknown' } : { kind: 'supplied' }
  let sumMw = 0
  for (const { use, rateMw } of discharging) {
    if (use === 'relative' || rateMw === null) return { kind: 'unknown' }
    if (rateMw > 0) return { kind: 'nonsense' }
    sumMw -= rateMw
  }
  return { kind: 'discharging', powerW: sumMw / 1_000 }
}

function lookOf(record: unknown): BatteryLook {
  const information = viewOf(record, 'information', INFORMATION_BYTES)
  const status = viewOf(record, 'status', STATUS_BYTES)
  const capabilities = information?.getUint32(0, true) ?? 0
  const isOurs = (capabilities & SYSTEM_BATTERY) !== 0 && (capabilities & SHORT_TERM) === 0
  if (!isOurs || status === null) return { use: 'none', state: 0, rateMw: null }
  const rateMw = status.getInt32(12, true)
  return {
    use: (capabilities & CAPACITY_RELATIVE) === 0 ? 'milliwatts' : 'relative',
    state: status.getUint32(0, true),
    rateMw: rateMw === UNKNOWN_RATE ? null : rateMw,
  }
}

function viewOf(record: unknown, key: string, leastBytes: number): DataView | null {
  const hex: unknown = typeof record === 'object' && record !== null ? Reflect.get(record, key) : null
  if (typeof hex !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(hex)) return null
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
  return bytes.length < leastBytes ? null : new DataView(bytes.buffer)
}
