import { fullMj, levelMj } from './battery.ts'
import type { Branch, FileText } from './branch.ts'
import { noise } from './bursts.ts'
import type { Machine } from './machine.ts'
import type { Sensors } from './sensors.ts'
import { liveBranch } from './still-branch.ts'

const CLASS = '/sys/class/power_supply'
const UW_PER_MW = 1_000
const VOLTAGE_UV = 11_400_000
const CHARGE_UW = 45_000_000
/** A gauge measures anew so often, and not to the last digit. */
const BEAT_MS = 2_000
const NOISE_RATIO = 0.004
const NOISE_SEED = 5
/** µWh */
const UWH_PER_MJ = 1 / 3.6

/** An adapter and a battery, as ACPI shows them: Documentation/ABI/testing/sysfs-class-power. */
export function supplyBranch(machine: Machine, sensors: Sensors): Branch {
  const { battery } = machine
  if (battery === null) return liveBranch(new Map(), new Map())
  const level = () => levelMj(battery, machine.drawnMj(), machine.awakeMs())
  const status = () => {
    if (!battery.isPlugged) return 'Discharging'
    return level() < fullMj(battery.spec) ? 'Charging' : 'Full'
  }
  const powerUw = () => {
    if (battery.isPlugged) return status() === 'Charging' ? CHARGE_UW : 0
    const jitter = 1 + NOISE_RATIO * (noise(NOISE_SEED, Math.floor(machine.atMs / BEAT_MS), 0) - 0.5)
    const powerW = (sensors.machineW() + battery.spec.floorW) * jitter
    return Math.round((powerW * 1e6) / UW_PER_MW) * UW_PER_MW
  }
  const files: readonly [string, () => FileText][] = [
    ['AC/type', () => 'Mains\n'],
    ['AC/online', () => (battery.isPlugged ? '1\n' : '0\n')],
    ['BAT0/type', () => 'Battery\n'],
    ['BAT0/present', () => '1\n'],
    ['BAT0/status', () => `${status()}\n`],
    ['BAT0/power_now', () => `${powerUw()}\n`],
    ['BAT0/voltage_now', () => `${VOLTAGE_UV}\n`],
    ['BAT0/energy_full', () => `${Math.round(fullMj(battery.spec) * UWH_PER_MJ)}\n`],
    ['BAT0/energy_now', () => `${Math.round(level() * UWH_PER_MJ)}\n`],
    ['BAT0/capacity', () => `${Math.floor((100 * level()) / fullMj(battery.spec))}\n`],
  ]
  return liveBranch(new Map(files.map(([name, read]) => [`${CLASS}/${name}`, read])), new Map())
}
