import { type Branch, FAULTS, type FileText } from './branch.ts'
import type { Machine } from './machine.ts'
import type { ZoneState } from './zones.ts'

const CLASS = '/sys/class/powercap'
const DEVICES = '/sys/devices/virtual/powercap'
const FILES = ['enabled', 'energy_uj', 'max_energy_range_uj', 'name', 'uevent'] as const
const LIMIT_FILES = ['constraint_0_max_power_uw', 'constraint_0_name', 'constraint_0_power_limit_uw'] as const

/** `/sys/class/powercap/intel-rapl:0/…` is a symbolic link: the path of the device behind it. Other paths stay as they are. */
export function devicePath(path: string): string {
  if (!path.startsWith(`${CLASS}/`)) return path
  const [id = '', ...rest] = path.slice(CLASS.length + 1).split('/')
  return [DEVICES, ...chainOf(id), ...rest].join('/')
}

/** `intel-rapl:0:1` lies in `intel-rapl`, then `intel-rapl:0`. */
function chainOf(id: string): string[] {
  const parts = id.split(':')
  return parts.map((_, index) => parts.slice(0, index + 1).join(':'))
}

export function energyPath(zone: ZoneState): string {
  return devicePath(`${CLASS}/${zone.id}/energy_uj`)
}

/** The powercap tree as the kernel lays it out (Documentation/power/powercap/powercap.rst), mmio repetitions included. */
export function powercapBranch(machine: Machine): Branch {
  const zones = new Map<string, ZoneState>()
  for (const zone of machine.zones) {
    if (zone.access === 'absent') continue
    zones.set(zone.id, zone)
    if (zone.isMmio) zones.set(zone.id.replace('intel-rapl', 'intel-rapl-mmio'), zone)
  }
  const types = new Set([...zones.keys()].map((id) => id.slice(0, id.indexOf(':'))))

  function isAway(zone: ZoneState): boolean {
    return zone.away.some(({ fromMs, toMs }) => machine.atMs >= fromMs && machine.atMs < toMs)
  }

  function listed(): string[] {
    return [...zones].filter(([, zone]) => !isAway(zone)).map(([id]) => id)
  }

  function read(zone: ZoneState, name: string): FileText {
    if (isAway(zone)) return FAULTS.gone
    if (name === 'energy_uj') return zone.access === 'denied' ? FAULTS.denied : `${counterUj(machine, zone)}\n`
    if (name === 'max_energy_range_uj') return `${zone.spec.wrapsAtUj}\n`
    if (name === 'name') return `${zone.spec.zone}\n`
    if (name === 'enabled') return '1\n'
    if (name === 'uevent') return ''
    return name === 'constraint_0_name' ? 'long_term\n' : `${Math.round((machine.rig.cpu.tdpW ?? 0) * 1e6)}\n`
  }

  function filesOf(zone: ZoneState): readonly string[] {
    return zone.parent === null && machine.rig.cpu.tdpW !== undefined ? [...FILES, ...LIMIT_FILES] : FILES
  }

  function names(path: string): readonly string[] | { fault: 'absent' } | null {
    if (path === CLASS) return zones.size === 0 ? FAULTS.absent : [...types, ...listed()]
    const device = devicePath(path)
    if (device === DEVICES) return zones.size === 0 ? FAULTS.absent : isHiddenAll() ? [] : [...types]
    if (!device.startsWith(`${DEVICES}/`)) return null
    const id = device.slice(device.lastIndexOf('/') + 1)
    const children = listed().filter((other) => other.startsWith(`${id}:`) && !other.slice(id.length + 1).includes(':'))
    if (types.has(id)) return isHiddenAll() ? FAULTS.absent : ['enabled', 'uevent', ...children]
    const zone = zones.get(id)
    if (zone === undefined || isAway(zone) || zone.access === 'hidden') return FAULTS.absent
    return [...filesOf(zone), ...children]
  }

  function isHiddenAll(): boolean {
    return [...zones.values()].every(({ access }) => access === 'hidden')
  }

  return {
    names,
    file(path) {
      const device = devicePath(path)
      if (!device.startsWith(`${DEVICES}/`)) return null
      const parts = device.slice(DEVICES.length + 1).split('/')
      const name = parts.pop() ?? ''
      const id = parts.at(-1) ?? ''
      if (types.has(id) && name === 'enabled' && !isHiddenAll()) return () => '1\n'
      const zone = zones.get(id)
      const isThere = zone !== undefined && zone.access !== 'hidden' && !isAway(zone) && filesOf(zone).includes(name)
      return isThere ? () => read(zone, name) : () => FAULTS.absent
    },
    link(path) {
      if (!path.startsWith(`${CLASS}/`)) return null
      const id = path.slice(CLASS.length + 1)
      if (!types.has(id) && !listed().includes(id)) return FAULTS.absent
      return `../../devices/virtual/powercap/${chainOf(id).join('/')}`
    },
    ownerUid: (path) => (devicePath(path).startsWith(`${DEVICES}/`) ? 0 : null),
  }
}

/** µJ since the last restart, in the counter's steps, modulo its range. */
function counterUj(machine: Machine, zone: ZoneState): number {
  const { startsAtUj, stepUj, wrapsAtUj } = zone.spec
  const countedUj = machine.counterMj(zone) * 1_000 + (zone.isRestarted ? 0 : startsAtUj)
  return (Math.floor(countedUj / stepUj + 1e-6) * stepUj) % (wrapsAtUj + 1)
}
