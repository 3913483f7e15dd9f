import { z } from 'zod'
import { DomainId, type DomainKind } from '../../contract/ids.ts'
import type { Domain } from './source.ts'
import { GAIN } from './uncertainty.ts'

/** The GPU of an Apple chip is on no PCI bus: `Domain.device`, and what processes do on it, under this name. */
export const APPLE_GPU = 'apple-gpu'

/** What engine/vendor/ioreport.ts tells; `null`: no sample this time. */
const Answer = z.object({
  channels: z
    .array(z.object({ name: z.string().max(200), unit: z.string().max(40), value: z.string().regex(/^-?\d{1,19}$/) }))
    .max(1_000)
    .nullable(),
})
export type Channel = { readonly name: string; readonly unit: string; readonly value: bigint }

/** `null` where the answer is none, or nonsense. */
export function parseChannels(answer: unknown): Channel[] | null {
  const parsed = Answer.safeParse(answer)
  if (!parsed.success || parsed.data.channels === null) return null
  return parsed.data.channels.map(({ name, unit, value }) => ({ name, unit, value: BigInt(value) }))
}

/** The largest chips draw about 300 W in all. */
const MOST_W = 1_000

/** A quantity of the chip: the sum of those channels, one for each die. */
export type Quantity = {
  readonly pattern: RegExp
  readonly domain: Omit<Domain, 'source'>
  /** A chip that runs draws this all the time. */
  readonly mustMove: boolean
}

/**
 * Names of group `Energy Model` from M1 to M5; Ultra chips put their die in front (ml-energy/zeus-apple-silicon README, vladkens/macmon
 * metrics.rs). The whole CPU holds its cores, clusters and managers; `GPU SRAM` is told beside the GPU and is not in it.
 */
export const QUANTITIES: readonly Quantity[] = [
  quantity(/^CPU Energy$/, 'cpu/0', 'cpu', 'Processor', true),
  quantity(/^GPU Energy$/, 'gpu/apple', 'gpu', 'GPU', false),
  quantity(/^GPU SRAM/, 'gpu/apple-sram', 'gpu', 'GPU cache', false),
  quantity(/^ANE/, 'npu/apple', 'npu', 'Neural Engine', false),
  quantity(/^DRAM/, 'dram/0', 'dram', 'Memory', true),
]

function quantity(pattern: RegExp, id: string, kind: DomainKind, name: string, mustMove: boolean): Quantity {
  const activity = kind === 'npu' ? 'none' : kind === 'gpu' ? 'gpu' : 'cpu'
  const domain = {
    id: DomainId.parse(id),
    kind,
    parent: null,
    provenance: 'counter',
    name,
    gainRatio: kind === 'dram' ? GAIN.ioReportDram : GAIN.ioReport,
    plausibleMaxW: MOST_W,
    activity,
    tableFloorW: null,
    ...(kind === 'gpu' ? { device: APPLE_GPU } : {}),
  } as const
  return { pattern, domain, mustMove }
}

/** nJ of a unit by its label, which may have blanks around it; `null` for any other: a unit is never guessed. */
export function unitNjOf(label: string): bigint | null {
  switch (label.trim()) {
    case 'nJ':
      return 1n
    case 'uJ':
    case 'µJ':
      return 1_000n
    case 'mJ':
      return 1_000_000n
    case 'J':
      return 1_000_000_000n
    default:
      return null
  }
}

/** Channels of a quantity in one answer. */
export function channelsOf({ pattern }: Quantity, channels: readonly Channel[]): Channel[] {
  return channels.filter(({ name }) => pattern.test(name.replace(/^DIE_\d+_/, '')))
}

export type Sum = { readonly raw: bigint; readonly unitNj: bigint }

/** Their sum in the finest unit among them; `null` where one has no known unit or counts below zero. */
export function sumOf(channels: readonly Channel[]): Sum | null {
  let unitNj: bigint | null = null
  for (const { unit, value } of channels) {
    const own = unitNjOf(unit)
    if (own === null || value < 0n) return null
    if (unitNj === null || own < unitNj) unitNj = own
  }
  if (unitNj === null) return null
  const finest = unitNj
  const raw = channels.reduce((sum, { unit, value }) => sum + (value * (unitNjOf(unit) ?? 0n)) / finest, 0n)
  return { raw, unitNj }
}
