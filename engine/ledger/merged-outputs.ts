import type { LedgerOutput } from './work-types.ts'

const QUARTER_S = 900
/** Counts that may be unknown: a sum with something unknown is the sum of what is known. */
const NULLABLE = ['promptTokens', 'cachedTokens', 'outputTokens', 'requests', 'images', 'audioMs'] as const
const COUNTS = [
  'estimatedTokens',
  'failedRequests',
  'unreportedRequests',
  'requestMj',
  'requestEstimatedMj',
  'requestVarMj2',
] as const

/**
 * What waits for a disk, one entry a series and quarter of an hour: every zone's hours begin at a quarter of UTC's, so that each falls into the
 * hour in which it would have fallen.
 */
export function mergedOutputs(outputs: readonly LedgerOutput[]): LedgerOutput[] {
  const merged = new Map<string, { -readonly [K in keyof LedgerOutput]: LedgerOutput[K] }>()
  for (const output of outputs) {
    const { atS, app, model, user, project, isRemote } = output
    const key = JSON.stringify([Math.floor(atS / QUARTER_S), app, model, user, project, isRemote])
    const sum = merged.get(key)
    if (sum === undefined) {
      merged.set(key, { ...output })
      continue
    }
    sum.atS = Math.max(sum.atS, atS)
    for (const count of COUNTS) sum[count] += output[count]
    for (const count of NULLABLE) sum[count] = sum[count] === null ? output[count] : sum[count] + (output[count] ?? 0)
  }
  return [...merged.values()]
}
