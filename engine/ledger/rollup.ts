import type { Buckets } from './buckets.ts'
import type { ProgressOf } from './progress.ts'
import { isZoned, RESOLUTIONS, type ResolutionS } from './resolutions.ts'
import type { Rows } from './rows.ts'

/** A bucket is rolled up this long after its end: readings that come a few seconds late then cost nothing extra. */
const SETTLE_S = 20

/**
 * Sums every bucket that has ended since the last call into the next coarser resolution, and moves `completeToS` with it, in the
 * caller's transaction: so a second call, or one after a kill, finds nothing left to do. What comes later for a bucket that is
 * rolled up is added at each resolution by the writer.
 */
export function rollUp(rows: Rows, buckets: Buckets, progress: ProgressOf, finestS: ResolutionS, nowS: number): void {
  let endedS = nowS - SETTLE_S
  for (const [index, coarserS] of RESOLUTIONS.entries()) {
    const finerS = RESOLUTIONS[index - 1]
    if (finerS === undefined || finerS < finestS) continue
    const beforeS = progress[coarserS].completeToS
    if (!isZoned(coarserS) && endedS < beforeS + coarserS) return
    rollInto(rows, buckets, progress, finerS, coarserS, endedS)
    endedS = progress[coarserS].completeToS
    // Every call leaves all resolutions rolled up: where this one did not move, those above it cannot.
    if (endedS === beforeS) return
  }
}

function rollInto(
  rows: Rows,
  buckets: Buckets,
  progress: ProgressOf,
  finerS: ResolutionS,
  coarserS: ResolutionS,
  endedS: number,
): void {
  const state = progress[coarserS]
  for (;;) {
    const firstS = rows.firstStartS(finerS, state.completeToS)
    const bucket = buckets.holding(coarserS, Math.min(firstS ?? endedS, endedS), state.completeToS)
    if (firstS === null || firstS >= endedS || bucket.endS > endedS) {
      state.completeToS = Math.max(state.completeToS, bucket.startS)
      return
    }
    rows.roll(finerS, coarserS, bucket)
    state.completeToS = bucket.endS
  }
}

/**
 * The home zone has moved: the day that is not yet rolled up ends where the rolled hours end, and the next hour and day begin
 * there, cut in the new zone.
 */
export function closeDayForMove(rows: Rows, progress: ProgressOf): void {
  const day = progress[86_400]
  const bucket = { startS: day.completeToS, endS: progress[3_600].completeToS }
  if (bucket.endS <= bucket.startS) return
  const firstS = rows.firstStartS(3_600, bucket.startS)
  if (firstS !== null && firstS < bucket.endS) rows.roll(3_600, 86_400, bucket)
  day.completeToS = bucket.endS
}
