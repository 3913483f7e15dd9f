import type { DomainId } from '../../contract/ids.ts'
import type { Domain } from '../sources/source.ts'
import type { Terms } from './slots.ts'

export type Placed = { readonly domain: Domain; readonly scope: 'inner' | 'whole' }

/**
 * What a fit stands for. `processor`: what a counter of the processor would say. `rest`: everything that no part of the machine measures by
 * itself: processor, memory, board, display, losses; with it, nothing of that is estimated a second time.
 */
export type FitScope = 'processor' | 'rest'

/** The better account that the estimate is held against. */
export type Reference = Terms & {
  /** Pairs of different references do not mix. */
  readonly key: string
  readonly scope: FitScope
  /** Whose figures are waited for: the domain that may have nothing to tell. */
  readonly domain: Domain
  /** Ends "fitted to …". */
  readonly words: string
}

const WORDS: Readonly<Partial<Record<Domain['kind'], string>>> = {
  battery: 'your battery',
  wall: 'your wall meter',
  board: 'the board’s own meter',
}

/**
 * A counter of the processor, where there is one. Else the one meter of the whole machine, less what is measured by part; never while a
 * part that is estimated stands beside it as measured. On a machine with a battery a plug also sees it being charged, so the battery itself
 * is the meter; of several plugs nobody knows which one is the machine.
 */
export function chooseReference(placed: readonly Placed[], isVirtual: boolean): Reference | null {
  const roots = measuredRoots(placed)
  const processors = roots.filter(({ kind }) => kind === 'cpu')
  const [first] = processors
  if (first !== undefined) {
    return reference('processor', first, gainsOf(processors), new Map(), 'your processor’s own counter')
  }
  // A virtual machine's own load explains little of what its host draws.
  if (isVirtual) return null
  const wholes = placed.flatMap(({ domain, scope }) => (scope === 'whole' && isMeasured(domain) ? [domain] : []))
  for (const kind of ['battery', 'board', 'wall'] as const) {
    const [only, another] = wholes.filter((domain) => domain.kind === kind)
    if (only === undefined || another !== undefined) continue
    return reference('rest', only, gainsOf([only]), gainsOf(roots), WORDS[kind] as string)
  }
  return null
}

/** Inner roots whose figures are not the load estimate's own: what a fit to the whole machine must have been told of. */
export function measuredRoots(placed: readonly Placed[]): readonly Domain[] {
  const inner = placed.filter(({ scope }) => scope === 'inner').map(({ domain }) => domain)
  const ids = new Set(inner.map(({ id }) => id))
  return inner.filter(({ parent, source }) => source !== 'estimate' && (parent === null || !ids.has(parent)))
}

function reference(
  scope: FitScope,
  domain: Domain,
  gains: Terms['reference'],
  explained: Terms['explained'],
  words: string,
): Reference {
  const key = `${scope} ${[...gains.keys()].sort().join(' ')} - ${[...explained.keys()].sort().join(' ')}`
  return { key, scope, domain, reference: gains, explained, words }
}

function isMeasured({ provenance }: Domain): boolean {
  return provenance !== 'estimate'
}

function gainsOf(domains: readonly Domain[]): ReadonlyMap<DomainId, number> {
  return new Map(domains.map(({ id, gainRatio }) => [id, gainRatio]))
}
