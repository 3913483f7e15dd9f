import { HWMON_FILE, SUPPLY_FILES } from './allowed.ts'
import {
  type Clean,
  fdinfo,
  isPlainName,
  kfdProperties,
  namesNobody,
  oneNumber,
  plainText,
  table,
  uevent,
} from './clean.ts'

/**
 * What may be recorded of that which sources and readers of devices read, and nothing of what else they read. The recorder asks for none of it
 * itself: who reads knows when a device sleeps.
 */

const PCI = '[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]'
const DRM = '/sys/class/drm/(?:card|renderD)\\d{1,4}/device'
const LONGEST_TARGET = 400

/** Of directories: what files in them are kept, and how. */
const TEXTS: readonly (readonly [directory: RegExp, name: RegExp, clean: Clean])[] = [
  [
    /^\/sys\/class\/powercap\/[\w:-]{1,60}$/,
    /^(enabled|energy_uj|max_energy_range_uj|name|constraint_\d_(name|max_power_uw|power_limit_uw))$/,
    plainText,
  ],
  [/^\/sys\/class\/hwmon\/hwmon\d{1,5}$/, HWMON_FILE, plainText],
  [/^\/sys\/class\/power_supply\/[^/]{1,80}$/, new RegExp(`^(${SUPPLY_FILES.join('|')})$`), plainText],
  [at(DRM), /^(gpu_busy_percent|profiling|product_name)$/, plainText],
  [at(DRM), /^uevent$/, uevent],
  [at(DRM), /^gpu_metrics$/, table],
  [at(`${DRM}/hwmon/hwmon\\d{1,5}`), HWMON_FILE, plainText],
  [at(`/sys/bus/pci/devices/${PCI}`), /^(vendor|class|gpu_busy_percent)$/, plainText],
  [at(`/sys/bus/pci/devices/${PCI}/power`), /^(runtime_status|control)$/, plainText],
  [/^\/sys\/class\/kfd\/kfd\/topology\/nodes\/\d{1,4}$/, /^gpu_id$/, oneNumber],
  [/^\/sys\/class\/kfd\/kfd\/topology\/nodes\/\d{1,4}$/, /^properties$/, kfdProperties],
  [/^\/sys\/class\/kfd\/kfd\/proc\/\d{1,10}$/, /^(vram|sdma)_\d{1,10}$/, oneNumber],
  [/^\/sys\/class\/kfd\/kfd\/proc\/\d{1,10}\/stats_\d{1,10}$/, /^cu_occupancy$/, oneNumber],
  [/^\/sys\/class\/accel\/accel\d{1,4}\/device$/, /^npu_busy_time_us$/, oneNumber],
  [/^\/proc\/\d{1,10}\/fdinfo$/, /^\d{1,10}$/, fdinfo],
]

const DIRECTORIES: readonly RegExp[] = [
  /^\/sys\/class\/(powercap|hwmon|power_supply|drm|accel)$/,
  /^\/sys\/bus\/pci\/(devices|drivers\/amdxdna)$/,
  /^\/sys\/class\/kfd\/kfd\/(topology\/nodes|proc)$/,
  at(`${DRM}/hwmon(?:/hwmon\\d{1,5})?`),
]

const LINKS: readonly RegExp[] = [
  /^\/sys\/class\/powercap\/[\w:-]{1,60}$/,
  /^\/sys\/class\/hwmon\/hwmon\d{1,5}(\/device)?$/,
  /^\/sys\/class\/(drm|accel)\/[\w-]{1,60}\/device$/,
  /^\/sys\/class\/accel\/accel\d{1,4}\/device\/driver$/,
  at(`/sys/bus/pci/devices/${PCI}/driver`),
]

/** How the text of a file is cleaned; `null` where nothing of it may be recorded. */
export function cleanerOf(path: string): Clean | null {
  const slash = path.lastIndexOf('/')
  const [directory, name] = [path.slice(0, slash), path.slice(slash + 1)]
  const rule = TEXTS.find(([inDirectory, named]) => named.test(name) && inDirectory.test(directory))
  return rule === undefined || !namesNobody(path) ? null : rule[2]
}

/** The names of a directory that may be recorded; `null` where none may be. */
export function keptNames(path: string, names: readonly string[]): string[] | null {
  return DIRECTORIES.some((directory) => directory.test(path)) ? names.filter(isPlainName).toSorted() : null
}

export function mayKeepLink(path: string): boolean {
  return LINKS.some((link) => link.test(path)) && namesNobody(path)
}

export function mayKeepTarget(target: string): boolean {
  return target.length <= LONGEST_TARGET && /^[!-~]+$/.test(target) && namesNobody(target)
}

/** Devices whose descriptors tell use by process. */
export function isDeviceFile(target: string): boolean {
  return /^\/dev\/(kfd|dri\/(renderD|card)\d{1,4}|accel\/accel\d{1,4})$/.test(target)
}

function at(directory: string): RegExp {
  return new RegExp(`^${directory}$`, 'i')
}
