import type { HostFiles } from '../host/host.ts'
import { type Round, wholeNumber } from './in-turn.ts'

const CLASS = '/sys/class/power_supply'

/** Supplies of the machine itself, by their paths. */
export type Supplies = { readonly batteries: readonly string[]; readonly mains: readonly string[] }

/** What the batteries together do, as one look tells it. */
export type Flow =
  /** An adapter is plugged in, or they are charged or full: what they tell is not what the machine draws. */
  | { readonly kind: 'supplied' }
  | { readonly kind: 'discharging'; readonly powerW: number }
  /** A gauge did not tell this time (ENODEV where the firmware does not know the rate: drivers/acpi/battery.c). */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nonsense' }

/**
 * Documentation/ABI/testing/sysfs-class-power. `scope` is `Device` for batteries of mice and headsets; a UPS holds more than the machine.
 * An adapter that only charges something else is no mains either.
 */
export function listSupplies(files: HostFiles): Supplies {
  const listed = files.list(CLASS)
  const batteries: string[] = []
  const mains: string[] = []
  for (const name of listed.ok ? listed.value.toSorted() : []) {
    const path = `${CLASS}/${name}`
    const type = textOf(files, `${path}/type`)
    if (textOf(files, `${path}/scope`) === 'Device') continue
    if (type === 'Battery') batteries.push(path)
    else if (type === 'Mains' || type === 'USB' || type === 'Wireless') mains.push(path)
  }
  return { batteries, mains }
}

/**
 * One look at all supplies. Adapters come first: while one is online the batteries are not asked at all, which spares the embedded
 * controller. A machine on "hybrid boost" discharges with its adapter online, and then shows a part of what it draws.
 */
export function* flowOf({ batteries, mains }: Supplies): Round<Flow> {
  for (const path of mains) {
    const online = yield `${path}/online`
    if (!online.ok) {
      if (online.code === 'broken' || online.code === 'exhausted') return { kind: 'unknown' }
      continue
    }
    const value = wholeNumber(online.value)
    if (value === null || value < 0) return { kind: 'nonsense' }
    // 2 is a USB adapter with a programmable voltage.
    if (value > 0) return { kind: 'supplied' }
  }
  let sumW = 0
  let discharging = 0
  for (const path of batteries) {
    const status = yield `${path}/status`
    if (!status.ok) {
      if (status.code === 'gone' || status.code === 'absent') continue
      return { kind: 'unknown' }
    }
    const word = status.value.trim()
    if (word === 'Charging') return { kind: 'supplied' }
    if (word !== 'Discharging') continue
    discharging += 1
    const powerW = yield* powerOf(path)
    if (typeof powerW === 'string') return { kind: powerW }
    sumW += powerW
  }
  // Full, or held at a charge limit, with no adapter told: some machines have no driver for theirs.
  return discharging === 0 ? { kind: 'supplied' } : { kind: 'discharging', powerW: sumW }
}

/**
 * `power_now` in µW, else `current_now` × `voltage_now` in µA and µV. ACPI batteries tell the rate without a sign, many others with one, so
 * the direction is the status's.
 */
function* powerOf(path: string): Round<number | 'unknown' | 'nonsense'> {
  const power = yield `${path}/power_now`
  if (power.ok) {
    const powerUw = wholeNumber(power.value)
    return powerUw === null ? 'nonsense' : Math.abs(powerUw) / 1e6
  }
  if (power.code !== 'absent') return 'unknown'
  const current = yield `${path}/current_now`
  const voltage = current.ok ? yield `${path}/voltage_now` : current
  if (!current.ok || !voltage.ok) return 'unknown'
  const currentUa = wholeNumber(current.value)
  const voltageUv = wholeNumber(voltage.value)
  if (currentUa === null || voltageUv === null || voltageUv < 0) return 'nonsense'
  return (Math.abs(currentUa) * voltageUv) / 1e12
}

function textOf(files: HostFiles, path: string): string | null {
  const text = files.text(path)
  return text.ok ? text.value.trim() : null
}
