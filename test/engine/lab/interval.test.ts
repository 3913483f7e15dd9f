import fc from 'fast-check'
import { expect, test } from 'vitest'
import { meanInterval } from '../../../engine/lab/interval.ts'
import { studentQuantile } from '../../../engine/lab/student.ts'
import { fcOptions } from '../../support/counts.ts'

test.each([
  // Two-sided, from any printed table of Student's t.
  [0.05, 1, 12.706],
  [0.05, 2, 4.303],
  [0.05, 4, 2.776],
  [0.05, 5, 2.571],
  [0.01, 9, 3.25],
  [0.02, 30, 2.457],
  [0.001, 3, 12.924],
])('t for a tail of %d with %d degrees of freedom is %d', (tail, degrees, t) => {
  expect(studentQuantile(tail, degrees)).toBeCloseTo(t, 3)
})

test('one block says nothing of how blocks differ', () => {
  expect(meanInterval([3], 0.05)).toEqual({ mean: 3, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY })
})

test('an interval holds its mean, is the same for the same blocks, and is wider where less may be wrong', () => {
  const blocks = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 12 })
  fc.assert(
    fc.property(blocks, (values) => {
      const usual = meanInterval(values, 0.05)
      const wide = meanInterval(values, 0.005)
      expect(usual).toEqual(meanInterval(values, 0.05))
      expect(usual.low).toBeLessThanOrEqual(usual.mean + 1e-12)
      expect(usual.high).toBeGreaterThanOrEqual(usual.mean - 1e-12)
      expect(wide.low).toBeLessThanOrEqual(usual.low)
      expect(wide.high).toBeGreaterThanOrEqual(usual.high)
    }),
    fcOptions('lab', 60, 3_000),
  )
})
