import { z } from 'zod'

/** What the machine (or its processor) drew at one load for a while. */
export type Pair = {
  /** Busy share of all CPUs, 0–1. */
  readonly utilisation: number
  readonly powerW: number
  /** Standard uncertainty (k = 1) of `powerW` that is systematic: the gains of what it was read from. */
  readonly errorW: number
  readonly seconds: number
}

/** Weighted by seconds: Σ1, Σu, Σu², ΣP, ΣP², Σu·P, Σerror. */
export const Sums = z.tuple([
  z.number().positive(),
  ...Array.from({ length: 6 }, () => z.number().nonnegative()),
] as unknown as [z.ZodNumber, z.ZodNumber, z.ZodNumber, z.ZodNumber, z.ZodNumber, z.ZodNumber, z.ZodNumber])
export type Sums = z.infer<typeof Sums>

/** Half of the pairs makes the fit, the other half says how good it is: what was used to fit states no residual. */
export type Half = 'fit' | 'check'
export type Bins = ReadonlyMap<number, Sums>

const KeptBins = z.array(z.tuple([z.int().min(0), Sums]))
export const LevelsState = z.object({ fit: KeptBins.max(25), check: KeptBins.max(25) })
export type LevelsState = z.infer<typeof LevelsState>

/** Even in the root of the load: power bends most where little is done. */
const BINS = 24
/** Nothing, a quarter, half, three quarters, everything: the steps of the guided ladder, and what counts as a load level. */
export const LEVEL_STEPS = 4
/** A megawatt would still be exact enough, and nonsense beyond it stays out of every sum. */
const MOST_W = 1e6
/** What is left of a bin after long forgetting. */
const LEAST_S = 0.5

/** Pairs by load, in bounded memory; older ones fade. */
export interface LoadLevels {
  add(pair: Pair): void
  /** Everything so far counts for `ratio` of what it did. */
  fade(ratio: number): void
  bins(half: Half): Bins
  state(): LevelsState
}

export function createLoadLevels(kept?: LevelsState): LoadLevels {
  const halves = { fit: new Map(kept?.fit), check: new Map(kept?.check) }

  return {
    add({ utilisation, powerW, errorW, seconds }) {
      const isSound =
        utilisation >= 0 &&
        powerW > 0 &&
        powerW < MOST_W &&
        errorW >= 0 &&
        errorW < MOST_W &&
        seconds > 0 &&
        seconds < 3_600
      if (!isSound) return
      const u = Math.min(1, utilisation)
      const level = levelOf(u)
      // In turn within a level, so that both halves see all of them.
      const bins = secondsAt(halves.fit, level) <= secondsAt(halves.check, level) ? halves.fit : halves.check
      const bin = Math.floor(Math.sqrt(u) * BINS)
      const sums = bins.get(bin)
      const terms = [1, u, u * u, powerW, powerW * powerW, u * powerW, errorW] as Sums
      if (sums === undefined) bins.set(bin, terms.map((term) => term * seconds) as Sums)
      else for (let i = 0; i < terms.length; i++) sums[i] = (sums[i] as number) + (terms[i] as number) * seconds
    },
    fade(ratio) {
      for (const bins of [halves.fit, halves.check]) {
        for (const [bin, sums] of bins) {
          const faded = sums.map((sum) => sum * ratio) as Sums
          if (faded[0] < LEAST_S) bins.delete(bin)
          else bins.set(bin, faded)
        }
      }
    },
    bins: (half) => halves[half],
    state: () => ({ fit: [...halves.fit], check: [...halves.check] }),
  }
}

export function levelOf(utilisation: number): number {
  return Math.round(utilisation * LEVEL_STEPS)
}

/** Seconds that were spent in a load level. */
export function secondsAt(bins: Bins, level: number): number {
  let seconds = 0
  for (const [s, u] of bins.values()) if (levelOf(u / s) === level) seconds += s
  return seconds
}
