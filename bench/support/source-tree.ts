import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MachineFacts } from '../../engine/host/host.ts'
import { gpuMetricsTable } from '../../test/engine/sources/gpu-metrics-tables.ts'

/** A machine that nobody owns: one that has something for every source of Linux. */
export const SOURCE_FACTS: MachineFacts = {
  cpuModel: 'Intel(R) Core(TM) Ultra 7 155H',
  cpuVendor: 'GenuineIntel',
  logicalCpus: 22,
  physicalCores: 16,
  sockets: 1,
  memoryBytes: 32 * 2 ** 30,
  chassis: 'laptop',
  osName: 'Linux',
  virtualisation: 'none',
}

/** It stands in where NVIDIA's library cannot be loaded, and there it is a program that runs every ten seconds. */
export const NOT_NEEDED = 'nvidia-smi'

export const NVIDIA_CARD = '0000:01:00.0'
const AMD_CARD = '0000:03:00.0'
const INTEL_CARD = '0000:04:00.0'
const NPU = '0000:00:0b.0'
const AMD_DEVICE = 'class/drm/card1/device'

/** Zones of powercap, and what each draws. */
const ZONES: readonly (readonly [id: string, name: string, powerW: number])[] = [
  ['0', 'package-0', 28],
  ['0:0', 'core', 15],
  ['0:1', 'uncore', 4],
  ['0:2', 'dram', 3],
  ['1', 'psys', 45],
]
const AMD_W = 43
const INTEL_W = 20
const NPU_BUSY_RATIO = 0.3
/** Of the accumulator in the driver's table: 2^-16 J. */
const AMD_UNITS_PER_J = 65_536

/** Everything of it that stands still, below a directory that stands for /sys. */
export function writeSourceTree(sysfs: string): void {
  const write = (path: string, text: string | number) => writeBelow(sysfs, path, `${text}\n`)
  for (const [id, name] of ZONES) {
    write(`class/powercap/intel-rapl:${id}/name`, name)
    write(`class/powercap/intel-rapl:${id}/max_energy_range_uj`, '262143328850')
  }
  for (const card of [NVIDIA_CARD, AMD_CARD, INTEL_CARD]) {
    write(`bus/pci/devices/${card}/power/runtime_status`, 'active')
    write(`bus/pci/devices/${card}/power/control`, 'on')
  }
  write(`bus/pci/devices/${NVIDIA_CARD}/vendor`, '0x10de')
  write(`bus/pci/devices/${NVIDIA_CARD}/class`, '0x030000')
  linkBelow(sysfs, `bus/pci/devices/${NVIDIA_CARD}/driver`, '../../../../bus/pci/drivers/nvidia')
  write(`${AMD_DEVICE}/uevent`, `DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:744C\nPCI_SLOT_NAME=${AMD_CARD}`)
  write(`${AMD_DEVICE}/hwmon/hwmon3/name`, 'amdgpu')
  write(`${AMD_DEVICE}/hwmon/hwmon3/power1_average`, AMD_W * 1e6)
  write(`${AMD_DEVICE}/hwmon/hwmon3/power1_cap_max`, 339e6)
  write(`${AMD_DEVICE}/gpu_busy_percent`, 12)
  write('class/hwmon/hwmon0/name', 'xe')
  write('class/hwmon/hwmon0/energy1_label', 'card')
  linkBelow(sysfs, 'class/hwmon/hwmon0/device', `../../../${INTEL_CARD}`)
  write('class/hwmon/hwmon1/name', 'power_meter')
  write('class/hwmon/hwmon1/power1_average_interval', 1_000)
  write('class/hwmon/hwmon1/power1_is_battery', 0)
  linkBelow(sysfs, 'class/hwmon/hwmon1/device', '../../../ACPI000D:00')
  write('class/power_supply/AC/type', 'Mains')
  write('class/power_supply/AC/online', 0)
  write('class/power_supply/BAT0/type', 'Battery')
  write('class/power_supply/BAT0/status', 'Discharging')
  write('class/power_supply/BAT0/voltage_now', 11_400_000)
  write('class/power_supply/BAT0/capacity', 80)
  linkBelow(sysfs, 'class/accel/accel0/device', `../../../devices/${NPU}`)
  linkBelow(sysfs, `devices/${NPU}/driver`, '../../bus/pci/drivers/intel_vpu')
  moveSourceTree(sysfs, 0)
}

/** What moves, as it is so many seconds after the start. Written over in place: descriptors that are kept go on reading it. */
export function moveSourceTree(sysfs: string, atS: number): void {
  const write = (path: string, text: string | Uint8Array) => writeBelow(sysfs, path, text)
  const uj = (powerW: number) => `${Math.round(1e9 + powerW * atS * 1e6)}\n`
  /** Sensors that show the same for a minute are taken for dead. */
  const watts = (powerW: number) => `${Math.round((powerW + Math.sin(atS)) * 1e6)}\n`
  for (const [id, , powerW] of ZONES) write(`class/powercap/intel-rapl:${id}/energy_uj`, uj(powerW))
  const energy = Math.round(AMD_W * atS * AMD_UNITS_PER_J)
  write(`${AMD_DEVICE}/gpu_metrics`, gpuMetricsTable('1.3', { watts: AMD_W, energy, busy: 12 }))
  write(`${AMD_DEVICE}/hwmon/hwmon3/power1_average`, watts(AMD_W))
  write('class/hwmon/hwmon0/energy1_input', uj(INTEL_W))
  write('class/hwmon/hwmon1/power1_average', watts(120))
  write('class/power_supply/BAT0/power_now', watts(48))
  write(`devices/${NPU}/npu_busy_time_us`, `${Math.round(atS * 1e6 * NPU_BUSY_RATIO)}\n`)
}

function writeBelow(root: string, path: string, content: string | Uint8Array): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

function linkBelow(root: string, path: string, target: string): void {
  const link = join(root, path)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(target, link)
}
