/** Two accounts of the same energy are compared over this long, and so much of it must be covered by both. */
const WINDOW_MS = 10 * 60_000
const COVERED_RATIO = 0.8
const BUCKET_MS = 30_000

/** One account of a domain's energy: the one that counts, or another source's. */
export type Account = 'own' | 'other'

export type Verdict =
  | { readonly kind: 'tooShort' }
  | {
      readonly kind: 'agrees' | 'disagrees'
      readonly ownW: number
      readonly otherW: number
      /** How far apart they may be: both uncertainties at k = 2, in W. */
      readonly allowedW: number
    }

type Bucket = { readonly index: number; readonly mj: Record<Account, number>; readonly ms: Record<Account, number> }

/**
 * Holds two sources' accounts of one domain against each other: mean power over the last ten minutes, each by its own intervals. They
 * disagree where they are further apart than their uncertainties (k = 2) allow. Pure; shows, and never corrects.
 */
export interface CrossCheck {
  add(account: Account, energy: { readonly fromMs: number; readonly toMs: number; readonly energyMj: number }): void
  verdict(nowMs: number): Verdict
  clear(): void
}

/** `ownRatio`, `otherRatio`: relative standard uncertainties (k = 1) of the two gains. */
export function createCrossCheck(ownRatio: number, otherRatio: number): CrossCheck {
  let buckets: Bucket[] = []

  function bucketAt(atMs: number): Bucket {
    const index = Math.floor(atMs / BUCKET_MS)
    const known = buckets.find((bucket) => bucket.index === index)
    if (known !== undefined) return known
    const bucket = { index, mj: { own: 0, other: 0 }, ms: { own: 0, other: 0 } }
    const oldest = index - WINDOW_MS / BUCKET_MS
    buckets = [...buckets.filter((kept) => kept.index > oldest), bucket]
    return bucket
  }

  return {
    add(account, { fromMs, toMs, energyMj }) {
      if (!(toMs > fromMs) || toMs - fromMs > WINDOW_MS) return
      // A long interval is spread over the buckets that it covers, or the account of a slow meter would have holes.
      for (let startMs = fromMs; startMs < toMs; ) {
        const endMs = Math.min(toMs, (Math.floor(startMs / BUCKET_MS) + 1) * BUCKET_MS)
        const bucket = bucketAt(startMs)
        bucket.ms[account] += endMs - startMs
        bucket.mj[account] += (energyMj * (endMs - startMs)) / (toMs - fromMs)
        startMs = endMs
      }
    },
    verdict(nowMs) {
      const oldest = Math.floor((nowMs - WINDOW_MS) / BUCKET_MS)
      const sum = { own: { mj: 0, ms: 0 }, other: { mj: 0, ms: 0 } }
      for (const { index, mj, ms } of buckets) {
        if (index < oldest) continue
        for (const account of ['own', 'other'] as const) {
          sum[account].mj += mj[account]
          sum[account].ms += ms[account]
        }
      }
      if (Math.min(sum.own.ms, sum.other.ms) < COVERED_RATIO * WINDOW_MS) return { kind: 'tooShort' }
      const ownW = sum.own.mj / sum.own.ms
      const otherW = sum.other.mj / sum.other.ms
      const allowedW = 2 * Math.hypot(ownW * ownRatio, otherW * otherRatio)
      const kind = Math.abs(ownW - otherW) > allowedW ? 'disagrees' : 'agrees'
      return { kind, ownW, otherW, allowedW }
    },
    clear() {
      buckets = []
    },
  }
}
