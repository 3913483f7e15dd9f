import type { HostFiles, MachineFacts } from '../../../engine/host/host.ts'
import type { MemoryFile, MemoryHost } from '../../support/memory-host.ts'
import { PowercapMachine } from './powercap.ts'

/** Files below a directory by name: `{ power1_label: 'power total', power1_input: 88_000_000 }`. */
export type Files = Readonly<Record<string, MemoryFile | number>>

/** A chip as /sys/class/hwmon shows it, written from the kernel documents that engine/sources/hwmon-chips.ts names. */
export type HwmonChip = { readonly name: string; readonly device: string; readonly files: Files }

/** Chips in the order of their hwmon numbers, without RAPL beside them. */
export function hwmonMachine(chips: readonly HwmonChip[], facts: Partial<MachineFacts> = {}): PowercapMachine {
  const machine = new PowercapMachine({}, facts)
  for (const [number, chip] of chips.entries()) addChip(machine.host, number, chip)
  return machine
}

export function addChip(host: MemoryHost, number: number, { name, device, files }: HwmonChip): void {
  const path = hwmonPath(number)
  host.links.set(path, `../../devices/somewhere/${device}/hwmon/hwmon${number}`)
  host.links.set(`${path}/device`, `../../../${device}`)
  write(host, path, { name, ...files })
}

export function removeChip(host: MemoryHost, number: number): void {
  const path = hwmonPath(number)
  host.links.delete(path)
  removeBelow(host, path)
}

export function hwmonPath(number: number): string {
  return `/sys/class/hwmon/hwmon${number}`
}

/** An Intel card, and whether it sleeps. */
export function intelCard(device = '0000:03:00.0', name = 'xe', energyUj = 1_000_000): HwmonChip {
  return { name, device, files: { energy1_input: energyUj, energy2_input: energyUj - 1, energy1_label: 'card' } }
}

export function powerState(host: MemoryHost, device: string, status: string, control = 'auto'): void {
  write(host, `/sys/bus/pci/devices/${device}/power`, { runtime_status: status, control })
}

/** Supplies as /sys/class/power_supply shows them (Documentation/ABI/testing/sysfs-class-power). */
export function supplyMachine(
  supplies: Readonly<Record<string, Files>>,
  facts: Partial<MachineFacts> = {},
): PowercapMachine {
  const machine = new PowercapMachine({}, { chassis: 'laptop', ...facts })
  for (const [name, files] of Object.entries(supplies)) supply(machine.host, name, files)
  return machine
}

export function supply(host: MemoryHost, name: string, files: Files): void {
  write(host, `/sys/class/power_supply/${name}`, files)
}

export function removeSupply(host: MemoryHost, name: string): void {
  removeBelow(host, `/sys/class/power_supply/${name}`)
}

/** A laptop on its battery, which draws 12.5 W. */
export const LAPTOP = {
  AC: { type: 'Mains', online: 0 },
  BAT0: { type: 'Battery', status: 'Discharging', power_now: 12_500_000, voltage_now: 11_400_000, capacity: 80 },
} as const

/** Answers wait until they are let go, as those of a slow chip do. */
export function holdAnswers(host: MemoryHost): { letGo(): void } {
  const waiting: (() => void)[] = []
  const { text } = host.files
  const later: HostFiles['later'] = (path, take) => waiting.push(() => take(text(path)))
  host.files.later = later
  return {
    letGo() {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next()
    },
  }
}

function write(host: MemoryHost, path: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const isText = typeof content === 'number' || typeof content === 'string'
    host.write(`${path}/${name}`, isText ? `${content}\n` : content)
  }
}

function removeBelow(host: MemoryHost, path: string): void {
  for (const key of [...host.memory.keys()]) if (key.startsWith(`${path}/`)) host.remove(key)
  for (const key of [...host.links.keys()]) if (key.startsWith(`${path}/`)) host.links.delete(key)
}
