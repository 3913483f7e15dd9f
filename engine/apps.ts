import type { AppId } from '../contract/ids.ts'
import type { Catalogue } from './catalogue/match.ts'
import { SELF } from './processes/sampler.ts'

/** Relative standard uncertainty (k = 1) of a share by CPU time in a mixed load; 20 % where cores differ (attribution.md §6). */
export const CPU_SHARE_RATIO = 0.15
export const HYBRID_SHARE_RATIO = 0.2

export type AppView = {
  readonly id: AppId
  readonly name: string
  readonly category: string
  readonly local: boolean
  readonly countsAsAi: boolean
}

/** What is shown of an app: the catalogue's word, the user's on whether it counts as AI, and Perwatt for itself. */
export function viewOfApp(catalogue: Catalogue, countAsAi: Readonly<Record<string, boolean>>, id: AppId): AppView {
  if (id === SELF) return { id, name: 'Perwatt', category: 'self', local: true, countsAsAi: false }
  const known = catalogue.describe(id)
  return {
    id,
    name: known?.name ?? id,
    category: known?.category ?? 'other',
    local: known?.local ?? true,
    countsAsAi: countAsAi[id] ?? known?.countsAsAi ?? true,
  }
}
