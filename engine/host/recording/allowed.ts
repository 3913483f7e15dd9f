import type { HostFiles } from '../host.ts'
import {
  type Clean,
  cpuinfo,
  isPlainName,
  loadavg,
  machineStat,
  machineTotal,
  memoryTotal,
  oneNumber,
  plainText,
} from './clean.ts'
import { maySleepUnasked } from './sleepers.ts'

/** What may go into a recording. Everything else is never read: command lines, environments, executables, serial numbers, machine ids. */
type Watched = { readonly path: string; readonly clean: Clean }

const POWERCAP = '/sys/class/powercap'
const POWERCAP_DEVICES = '/sys/devices/virtual/powercap'
const HWMON = '/sys/class/hwmon'
const SUPPLY = '/sys/class/power_supply'
const CPUS = '/sys/devices/system/cpu'

const POWERCAP_FILES = [
  'enabled',
  'energy_uj',
  'max_energy_range_uj',
  'name',
  'constraint_0_name',
  'constraint_0_max_power_uw',
  'constraint_0_power_limit_uw',
]
export const HWMON_FILE =
  /^(name|label|power1_is_battery|(power|energy|in|curr)\d{1,3}_(input|average|average_interval|label|max|cap|cap_max|rated_max))$/
export const SUPPLY_FILES = [
  'type',
  'scope',
  'present',
  'online',
  'status',
  'capacity',
  'power_now',
  'current_now',
  'voltage_now',
  'voltage_min_design',
  'energy_now',
  'energy_full',
  'energy_full_design',
  'charge_now',
  'charge_full',
  'charge_full_design',
]

/** Files of the whole machine that do not change. */
export function stillFiles(files: HostFiles): Watched[] {
  const cpus = namesIn(files, CPUS).filter((name) => /^cpu\d{1,4}$/.test(name))
  return [
    { path: '/proc/cpuinfo', clean: cpuinfo },
    { path: '/proc/meminfo', clean: memoryTotal },
    { path: '/sys/class/dmi/id/chassis_type', clean: oneNumber },
    ...cpus.flatMap((name) => [
      { path: `${CPUS}/${name}/cpu_capacity`, clean: oneNumber },
      { path: `${CPUS}/${name}/cpufreq/cpuinfo_max_freq`, clean: oneNumber },
    ]),
  ]
}

/**
 * Files of the machine and its sensors that may move at every look; devices may come and go. Sensors of a card that may sleep are left to the
 * sources, which know when it does.
 */
export function movingFiles(files: HostFiles): Watched[] {
  const zones = namesIn(files, POWERCAP).filter((name) => /^[\w:-]+$/.test(name))
  const chips = namesIn(files, HWMON).filter((chip) => !maySleepUnasked(files, `${HWMON}/${chip}/device`))
  return [
    { path: '/proc/stat', clean: coresDiffer(files) ? machineStat : machineTotal },
    { path: '/proc/loadavg', clean: loadavg },
    ...zones.flatMap((zone) =>
      POWERCAP_FILES.map((name) => ({ path: `${POWERCAP}/${zone}/${name}`, clean: plainText })),
    ),
    ...chips.flatMap((chip) =>
      namesIn(files, `${HWMON}/${chip}`)
        .filter((name) => HWMON_FILE.test(name))
        .map((name) => ({ path: `${HWMON}/${chip}/${name}`, clean: plainText })),
    ),
    ...namesIn(files, SUPPLY).flatMap((supply) =>
      SUPPLY_FILES.map((name) => ({ path: `${SUPPLY}/${supply}/${name}`, clean: plainText })),
    ),
  ]
}

/** Whose work it was of which core matters where some do more of it than others; else it is most of a recording, for nothing. */
function coresDiffer(files: HostFiles): boolean {
  const cpus = namesIn(files, CPUS).filter((name) => /^cpu\d{1,4}$/.test(name))
  return ['cpu_capacity', 'cpufreq/cpuinfo_max_freq'].some((name) => {
    const values = cpus.map((cpu) => files.text(`${CPUS}/${cpu}/${name}`)).map((text) => (text.ok ? text.value : ''))
    return new Set(values).size > 1
  })
}

/** Directories whose names and links tell which devices there are. */
export const DIRECTORIES = [POWERCAP, POWERCAP_DEVICES, HWMON, SUPPLY] as const

/** Names that may be recorded: a wireless mouse's battery is called by the mouse's address. */
export function namesIn(files: HostFiles, path: string): string[] {
  const names = files.list(path)
  return names.ok ? names.value.filter(isPlainName).toSorted() : []
}
