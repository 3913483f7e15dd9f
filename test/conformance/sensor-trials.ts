import type { PowercapMachine } from '../engine/sources/powercap.ts'
import { hwmonMachine, hwmonPath, intelCard, LAPTOP, supplyMachine } from '../engine/sources/sensor-trees.ts'

type Trial = {
  readonly reads: () => PowercapMachine
  readonly fails: Readonly<Record<string, () => PowercapMachine>>
  readonly files: readonly string[]
}

/** Chips of every way of reading: a counter, a power that is averaged, volts × amps, a sum. */
export const hwmonTrial: Trial = {
  reads: () =>
    hwmonMachine([
      intelCard(),
      {
        name: 'power_meter',
        device: 'ACPI000D:00',
        files: { power1_average: 95_000_000, power1_average_interval: 1_000, power1_is_battery: 0 },
      },
      { name: 'ina3221', device: '1-0040', files: { in1_label: 'VDD_GPU_SOC', in1_input: 5_000, curr1_input: 900 } },
      {
        name: 'zenpower',
        device: '0000:00:18.3',
        files: {
          power1_label: 'SVI2_P_Core',
          power1_input: 30_000_000,
          power2_label: 'SVI2_P_SoC',
          power2_input: 9_000_000,
        },
      },
    ]),
  fails: {
    absent: () => hwmonMachine([{ name: 'k10temp', device: '0000:00:18.3', files: { temp1_input: 40_000 } }]),
    denied: () =>
      hwmonMachine([{ name: 'i915', device: '0000:03:00.0', files: { energy1_input: { fault: 'denied' } } }]),
  },
  files: [
    ...['name', 'energy1_input'].map((file) => `${hwmonPath(0)}/${file}`),
    ...['name', 'power1_average', 'power1_average_interval'].map((file) => `${hwmonPath(1)}/${file}`),
    ...['in1_label', 'in1_input', 'curr1_input'].map((file) => `${hwmonPath(2)}/${file}`),
    ...['power1_label', 'power1_input', 'power2_input'].map((file) => `${hwmonPath(3)}/${file}`),
    '/sys/bus/pci/devices/0000:03:00.0/power/runtime_status',
    '/sys/bus/pci/devices/0000:03:00.0/power/control',
  ],
}

export const batteryTrial: Trial = {
  reads: () => supplyMachine(LAPTOP),
  fails: { absent: () => supplyMachine({ AC: LAPTOP.AC }) },
  files: [
    ...['type', 'scope', 'status', 'power_now', 'current_now', 'voltage_now'].map((file) => `BAT0/${file}`),
    ...['type', 'online'].map((file) => `AC/${file}`),
  ].map((file) => `/sys/class/power_supply/${file}`),
}
