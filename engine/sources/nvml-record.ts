import { z } from 'zod'

/**
 * What engine/vendor/nvml.ts tells of NVIDIA's library, as it crosses the process boundary: raw values and NVML's return codes
 * (nvmlReturn_t of nvml.h), unjudged. 64-bit numbers are decimal strings.
 */

/** Which cards are read, by PCI address; `null`: all that the library lists. A card that is not named is not touched, so it may sleep. */
export type NvmlRequest = {
  readonly pcis: readonly string[] | null
  /** Newest utilisation sample seen of a card, µs since 1970: only newer ones are handed over. */
  readonly sinceUs: Readonly<Record<string, string>>
  /** Also what rarely changes, and anew what failed before: cards that were lost, functions that were not supported. */
  readonly isSlow: boolean
}

const Decimal = z.string().regex(/^\d{1,20}$/)
const Code = z.int()
const MOST_LETTERS = 200

/** One list as the library wrote it, base64: the length of its records differs by driver, nvml-processes.ts tells it. */
const RawProcesses = z.object({
  kind: z.enum(['compute', 'graphics', 'mps']),
  count: z.int().nonnegative(),
  bytes: z.string(),
})
export type RawProcesses = z.infer<typeof RawProcesses>

const UtilisationSample = z.object({ pid: z.int().nonnegative(), atUs: Decimal, smPct: z.int().nonnegative() })
export type UtilisationSample = z.infer<typeof UtilisationSample>

const CardDescription = z.object({
  name: z.string().max(MOST_LETTERS).nullable(),
  uuid: z.string().max(MOST_LETTERS).nullable(),
  /** nvmlDeviceArchitecture_t: 7 Ampere, 9 Hopper. */
  architecture: z.int().nullable(),
  /** What the card is held to now, and what it is sold with. */
  enforcedLimitMw: z.number().nullable(),
  defaultLimitMw: z.number().nullable(),
  memoryBytes: Decimal.nullable(),
})
export type CardDescription = z.infer<typeof CardDescription>

const CardRecord = z.object({
  /** "0000:01:00.0" */
  pci: z.string().regex(/^[\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}\.[\da-f]$/),
  /** Of getting hold of the card; with any but 0 all else is empty. */
  code: Code,
  /** Return codes of fields that are `null` because the library refused them, by the field's name. */
  codes: z.record(z.string(), Code),
  /** Energy since the driver was loaded, mJ. */
  energyMj: Decimal.nullable(),
  /** POWER_AVERAGE, POWER_INSTANT and nvmlDeviceGetPowerUsage, mW. */
  powerAverageMw: z.number().nullable(),
  powerInstantMw: z.number().nullable(),
  powerUsageMw: z.number().nullable(),
  /** Share of the last sample period in which at least one kernel ran, percent. */
  gpuPct: z.number().nullable(),
  /** The card is split into instances (MIG). */
  isSplit: z.boolean(),
  lists: z.array(RawProcesses).max(100),
  /** `null` where the driver tells no utilisation by process; empty where nothing used the card. */
  samples: z.array(UtilisationSample).max(10_000).nullable(),
  /** `null` unless the request was slow. */
  description: CardDescription.nullable(),
})
export type CardRecord = z.infer<typeof CardRecord>

export const NvmlRecord = z.object({
  /** Of nvmlInit_v2; with any but 0 nothing else is known. */
  init: Code,
  /** Whether the request that it answers was. */
  isSlow: z.boolean(),
  cards: z.array(CardRecord).max(256),
})
export type NvmlRecord = z.infer<typeof NvmlRecord>
