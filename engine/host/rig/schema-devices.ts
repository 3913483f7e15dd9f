import { z } from 'zod'
import { AppId } from '../../../contract/ids.ts'
import { WallMeter } from '../../../contract/wall-meter.ts'
import { Amount, Duration, Load, Window, windowFields } from './schema-load.ts'

export const PciAddress = z
  .string()
  .regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, 'expected a PCI address such as "0000:01:00.0"')

/** The GPU of an Apple chip is on no bus: there is one, and this stands for it. */
export const APPLE = 'apple'
export const CardAddress = z.union([PciAddress, z.literal(APPLE)], 'expected a PCI address such as "0000:01:00.0"')

/** How NVIDIA calls instances of a card that is split (MIG): sevenths of what it computes, and their memory. */
export const SLICE = /^([1-7])g\.(\d{1,3})gb$/

/** Graphics card or NPU. `resident` is an app that holds its memory; a process without an app only draws pictures, and keeps nothing from its idle. */
export const Gpu = z.strictObject({
  pci: CardAddress,
  vendor: z.enum(['nvidia', 'amd', 'intel', 'apple']),
  name: z.string().min(1).max(60),
  /** `npu`: AMD's neural unit, whose power the table of the graphics beside it tells. */
  kind: z.enum(['gpu', 'npu']).default('gpu'),
  /** It lies in the chip of this package, whose counter holds what it draws too. */
  inside: z
    .string()
    .regex(/^package-\d+$/, 'expected a package such as "package-0"')
    .optional(),
  /** Format of AMD's `gpu_metrics`; from 2 on it is of a processor with graphics. */
  metrics: z.enum(['1.3', '2.4', '3.0']).default('1.3'),
  /** Instances of an NVIDIA card that is split. */
  slices: z.array(z.string().regex(SLICE, 'expected an instance such as "3g.40gb"')).max(7).default([]),
  /** Of an Intel card. */
  driver: z.enum(['xe', 'i915']).default('xe'),
  floorW: Amount,
  /** Drawn above the floor while apps hold memory there, for the share of time in which nothing works. */
  residentW: Amount.default(0),
  /** Watts above the floor while one engine is busy throughout. */
  wattsPerEngine: Amount.default(0),
  /** The same for single apps, where they differ. */
  wattsPerEngineOf: z.record(AppId, Amount).default({}),
  /** Power that no work explains. */
  otherW: Load.default(0),
  memoryBytes: z
    .int()
    .positive()
    .default(16 * 2 ** 30),
  /** Its driver puts it to sleep when nobody held it for so long; then it draws this, and its counter stands still. */
  sleeps: z.strictObject({ after: Duration, sleepW: Amount.default(0) }).optional(),
  /** `denied`: nobody but root may read its energy; `hidden`: a container masks it; `absent`: it has no driver. */
  access: z.enum(['ok', 'denied', 'hidden', 'absent']).default('ok'),
  /** It counts its energy; without, there is its power alone. */
  counter: z.boolean().default(true),
})
export type RigGpu = z.infer<typeof Gpu>

/** Bytes that a process holds all its life, or in windows. */
export const GpuMemory = z.union(
  [z.int().nonnegative(), z.strictObject({ ...windowFields, bytes: z.int().nonnegative() })],
  'expected a number of bytes, or { from, to, bytes }',
)

export const Battery = z.strictObject({
  /** What the machine draws beside its domains: display, disks, losses. */
  floorW: Amount,
  fullWh: z.number().positive().default(60),
  startsAtPercent: z.number().min(0).max(100).default(100),
  /** When an adapter is plugged in. */
  plugged: z.array(Window).default([]),
})
export type RigBattery = z.infer<typeof Battery>

/** A smart plug between the machine and the wall. */
export const Meter = z.strictObject({
  id: WallMeter.shape.id,
  name: WallMeter.shape.name,
  dialect: z.enum(['shelly-2', 'tasmota']),
  address: WallMeter.shape.address,
  /** What it sees beside domains and cards: board, disks, what the supply loses at rest. */
  floorW: Amount,
  /** What the supply loses of all that domains and cards draw. */
  lossRatio: z.number().min(0).max(1).default(0),
  /** When it does not answer. */
  silent: z.array(z.strictObject({ at: Duration, for: Duration })).default([]),
})
export type RigMeter = z.infer<typeof Meter>
