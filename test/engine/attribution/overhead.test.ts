import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DomainId } from '../../../contract/ids.ts'
import { createMeasuredSum } from '../../../engine/attribution/measured-sum.ts'
import { createOverheadBuckets, type OverheadBucket } from '../../../engine/attribution/overhead.ts'
import { fcOptions } from '../../support/counts.ts'

const cpu = 'cpu/0' as DomainId

/** A machine of `measuredW` whose meter shows `wholeW`, each told at its own pace from `fromMs` to `toMs`. */
function bucketsOf(parts: {
  wholeW: number
  measuredW: number
  wholeEveryMs: number
  measuredEveryMs?: number
  toMs: number
  /** Time of which the meter tells nothing. */
  silent?: readonly [number, number]
}): OverheadBucket[] {
  const { wholeW, measuredW, wholeEveryMs, measuredEveryMs = 1_000, toMs, silent } = parts
  const buckets = createOverheadBuckets(0.01)
  const sum = createMeasuredSum()
  sum.expect([cpu])
  const taken: OverheadBucket[] = []
  for (let atMs = 0; atMs < toMs; atMs += 500) {
    if (atMs % measuredEveryMs === 0 && atMs > 0) {
      const fromMs = atMs - measuredEveryMs
      const energy = { domain: cpu, fromMs, toMs: atMs, energyMj: measuredW * measuredEveryMs, varMj2: 0 } as const
      for (const slot of sum.add({ ...energy, provenance: 'counter' }, 0.025)) buckets.addMeasured(slot)
    }
    const isSilent = silent !== undefined && atMs > silent[0] && atMs <= silent[1]
    if (atMs % wholeEveryMs === 0 && atMs > 0 && !isSilent)
      buckets.addWhole({ fromMs: atMs - wholeEveryMs, toMs: atMs, energyMj: wholeW * wholeEveryMs })
    taken.push(...buckets.take())
  }
  return taken
}

test('what a meter shows beyond the parts is told by the minute, with how far it may be off', () => {
  const buckets = bucketsOf({ wholeW: 131, measuredW: 100, wholeEveryMs: 2_000, toMs: 200_000 })
  expect(buckets).toHaveLength(3)
  for (const { fromMs, toMs, wholeMj, measuredMj, uncertaintyMj } of buckets) {
    expect(toMs - fromMs).toBe(60_000)
    expect([wholeMj, measuredMj]).toEqual([131 * 60_000, 100 * 60_000])
    // 1 % of 131 W and 2.5 % of 100 W are independent.
    expect(uncertaintyMj / 60_000).toBeCloseTo(Math.hypot(1.31, 2.5), 6)
  }
})

test('a slow meter is waited for until it has told three figures', () => {
  const buckets = bucketsOf({ wholeW: 50, measuredW: 40, wholeEveryMs: 60_000, toMs: 600_000 })
  expect(buckets.length).toBeGreaterThan(1)
  for (const { fromMs, toMs, wholeMj, measuredMj } of buckets) {
    expect(toMs - fromMs).toBeGreaterThanOrEqual(120_000)
    expect(wholeMj - measuredMj).toBeCloseTo(10 * (toMs - fromMs), 3)
  }
})

test('time that only one of the two covers is in no bucket', () => {
  const buckets = bucketsOf({
    wholeW: 70,
    measuredW: 50,
    wholeEveryMs: 2_000,
    toMs: 400_000,
    silent: [70_000, 200_000],
  })
  for (const { fromMs, toMs } of buckets) expect(fromMs >= 200_000 || toMs <= 70_000).toBe(true)
  expect(buckets.map(({ wholeMj, measuredMj }) => wholeMj - measuredMj)).toEqual(buckets.map(() => 20 * 60_000))
})

test('a meter that shows less than its parts is told as it is: below nothing', () => {
  const [bucket] = bucketsOf({ wholeW: 20, measuredW: 30, wholeEveryMs: 2_000, toMs: 100_000 })
  expect((bucket?.wholeMj ?? 0) - (bucket?.measuredMj ?? 0)).toBe(-10 * 60_000)
})

test('whatever the paces, buckets do not overlap and their difference is the true one', () => {
  const everyMs = fc.integer({ min: 1, max: 60 }).map((halves) => halves * 500)
  fc.assert(
    fc.property(everyMs, everyMs, fc.integer({ min: -50, max: 300 }), (wholeEveryMs, measuredEveryMs, overheadW) => {
      const buckets = bucketsOf({ wholeW: 60 + overheadW, measuredW: 60, wholeEveryMs, measuredEveryMs, toMs: 600_000 })
      expect(buckets.length).toBeGreaterThan(0)
      let lastMs = 0
      for (const { fromMs, toMs, wholeMj, measuredMj } of buckets) {
        expect(fromMs).toBeGreaterThanOrEqual(lastMs)
        expect(toMs - fromMs).toBeGreaterThanOrEqual(60_000)
        expect((wholeMj - measuredMj) / (toMs - fromMs)).toBeCloseTo(overheadW, 6)
        lastMs = toMs
      }
    }),
    fcOptions('overhead', 50, 2_000),
  )
})

test('a meter without parts beside it, or parts without a meter, keep no more than an hour', () => {
  const buckets = createOverheadBuckets(0.01)
  for (let atMs = 0; atMs < 86_400_000; atMs += 10_000)
    buckets.addMeasured({ fromMs: atMs, energyMj: 1, uncertaintyMj: 0 })
  buckets.addWhole({ fromMs: 0, toMs: 86_400_000, energyMj: 8_640 })
  const lengthMs = buckets.take().reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  expect(lengthMs).toBeLessThanOrEqual(3_600_000)
})
