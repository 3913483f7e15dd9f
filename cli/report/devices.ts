import type { HostFiles } from '../../engine/host/host.ts'
import type { ReportJson } from '../shapes.ts'

type Device = ReportJson['devices'][number]

/** A folder of /sys/class, which of its entries are devices, and which of their files say what could be measured. */
type DeviceClass = {
  readonly name: string
  readonly entries: RegExp
  readonly attributes: RegExp
}

/** An allow-list: what is not in it is not looked at. */
const CLASSES: readonly DeviceClass[] = [
  { name: 'powercap', entries: /^[\w-]+(:\d+)*$/, attributes: /^(energy_uj|max_energy_range_uj)$/ },
  { name: 'hwmon', entries: /^hwmon\d+$/, attributes: /^(power|energy|in|curr)\d+_(input|average|label)$/ },
  { name: 'drm', entries: /^(card|renderD)\d+$/, attributes: /^$/ },
  { name: 'accel', entries: /^accel\d+$/, attributes: /^$/ },
  { name: 'power_supply', entries: /./, attributes: /^(power|energy|charge|voltage|current)_(now|avg|full)$/ },
]

const MOST_ENTRIES = 256
const LONGEST = 80

/** What the kernel lists of parts that have to do with power. Reads names and kinds alone, and wakes nothing. */
export function listDevices(files: HostFiles): Device[] {
  return CLASSES.flatMap((each) => {
    const names = files.list(`/sys/class/${each.name}`)
    if (!names.ok) return []
    const entries = names.value.filter((name) => each.entries.test(name)).toSorted()
    return entries.slice(0, MOST_ENTRIES).map((entry) => describe(files, each, entry))
  })
}

function describe(files: HostFiles, { name, attributes }: DeviceClass, entry: string): Device {
  const directory = `/sys/class/${name}/${entry}`
  const line = (path: string) => {
    const text = files.text(`${directory}/${path}`)
    return text.ok ? text.value.split('\n', 1)[0]?.trim().slice(0, LONGEST) || null : null
  }
  const inside = files.list(directory)
  return {
    class: name,
    entry,
    name: line('name'),
    type: line('type'),
    driver: lastOf(files, `${directory}/device/driver`),
    pci: pciOf(lastOf(files, `${directory}/device`)),
    vendorId: line('device/vendor'),
    deviceId: line('device/device'),
    attributes: inside.ok ? inside.value.filter((file) => attributes.test(file)).toSorted() : [],
  }
}

function lastOf(files: HostFiles, path: string): string | null {
  const target = files.link(path)
  return target.ok ? (target.value.split('/').at(-1) ?? null) : null
}

function pciOf(name: string | null): string | null {
  return name !== null && /^[\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}\.[0-7]$/.test(name) ? name : null
}
