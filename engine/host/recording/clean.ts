/** What of a file's text may be in a recording; `null`: nothing. */
export type Clean = (text: string) => string | null

const CPUINFO_FIELD = /^(processor|vendor_id|cpu family|model|model name|physical id|siblings|core id|cpu cores)\s*:/
/** Addresses of network and Bluetooth devices, which may stand in names of power supplies; UUIDs; serial numbers in hexadecimal. */
const IDENTITY = /(?:[0-9a-f]{2}[:_-]){5}[0-9a-f]{2}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}|[0-9a-f]{24}/i
const LONGEST_NAME = 80
/** Of a table that a driver writes as it is in memory. */
const LONGEST_TABLE = 8_192

export function namesNobody(text: string): boolean {
  return !IDENTITY.test(text)
}

/** Of a directory: names as kernel drivers give them. */
export function isPlainName(name: string): boolean {
  return name.length <= LONGEST_NAME && /^[!-~]+$/.test(name) && namesNobody(name)
}

/** Numbers and short words, as kernel drivers write them; anything that could be an address or a serial number is left out. */
export function plainText(text: string): string | null {
  return text.length <= 64 && /^[ -~]*\n?$/.test(text) && namesNobody(text) ? text : null
}

export function oneNumber(text: string): string | null {
  return /^\d{1,20}\s*$/.test(text) ? text : null
}

/** Figures alone (drivers/gpu/drm/amd/include/kgd_pp_interface.h: no format holds the card's serial). */
export function table(text: string): string | null {
  return text.length <= LONGEST_TABLE ? text : null
}

export function cpuinfo(text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    if (line === '' || CPUINFO_FIELD.test(line)) return [line]
    return /^flags\s*:.*\bhypervisor\b/.test(line) ? ['flags\t\t: hypervisor'] : []
  })
  return lines.join('\n')
}

export function memoryTotal(text: string): string | null {
  return /^MemTotal:.*\n/m.exec(text)?.[0] ?? null
}

/** Interrupt counters are long, and nobody needs them. */
export function machineStat(text: string): string {
  return text.replace(/^(intr|ctxt|softirq) .*\n/gm, '')
}

/** The same of all CPUs together. */
export function machineTotal(text: string): string {
  return machineStat(text).replace(/^cpu\d.*\n/gm, '')
}

export function loadavg(text: string): string | null {
  return /^[\d.]+ [\d.]+ [\d.]+ \d+\/\d+ \d+\n$/.test(text) ? text : null
}

/** Of a PCI device: which one it is, and not what its maker numbered it. */
export const uevent = keptLines(/^(DRIVER|PCI_CLASS|PCI_ID|PCI_SLOT_NAME)=[\w:.-]{1,40}$/)

/** Of a node of AMD's compute driver: `unique_id` and `hive_id` are serial numbers. */
export const kfdProperties = keptLines(
  /^(cpu_cores_count|simd_count|simd_per_cu|gfx_target_version|vendor_id|device_id|location_id|domain|drm_render_minor|num_xcc) \d{1,20}$/,
)

/** Of a descriptor: what the driver tells of its use. A name that the program gave it (`drm-client-name`) is no figure. */
export const fdinfo = keptLines(
  /^(drm-(?!client-name)[\w.-]{1,80}|pdev|pasid|vram mem|(?:gfx|compute|dma|dec|enc|enc_1|jpeg)\d):\s*[\w.:% -]{1,60}$/,
)

function keptLines(kept: RegExp): Clean {
  return (text) =>
    text
      .split('\n')
      .filter((line) => kept.test(line))
      .map((line) => `${line}\n`)
      .join('')
}
