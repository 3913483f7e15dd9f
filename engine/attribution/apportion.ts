/**
 * Divides `total` (an integer ≥ 0) in proportion to `weights` (≥ 0, not all 0) into integers that sum to it exactly:
 * largest remainder (Hamilton). A tie goes to the lower `ids` entry, so that the order of the input does not matter.
 */
export function apportion(total: number, weights: readonly number[], ids: readonly string[]): number[] {
  let sum = 0
  for (const weight of weights) sum += weight
  const parts = new Array<number>(weights.length)
  const rests = new Array<number>(weights.length)
  let left = total
  for (let i = 0; i < weights.length; i++) {
    const quota = (total * (weights[i] as number)) / sum
    const part = Math.min(Math.floor(quota), left)
    parts[i] = part
    rests[i] = quota - part
    left -= part
  }
  if (left > 0) handOut(left, parts, rests, weights, ids)
  return parts
}

function handOut(
  left: number,
  parts: number[],
  rests: number[],
  weights: readonly number[],
  ids: readonly string[],
): void {
  const order = parts.map((_, i) => i).filter((i) => (weights[i] as number) > 0)
  order.sort(
    (a, b) => (rests[b] as number) - (rests[a] as number) || ((ids[a] as string) < (ids[b] as string) ? -1 : 1),
  )
  for (let n = 0; n < left; n++) {
    const i = order[n % order.length] as number
    parts[i] = (parts[i] as number) + 1
  }
}
