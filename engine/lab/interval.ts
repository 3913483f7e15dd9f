import { randomFrom } from './random.ts'
import { studentQuantile } from './student.ts'

const RESAMPLES = 2_000
/** Every figure of a lab draws the same resamples, so that it can be repeated. */
const SEED = 0x5eed

/** Where the mean of what the blocks are a sample of lies. `low` and `high` are infinite where two blocks are not there. */
export type Interval = { readonly mean: number; readonly low: number; readonly high: number }

/**
 * Mean of values by block, with its interval at 1 − `tail`: the wider of a bootstrap over blocks and Student's t at either end. The bootstrap
 * follows a skewed sample, but is too narrow for few blocks (with five it leaves out the truth one time in eight instead of twenty); t is right there.
 */
export function meanInterval(values: readonly number[], tail: number): Interval {
  const mean = meanOf(values)
  const count = values.length
  if (count < 2) return { mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const half = studentQuantile(tail, count - 1) * Math.sqrt(squares / (count - 1) / count)
  const [low, high] = bootstrap(values, tail)
  return { mean, low: Math.min(low, mean - half), high: Math.max(high, mean + half) }
}

function bootstrap(values: readonly number[], tail: number): [number, number] {
  const random = randomFrom(SEED)
  const means = new Float64Array(RESAMPLES)
  for (let at = 0; at < RESAMPLES; at++) {
    let sum = 0
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[Math.floor(random() * values.length)] as number
    means[at] = sum / values.length
  }
  means.sort()
  const cut = Math.floor((tail / 2) * RESAMPLES)
  return [means[cut] as number, means[RESAMPLES - 1 - cut] as number]
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
