import type { ModelRow } from '../../../contract/models.ts'
import { devices, parametersText } from '../../work-words.ts'

/** Fewer requests than this, and a difference is chance or use. */
export const LEAST_REQUESTS = 30

/** One model, by family and size, as it ran in several ways. */
export type Variants = {
  readonly key: string
  readonly title: string
  /** Best tokens per joule first; those without a figure last. */
  readonly rows: readonly ModelRow[]
  readonly verdict: string
}

/** Models of one family and size of which more than one way to run was seen. What is computed elsewhere has no joules to compare. */
export function variantsOf(rows: readonly ModelRow[]): readonly Variants[] {
  return groupsOf(rows).flatMap((own): Variants[] => {
    const [first] = own
    if (first === undefined || own.length < 2) return []
    const ordered = [...own].sort((a, b) => (b.tokensPerJ.value ?? -1) - (a.tokensPerJ.value ?? -1))
    const { family, parameters } = first
    return [
      {
        key: `${family}/${parameters}`,
        title: `${family} ${parametersText(parameters)}`,
        rows: ordered,
        verdict: verdictOf(ordered),
      },
    ]
  })
}

type Sized = ModelRow & { readonly family: string; readonly parameters: number }

/** Two servers round the same size differently: 8.0 and 8.2 B are one model. */
const SAME_SIZE_RATIO = 1.06

function groupsOf(rows: readonly ModelRow[]): readonly (readonly Sized[])[] {
  const sized = rows
    .filter((row): row is Sized => row.family !== null && row.parameters !== null && !row.isRemote)
    .sort((a, b) => a.family.localeCompare(b.family, 'en') || a.parameters - b.parameters)
  const groups: Sized[][] = []
  for (const row of sized) {
    const before = groups.at(-1)?.at(-1)
    const isSame =
      before !== undefined &&
      before.family.toLowerCase() === row.family.toLowerCase() &&
      row.parameters <= before.parameters * SAME_SIZE_RATIO
    if (isSame) groups.at(-1)?.push(row)
    else groups.push([row])
  }
  return groups
}

/**
 * What may be said of a group. Real use is no experiment: a small prompt set may have gone to one and long documents to the other, so
 * a difference is named only where intervals part, and never as the models' own.
 */
export function verdictOf(rows: readonly ModelRow[]): string {
  const counted = rows.filter(({ tokensPerJ }) => tokensPerJ.value !== null)
  const enough = counted.filter(({ delivered }) => (delivered.requests ?? 0) >= LEAST_REQUESTS)
  if (enough.length < 2) {
    return `Not comparable yet, run the lab: fewer than two of them have ${LEAST_REQUESTS} counted requests in this time.`
  }
  const [best, next] = enough
  if (best === undefined || next === undefined) return ''
  const [low, high] = [intervalOf(best)?.from, intervalOf(next)?.to]
  if (low === undefined || high === undefined) return 'How far they may be off is not known, so no difference is told.'
  if (low <= high) return 'The difference is within the noise: the intervals overlap. The lab tells them apart.'
  const ratio = (best.tokensPerJ.value ?? 0) / (next.tokensPerJ.value ?? 1)
  return `In what each was used for, ${wayOf(best, rows)} delivered ${ratio.toFixed(ratio < 9.95 ? 1 : 0)} times the tokens per joule of ${wayOf(next, rows)}. For the same prompts, run the lab.`
}

/** The interval at 95 %; `null` where it is not known. */
export function intervalOf({ tokensPerJ }: Pick<ModelRow, 'tokensPerJ'>): { from: number; to: number } | null {
  const { value, uncertainty } = tokensPerJ
  if (value === null || uncertainty === null) return null
  return { from: Math.max(0, value * (1 - uncertainty)), to: value * (1 + uncertainty) }
}

/** What sets one apart from the others of its group: "Q4_K_M", "vLLM", "Q4_K_M on CPU"; its name where nothing does. */
export function wayOf(row: ModelRow, group: readonly ModelRow[]): string {
  const differs = (of: (row: ModelRow) => string | null) => new Set(group.map(of)).size > 1
  const quantisation = differs((one) => one.quantisation) ? row.quantisation : null
  const engine = differs((one) => one.engine ?? one.app) ? (row.engine ?? row.app) : null
  const device = differs((one) => one.device) && row.device !== null ? `on ${devices[row.device]}` : null
  const words = [quantisation, engine, device].filter((part) => part !== null).join(' ')
  return words === '' ? row.name : words
}
