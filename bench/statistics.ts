/** The middle value, or the mean of the two in the middle. @throws where there is none: no figure is invented. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (low === undefined || high === undefined) throw new Error('a median of nothing')
  return (low + high) / 2
}

export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new Error('a mean of nothing')
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The value that `ratio` of all do not exceed (nearest rank). */
export function quantile(values: readonly number[], ratio: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * ratio) - 1))]
  if (value === undefined) throw new Error('a quantile of nothing')
  return value
}
