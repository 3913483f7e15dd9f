import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import { type Bins, LEVEL_STEPS, type LoadLevels, levelOf, type Sums, secondsAt } from './load-levels.ts'

/** Power by load: `idleW + slopeW × utilisation ^ exponent`. */
export type LoadCurve = { readonly idleW: number; readonly slopeW: number; readonly exponent: number }

export type Fit = {
  readonly curve: LoadCurve
  /** Root mean square of what the curve was off, relative, over pairs that had no part in it. */
  readonly residualRatio: number
  /** Relative standard uncertainty (k = 1) of a figure of this curve: its residual and the gain of what it was fitted to. */
  readonly gainRatio: number
  readonly r2: number
  readonly levels: number
}

export type FitFault = 'tooFewLevels' | 'poorFit'

/** attribution.md §6. */
const NEEDED_LEVELS = 3
const NEEDED_R2 = 0.9
/** A curve that never saw a quiet or a hard-working processor would be drawn out beyond what it knows. */
const LOW_LEVEL = 1
const HIGH_LEVEL = 3
/** A level that was there for hours weighs no more than one of minutes: otherwise a fit is good at idling and at nothing else. */
const MOST_LEVEL_S = 120
const LINE = 1
/** Turbo and what all cores share bend the curve; 0.75 is what the table takes. With three levels nothing finer can be told apart. */
const FEW_EXPONENTS = [LINE, 0.75] as const
const EXPONENTS = [LINE, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.1, 1.25, 1.5] as const

/** A bend has to be worth it: noise alone makes some exponent a little better than the line. */
const WORTH_RATIO = 0.99

/**
 * Least squares of relative deviations, neither term negative, each load level with at most two minutes of weight. Pure.
 * `levelS`: seconds for which a level must have been there, in each half.
 */
export function fitLoadCurve(levels: LoadLevels, levelS: number): Result<Fit, FitFault> {
  const fit = levels.bins('fit')
  const check = levels.bins('check')
  const seen = Array.from({ length: LEVEL_STEPS + 1 }, (_, level) => level).filter(
    (level) => secondsAt(fit, level) >= levelS && secondsAt(check, level) >= levelS,
  )
  const isWide = (seen[0] ?? LEVEL_STEPS) <= LOW_LEVEL && (seen.at(-1) ?? 0) >= HIGH_LEVEL
  if (seen.length < NEEDED_LEVELS || !isWide) return tooFewLevels(seen.length)
  let best: { readonly curve: LoadCurve; readonly residualRatio: number } | null = null
  for (const exponent of seen.length > NEEDED_LEVELS ? EXPONENTS : FEW_EXPONENTS) {
    const curve = leastSquares(fit, exponent)
    if (curve === null) continue
    const { residualRatio } = judge(curve, fit)
    if (best === null || residualRatio < best.residualRatio * WORTH_RATIO) best = { curve, residualRatio }
  }
  if (best === null) return poorFit(0)
  const { residualRatio, referenceRatio, r2 } = judge(best.curve, check)
  if (!(r2 >= NEEDED_R2) || best.curve.slopeW <= 0) return poorFit(r2)
  const gainRatio = Math.hypot(residualRatio, referenceRatio)
  return Number.isFinite(gainRatio) && gainRatio > 0 && gainRatio <= 1
    ? ok({ curve: best.curve, residualRatio, gainRatio, r2, levels: seen.length })
    : poorFit(r2)
}

/** How far a curve is off what these pairs say, with the same weights as a fit. */
export type Judgement = {
  readonly residualRatio: number
  /** Mean of what was drawn ÷ mean of what the curve says, less 1. */
  readonly biasRatio: number
  /** Systematic part of the reference itself. */
  readonly referenceRatio: number
  readonly r2: number
}

export function judge(curve: LoadCurve, bins: Bins): Judgement {
  let sumS = 0
  let sumP = 0
  let sumPp = 0
  let sumF = 0
  let sumError = 0
  let squares = 0
  let relative = 0
  for (const [sums, weight] of weighted(bins)) {
    const [s, u, uu, p, pp, up, error] = sums
    const mean = u / s
    const at = powerAt(curve, mean)
    const slope = slopeAt(curve, mean)
    // Within a bin the curve is its tangent: what a wide bin holds is no error of the curve.
    const crossed = at * p + slope * (up - mean * p)
    const squared = at * at * s + slope * slope * (uu - mean * u)
    const off = Math.max(0, pp - 2 * crossed + squared) * weight
    squares += off
    relative += off / at ** 2
    sumS += s * weight
    sumP += p * weight
    sumPp += pp * weight
    sumF += at * s * weight
    sumError += error * weight
  }
  const total = sumPp - sumP ** 2 / sumS
  return {
    residualRatio: Math.sqrt(relative / sumS),
    biasRatio: sumP / sumF - 1,
    referenceRatio: sumError / sumP,
    r2: total > 0 ? 1 - squares / total : 0,
  }
}

export function powerAt({ idleW, slopeW, exponent }: LoadCurve, utilisation: number): number {
  return idleW + slopeW * utilisation ** exponent
}

/** Below this load a root has no tangent worth the name. */
const STEEP = 1e-3

function slopeAt({ slopeW, exponent }: LoadCurve, utilisation: number): number {
  if (exponent === LINE) return slopeW
  return utilisation < STEEP ? 0 : slopeW * exponent * utilisation ** (exponent - 1)
}

function* weighted(bins: Bins): Generator<[Sums, number]> {
  const byLevel = Array.from({ length: LEVEL_STEPS + 1 }, (_, level) => secondsAt(bins, level))
  for (const sums of bins.values()) {
    const seconds = byLevel[levelOf(sums[1] / sums[0])] as number
    yield [sums, Math.min(1, MOST_LEVEL_S / seconds)]
  }
}

/** Two unknowns, so the corners of non-negative least squares are written out; `null` where the loads were all the same. */
function leastSquares(bins: Bins, exponent: number): LoadCurve | null {
  let s = 0
  let x = 0
  let xx = 0
  let p = 0
  let xp = 0
  for (const [sums, levelWeight] of weighted(bins)) {
    const [binS, u, uu, binP, , up] = sums
    // What is stated is relative, so ten per cent off counts alike at 10 W and at 100 W.
    const weight = levelWeight / (binP / binS) ** 2
    const mean = u / binS
    const at = mean ** exponent
    const slope = slopeAt({ idleW: 0, slopeW: 1, exponent }, mean)
    s += binS * weight
    x += at * binS * weight
    xx += (at * at * binS + slope * slope * Math.max(0, uu - mean * u)) * weight
    p += binP * weight
    xp += (at * binP + slope * (up - mean * binP)) * weight
  }
  const spread = xx - x ** 2 / s
  if (!(spread > 1e-9 * xx)) return null
  const slopeW = (xp - (x * p) / s) / spread
  const idleW = (p - slopeW * x) / s
  if (slopeW < 0) return { idleW: p / s, slopeW: 0, exponent }
  return idleW < 0 ? { idleW: 0, slopeW: Math.max(0, xp / xx), exponent } : { idleW, slopeW, exponent }
}

function tooFewLevels(levels: number): Problem<'tooFewLevels'> {
  const seen = levels === 1 ? '1 load level was' : `${levels} load levels were`
  return problem(
    'tooFewLevels',
    `Only ${seen} kept up for long enough (other programs may have worked meanwhile); a fit needs ${NEEDED_LEVELS}, from a quiet processor to one that is three quarters busy.`,
  )
}

function poorFit(r2: number): Problem<'poorFit'> {
  const explained = Math.floor(Math.max(0, r2) * 100)
  return problem(
    'poorFit',
    `Load explains only ${explained} % of how the power changed, and ${NEEDED_R2 * 100} % are needed: something else drew power meanwhile, or the meter is too slow.`,
  )
}
