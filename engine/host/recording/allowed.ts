import type { HostFiles } from '../host.ts'

/** What may go into a recording. Everything else is never read: command lines, environments, executables, serial numbers, machine ids. */
type Watched = { readonly path: string; readonly clean: (text: string) => string | null }

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
const HWMON_FILE = /^(name|(power|energy|in|curr)\d{1,3}_(input|average|average_interval|label|max|cap|rated_max))$/
const SUPPLY_FILES = [
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
const CPUINFO_FIELD = /^(processor|vendor_id|cpu family|model|model name|physical id|siblings|core id|cpu cores)\s*:/

/** Files of the whole machine that do not change. */
export function stillFiles(files: HostFiles): Watched[] {
  const cpus = namesIn(files, CPUS).filter((name) => /^cpu\d{1,4}$/.test(name))
  return [
    { path: '/proc/cpuinfo', clean: cleanCpuinfo },
    { path: '/proc/meminfo', clean: (text) => /^MemTotal:.*\n/m.exec(text)?.[0] ?? null },
    { path: '/sys/class/dmi/id/chassis_type', clean: oneNumber },
    ...cpus.flatMap((name) => [
      { path: `${CPUS}/${name}/cpu_capacity`, clean: oneNumber },
      { path: `${CPUS}/${name}/cpufreq/cpuinfo_max_freq`, clean: oneNumber },
    ]),
  ]
}

/** Files of the machine and its sensors that may move at every look; devices may come and go. */
export function movingFiles(files: HostFiles): Watched[] {
  const zones = namesIn(files, POWERCAP).filter((name) => /^[\w:-]+$/.test(name))
  return [
    { path: '/proc/stat', clean: cleanStat },
    { path: '/proc/loadavg', clean: cleanLoadavg },
    ...zones.flatMap((zone) =>
      POWERCAP_FILES.map((name) => ({ path: `${POWERCAP}/${zone}/${name}`, clean: plainText })),
    ),
    ...namesIn(files, HWMON).flatMap((chip) =>
      namesIn(files, `${HWMON}/${chip}`)
        .filter((name) => HWMON_FILE.test(name))
        .map((name) => ({ path: `${HWMON}/${chip}/${name}`, clean: plainText })),
    ),
    ...namesIn(files, SUPPLY).flatMap((supply) =>
      SUPPLY_FILES.map((name) => ({ path: `${SUPPLY}/${supply}/${name}`, clean: plainText })),
    ),
  ]
}

/** Directories whose names and links tell which devices there are. */
export const DIRECTORIES = [POWERCAP, POWERCAP_DEVICES, HWMON, SUPPLY] as const

export function namesIn(files: HostFiles, path: string): string[] {
  const names = files.list(path)
  return names.ok ? names.value.toSorted() : []
}

/** Fields of /proc/PID/stat that tell whose time it is: the rest is 0, addresses above all. The name is replaced. */
const STAT_FIELDS = new Set([3, 4, 9, 14, 15, 16, 17, 18, 19, 20, 22, 24, 38, 39])

/** `null` where the text is no such line. */
export function cleanProcessStat(text: string, name: string): string | null {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')]
  const pid = text.slice(0, Math.max(0, open)).trim()
  if (!/^\d+$/.test(pid) || close < open) return null
  const fields = text
    .slice(close + 2)
    .trimEnd()
    .split(' ')
  const kept = fields.map((field, index) =>
    STAT_FIELDS.has(index + 3) && /^(-?\d{1,20}|[A-Za-z])$/.test(field) ? field : '0',
  )
  return `${pid} (${name}) ${kept.join(' ')}\n`
}

export function commOf(text: string): string {
  return text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
}

function cleanCpuinfo(text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    if (line === '' || CPUINFO_FIELD.test(line)) return [line]
    return /^flags\s*:.*\bhypervisor\b/.test(line) ? ['flags\t\t: hypervisor'] : []
  })
  return lines.join('\n')
}

/** Interrupt counters are long, and nobody needs them. */
function cleanStat(text: string): string {
  return text.replace(/^(intr|ctxt|softirq) .*\n/gm, '')
}

function cleanLoadavg(text: string): string | null {
  return /^[\d.]+ [\d.]+ [\d.]+ \d+\/\d+ \d+\n$/.test(text) ? text : null
}

function oneNumber(text: string): string | null {
  return /^\d{1,20}\s*$/.test(text) ? text : null
}

/** Numbers and short words, as kernel drivers write them; anything that could be an address or a serial number is left out. */
function plainText(text: string): string | null {
  const isShort = text.length <= 64 && /^[ -~]*\n?$/.test(text)
  const isIdentity = /(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|[0-9a-f]{24}/i.test(text)
  return isShort && !isIdentity ? text : null
}
