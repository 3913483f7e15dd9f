import type { DomainKind } from '../../contract/ids.ts'
import type { Domain } from './source.ts'
import { GAIN } from './uncertainty.ts'

/** One thing that a chip measures, and which of its files tell it. */
export type Meter = {
  readonly kind: DomainKind
  /** Id of its domain; `null`: the PCI address of its device names it. */
  readonly id: string | null
  readonly name: string
  readonly gainRatio: number
  /** Above this it is a fault of the chip. */
  readonly plausibleMaxW: number
  readonly activity: Domain['activity']
  /** `energyN_input` in µJ; `powerN_average` or `powerN_input` in µW; `inN_input` in mV × `currN_input` in mA (hwmon/sysfs-interface). */
  readonly reads: 'energy' | 'power' | 'voltageTimesCurrent'
  /** Labels of the inputs that are added up; `null` where the chip labels none: then its first. */
  readonly labels: readonly RegExp[] | null
  /** The whole chip has the label (`label`, from the device tree), not each input. */
  readonly isChipLabelled?: true
  /** All chips of these names together are one domain: power supplies that share a machine. */
  readonly isSharedByChips?: true
}

export type Chip = { readonly names: readonly string[]; readonly everyMs: number; readonly meters: readonly Meter[] }

const BOARD = { kind: 'board', gainRatio: GAIN.hwmonBoard, activity: 'cpu', reads: 'power' } as const
const INTEL_GPU = {
  kind: 'gpu',
  id: null,
  name: 'Intel GPU',
  gainRatio: GAIN.hwmonIntelGpu,
  // Far above the 600 W of the largest (Data Center GPU Max 1550), far below the 262 kJ by which a reset counter seems to jump.
  plausibleMaxW: 1_500,
  activity: 'gpu',
  reads: 'energy',
  labels: null,
} as const
const RAIL = { gainRatio: GAIN.hwmonRail, plausibleMaxW: 200 } as const

/**
 * Supply rails by the labels of device trees: NVIDIA Jetson (arch/arm64/boot/dts/nvidia/tegra*-p*.dtsi, and L4T's for the Nano). Rails of
 * what no domain stands for (SOC, CV, 5 V) are left out: where there is a total, they are in it.
 */
const RAILS: readonly Pick<Meter, 'kind' | 'id' | 'name' | 'activity' | 'gainRatio' | 'plausibleMaxW' | 'labels'>[] = [
  { ...RAIL, kind: 'board', id: 'board/vdd-in', name: 'Whole module', activity: 'cpu', labels: [/^(VDD|POM_5V)_IN$/] },
  {
    ...RAIL,
    kind: 'gpu',
    id: 'gpu/soc',
    name: 'GPU rail',
    activity: 'gpu',
    labels: [/^(GPU|VDD_GPU|VDD_GPU_SOC|VDD_SYS_GPU|POM_5V_GPU)$/],
  },
  {
    ...RAIL,
    kind: 'cpu',
    id: 'cpu/0',
    name: 'CPU rail',
    activity: 'cpu',
    labels: [/^(CPU|VDD_CPU|VDD_CPU_CV|VDD_SYS_CPU|POM_5V_CPU)$/],
  },
  // One rail for both on Orin Nano, Orin NX and Xavier NX. No counter tells them apart; CPU time stands for both.
  {
    ...RAIL,
    kind: 'cpu',
    id: 'cpu/0',
    name: 'CPU and GPU (one rail)',
    activity: 'cpu',
    labels: [/^VDD_CPU_GPU_CV$/],
  },
  {
    ...RAIL,
    kind: 'dram',
    id: 'dram/0',
    name: 'Memory rail',
    activity: 'cpu',
    labels: [/^(VDDRQ|VDD_5V0_DDR|VDDQ_VDD2_1V8AO)$/],
  },
]

/**
 * Chips whose meaning is known, by the `name` of their driver; all others are skipped, because a power without a scope cannot be added to
 * anything. `i915_gtN` lies within `i915`, rails of a power supply within its total, and amdgpu is another source's.
 */
export const CHIPS: readonly Chip[] = [
  // Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon; -intel-xe-hwmon: energy1 is the card, energy2 the package within it.
  { names: ['i915', 'xe'], everyMs: 1_000, meters: [INTEL_GPU] },
  // drivers/hwmon/acpi_power_meter.c: the average that the firmware (ACPI _PMM) gives, often over IPMI.
  {
    names: ['power_meter'],
    everyMs: 1_000,
    meters: [
      { ...BOARD, id: 'board/acpi', name: 'Whole machine (ACPI power meter)', plausibleMaxW: 20_000, labels: null },
    ],
  },
  // drivers/hwmon/macsmc-hwmon.c, key PSTR by the device tree's label.
  {
    names: ['macsmc_hwmon'],
    everyMs: 1_000,
    meters: [
      {
        ...BOARD,
        id: 'board/smc',
        name: 'Whole Mac (system controller)',
        plausibleMaxW: 1_000,
        labels: [/^Total System Power$/],
      },
    ],
  },
  // Documentation/hwmon/corsair-psu.rst. It estimates what it delivers, so it is the board's power: the wall's has its losses on top.
  {
    names: ['corsairpsu'],
    everyMs: 2_000,
    meters: [
      {
        ...BOARD,
        id: 'board/corsair',
        name: 'Power supply output',
        gainRatio: GAIN.hwmonSupplyOutput,
        plausibleMaxW: 2_500,
        labels: [/^power total$/],
      },
    ],
  },
  // PMBus power supplies, whose input is the wall (drivers/hwmon/pmbus; `pin` is READ_PIN). Regulators and hot-swap chips, which speak
  // PMBus too, feed an unknown part of a machine.
  {
    names: ['cffps1', 'cffps2', 'pfe1100', 'pfe3000', 'dps650ab', 'dps800', 'dps920ab', 'ipsps1', 'fsg032', 'crps185'],
    everyMs: 1_000,
    meters: [
      {
        kind: 'wall',
        id: 'wall/supplies',
        name: 'Power supplies (input)',
        gainRatio: GAIN.hwmonSupplyInput,
        plausibleMaxW: 20_000,
        activity: 'none',
        reads: 'power',
        labels: [/^pin1?$/],
        isSharedByChips: true,
      },
    ],
  },
  // drivers/hwmon/ina3221.c: three rails, in1–3 the bus voltage and curr1–3 the current of the same rail; it multiplies nothing itself.
  {
    names: ['ina3221', 'ina3221x'],
    everyMs: 1_000,
    meters: RAILS.map((rail) => ({ ...rail, reads: 'voltageTimesCurrent' })),
  },
  // Monitors of one rail (drivers/hwmon/{ina2xx,ina238,ltc2945,ltc2947-core}.c): only a label of the device tree says of which.
  {
    names: ['ina219', 'ina220', 'ina226', 'ina230', 'ina231', 'ina238', 'ina260', 'ltc2945', 'ltc2947'],
    everyMs: 1_000,
    meters: RAILS.map((rail) => ({ ...rail, reads: 'power', isChipLabelled: true })),
  },
  // Documentation/hwmon/fam15h_power.rst: AMD before Zen.
  {
    names: ['fam15h_power'],
    everyMs: 1_000,
    meters: [
      {
        kind: 'cpu',
        id: 'cpu/0',
        name: 'CPU package',
        gainRatio: GAIN.hwmonFam15h,
        plausibleMaxW: 500,
        activity: 'cpu',
        reads: 'power',
        labels: null,
      },
    ],
  },
  // github.com/ocerman/zenpower: what the voltage regulators report (SVI2), by formulas found by experiment.
  {
    names: ['zenpower'],
    everyMs: 1_000,
    meters: [
      {
        kind: 'cpu',
        id: 'cpu/0',
        name: 'CPU package (from its regulators)',
        gainRatio: GAIN.hwmonZenpower,
        plausibleMaxW: 1_000,
        activity: 'cpu',
        reads: 'power',
        labels: [/^SVI2_P_Core$/, /^SVI2_P_SoC$/],
      },
    ],
  },
]
