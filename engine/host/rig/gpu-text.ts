import { isApu } from './apu-text.ts'
import { type CardState, type CardUser, cardCounterMj, holdsNow, isCardAsleep } from './cards.ts'
import type { Machine } from './machine.ts'
import type { RigGpu } from './schema-devices.ts'
import type { Sensors } from './sensors.ts'

export const PCI_IDS = {
  nvidia: ['10de', '2684'],
  amd: ['1002', '744c'],
  intel: ['8086', 'e20b'],
  /** Its maker's number; such a GPU is on no bus, and no file shows it. */
  apple: ['106b', '0000'],
} as const

/** Of an AMD processor with graphics, and of its neural unit. */
const APU_IDS = ['1002', '150e'] as const
const NPU_IDS = ['1022', '17f0'] as const

export function pciIds(card: CardState): readonly [string, string] {
  if (card.spec.kind === 'npu') return NPU_IDS
  return isApu(card) ? APU_IDS : PCI_IDS[card.spec.vendor]
}

export function driverOf({ vendor, driver, kind }: RigGpu): string {
  if (kind === 'npu') return 'amdxdna'
  if (vendor === 'intel') return driver
  return vendor === 'amd' ? 'amdgpu' : 'nvidia'
}

/** What every driver but NVIDIA's own tells of a descriptor comes through DRM, and its energy through hwmon. */
export function isToldByKernel({ vendor, access }: RigGpu): boolean {
  return vendor !== 'nvidia' && (access === 'ok' || access === 'denied')
}

const TABLE_BYTES = 120
const NOT_TOLD = 0xff
const UNITS_PER_MJ = 65.536

/**
 * A `gpu_metrics` table of format 1.3 (drivers/gpu/drm/amd/include/kgd_pp_interface.h), one letter a byte; all ones where it tells nothing.
 * Cards without a counter write 32 ones into their energy, as RDNA4's do.
 */
export function gpuMetrics(sensors: Sensors, card: CardState): string {
  const bytes = new Uint8Array(TABLE_BYTES).fill(NOT_TOLD)
  const table = new DataView(bytes.buffer)
  table.setUint16(0, TABLE_BYTES, true)
  table.setUint8(2, 1)
  table.setUint8(3, 3)
  table.setUint16(16, Math.round(100 * sensors.cardBusyRatio(card)), true)
  table.setUint16(22, Math.round(sensors.cardW(card)), true)
  const units = card.spec.counter ? BigInt(Math.floor(cardCounterMj(card) * UNITS_PER_MJ)) : 0xffff_ffffn
  table.setBigUint64(24, units, true)
  return Buffer.from(bytes).toString('latin1')
}

/** µJ of a counter that never wraps, as i915 and xe add theirs up. */
export function energyUj(card: CardState): string {
  return `${Math.floor(cardCounterMj(card) * 1_000)}\n`
}

const XE_TIMER_KHZ = 19_200

/** /proc/PID/fdinfo of a descriptor that stands for the card: Documentation/gpu/drm-usage-stats.rst. */
export function drmFdinfo(machine: Machine, card: CardState, user: CardUser): string {
  const { spec, users } = card
  const lines: (readonly [string, string | number])[] = [
    ['drm-driver', spec.kind === 'npu' ? 'amdxdna_accel_driver' : driverOf(spec)],
    ['drm-client-id', users.indexOf(user) + 1],
    ['drm-pdev', spec.pci],
  ]
  const heldKib = Math.floor((holdsNow(user, machine.atMs) ? user.bytes : 0) / 1_024)
  const busyMs = user.busy.total
  if (spec.kind === 'npu') {
    lines.push(['drm-total-memory', `${heldKib} KiB`])
    // Linux' own driver tells none; AMD's, outside of its tree, does.
    if (spec.counter) lines.push(['drm-engine-npu-amdxdna', ns(busyMs)])
  } else if (isApu(card)) {
    lines.push(
      ['drm-resident-vram', '0 KiB'],
      ['drm-total-gtt', `${heldKib} KiB`],
      ['drm-resident-gtt', `${heldKib} KiB`],
    )
    if (busyMs > 0) lines.push([amdEngine(user), ns(busyMs)])
  } else if (spec.vendor === 'amd') {
    lines.push(['drm-total-vram', `${heldKib} KiB`], ['drm-resident-vram', `${heldKib} KiB`])
    // The driver leaves out the engines on which a client never worked (amdgpu_fdinfo.c).
    if (busyMs > 0) lines.push([amdEngine(user), ns(busyMs)])
  } else if (spec.driver === 'i915') {
    lines.push(['drm-total-local0', `${heldKib} KiB`], ['drm-resident-local0', `${heldKib} KiB`])
    lines.push(['drm-engine-render', ns(0)], ['drm-engine-compute', ns(busyMs)])
  } else {
    lines.push(['drm-total-vram0', `${heldKib} KiB`], ['drm-resident-vram0', `${heldKib} KiB`])
    lines.push(['drm-cycles-ccs', Math.floor(busyMs * XE_TIMER_KHZ)])
    lines.push(['drm-total-cycles-ccs', Math.floor(machine.awakeMs() * XE_TIMER_KHZ)])
  }
  const text = lines.map(([key, value]) => `${key}:\t${value}\n`).join('')
  return `pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t685\n${text}`
}

function amdEngine({ process }: CardUser): string {
  return `drm-engine-${process.spec.app === undefined ? 'gfx' : 'compute'}`
}

function ns(ms: number): string {
  return `${Math.floor(ms * 1e6)} ns`
}

export function runtimeStatus(machine: Machine, card: CardState): string {
  return isCardAsleep(card, machine.atMs) ? 'suspended\n' : 'active\n'
}
