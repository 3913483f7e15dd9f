const LARGEST = 1e9

/**
 * The t beyond which, on both sides together, lies `tail` (0..1) of Student's distribution with `degrees` (≥ 1) degrees of freedom.
 * By bisection of the exact series for whole degrees (Abramowitz & Stegun, 26.7.3 and 26.7.4).
 */
export function studentQuantile(tail: number, degrees: number): number {
  let [low, high] = [0, 1]
  while (within(high, degrees) < 1 - tail && high < LARGEST) high *= 2
  for (let turn = 0; turn < 100; turn++) {
    const middle = (low + high) / 2
    if (within(middle, degrees) < 1 - tail) low = middle
    else high = middle
  }
  return high
}

/** Probability of |T| ≤ t. */
function within(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const cosine = Math.cos(angle)
  const isOdd = degrees % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let k = isOdd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k
    sum += term
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
}
