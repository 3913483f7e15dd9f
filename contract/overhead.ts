import type { Settings } from './settings.ts'

// Without schemas, so that a window can ask these without carrying them.

/** By what an app's energy is multiplied where it is shown, and nowhere else: what is recorded stays what was measured. */
export type AppFactors = {
  /** 1 + overhead ÷ measured (attribution.md §2); 1 where that is not wanted or not known. */
  readonly overheadFactor: number
  /** What the user said that cooling the room costs; 1 where nothing was said. */
  readonly coolingFactor: number
}

/** `overheadRatio`: overhead ÷ measured over the same time; `null` while no meter tells. */
export function appFactors(
  { countOverhead, coolingFactor }: Pick<Settings, 'countOverhead' | 'coolingFactor'>,
  overheadRatio: number | null,
): AppFactors {
  const overheadFactor = countOverhead && overheadRatio !== null ? Math.max(0, 1 + overheadRatio) : 1
  return { overheadFactor, coolingFactor }
}

export function totalFactor({ overheadFactor, coolingFactor }: AppFactors): number {
  return overheadFactor * coolingFactor
}
