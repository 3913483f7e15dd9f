import { DomainId, SourceId } from '../../contract/ids.ts'
import type { CardDescription, CardRecord } from './nvml-record.ts'
import type { Domain } from './source.ts'
import { GAIN } from './uncertainty.ts'

export const NVML = SourceId.parse('nvml')

/** Which value of a card its energy is told by, best first. */
export type Measure = 'energy' | 'average' | 'instant' | 'usage'

/** Above this no card is; the largest are sold with 1,200 W. */
const MOST_W = 2_000
/** Short peaks exceed the limit to which a card is held on average. */
const PEAK_RATIO = 1.5
const AMPERE = 7
const HOPPER = 9
const GA100 = /\bA(?:100|800|30)X?\b/
/** Both sample their power in 25 of every 100 ms (arXiv 2312.02741): by name where the driver does not tell the architecture. */
const SAMPLED_IN_PART = /\b(?:A100|A800|A30|H100|H200|H800|H20|GH200)X?\b/
/** Half of the last second, over which newer cards average. */
const HALF_WINDOW_MS = 500

/**
 * The counter, where it counts: it misses nothing. Else the mean of the last second, which fits a tick of a second better than the power of an
 * instant does (power-linux §4.9). `null` where the driver tells nothing. A counter at 0 has not counted what the card drew since it started.
 */
export function measureOf(record: CardRecord): Measure | null {
  if (record.energyMj !== null && BigInt(record.energyMj) > 0n) return 'energy'
  if (isPower(record.powerAverageMw)) return 'average'
  if (isPower(record.powerInstantMw)) return 'instant'
  return isPower(record.powerUsageMw) ? 'usage' : null
}

/** mW of a measure that is a power. */
export function powerMw(record: CardRecord, measure: Exclude<Measure, 'energy'>): number | null {
  switch (measure) {
    case 'average':
      return record.powerAverageMw
    case 'instant':
      return record.powerInstantMw
    case 'usage':
      return record.powerUsageMw
  }
}

/** How long before it was read a power was true. nvml.h: nvmlDeviceGetPowerUsage averages over 1 s since Ampere, GA100 excepted. */
export function shiftMs(measure: Measure, description: CardDescription | null): number {
  if (measure === 'average') return HALF_WINDOW_MS
  if (measure !== 'usage') return 0
  const averages = (description?.architecture ?? 0) >= AMPERE && !GA100.test(description?.name ?? '')
  return averages ? HALF_WINDOW_MS : 0
}

/** A card of which nothing is known yet, because it sleeps, is taken to count its energy: all that may sleep can (Turing and newer). */
export function describeCard(pci: string, measure: Measure, description: CardDescription | null): Domain {
  const { name = null, architecture = null } = description ?? {}
  const isInPart = architecture === HOPPER || SAMPLED_IN_PART.test(name ?? '')
  return {
    id: DomainId.parse(`gpu/${pci}`),
    kind: 'gpu',
    parent: null,
    source: NVML,
    provenance: measure === 'energy' ? 'counter' : 'sensor',
    name: name === null || name === '' ? `NVIDIA GPU ${pci}` : name,
    gainRatio: isInPart ? GAIN.nvmlSampledInPart : GAIN.nvml,
    plausibleMaxW: plausibleMaxW(description),
    activity: 'gpu',
    tableFloorW: null,
    device: pci,
  }
}

/** Cards of one model are told apart by where they are. */
export function withDistinctNames(domains: readonly Domain[]): Domain[] {
  const counts = new Map<string, number>()
  for (const { name } of domains) counts.set(name, (counts.get(name) ?? 0) + 1)
  return domains.map((domain) =>
    (counts.get(domain.name) ?? 0) > 1 ? { ...domain, name: `${domain.name} (${domain.device})` } : domain,
  )
}

function plausibleMaxW(description: CardDescription | null): number {
  const limitW = Math.max(description?.enforcedLimitMw ?? 0, description?.defaultLimitMw ?? 0) / 1_000
  return limitW >= 1 ? Math.min(MOST_W, limitW * PEAK_RATIO) : MOST_W
}

function isPower(mw: number | null): boolean {
  return mw !== null && mw > 0
}
