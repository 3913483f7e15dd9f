export type Point = { readonly tokensPerS: number; readonly jPerToken: number }

/** The points that no other beats: none is at least as fast and at least as sparing, and better in one of both. Order as given. */
export function paretoFront<P extends Point>(points: readonly P[]): P[] {
  const fastest = points.toSorted((a, b) => b.tokensPerS - a.tokensPerS || a.jPerToken - b.jPerToken)
  const front = new Set<P>()
  let leastJ = Number.POSITIVE_INFINITY
  let last: P | null = null
  for (const point of fastest) {
    const isTwin = last !== null && last.tokensPerS === point.tokensPerS && last.jPerToken === point.jPerToken
    if (!isTwin && point.jPerToken >= leastJ) continue
    front.add(point)
    leastJ = point.jPerToken
    last = point
  }
  return points.filter((point) => front.has(point))
}
