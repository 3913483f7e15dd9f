import { z } from 'zod'
import { AppId } from '../../../contract/ids.ts'
import { Amount, Duration, Load, Window, windowFields } from './schema-load.ts'

export const PciAddress = z
  .string()
  .regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, 'expected a PCI address such as "0000:01:00.0"')

/** Graphics card. `resident` is an app that holds its memory; a process without an app only draws pictures, and keeps nothing from its idle. */
export const Gpu = z.strictObject({
  pci: PciAddress,
  vendor: z.enum(['nvidia', 'amd', 'intel']),
  name: z.string().min(1).max(60),
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
