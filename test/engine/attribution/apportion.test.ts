import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apportion } from '../../../engine/attribution/apportion.ts'
import { fcOptions } from '../../support/counts.ts'

test('the largest remainders get what rounding down left over', () => {
  expect(apportion(100, [1, 1, 1], ['a', 'b', 'c'])).toEqual([34, 33, 33])
  expect(apportion(10, [5, 3, 2], ['a', 'b', 'c'])).toEqual([5, 3, 2])
  expect(apportion(7, [0, 2, 1], ['a', 'b', 'c'])).toEqual([0, 5, 2])
})

test('a tie goes to the lower id, whatever the order of the input', () => {
  expect(apportion(1, [1, 1], ['b', 'a'])).toEqual([0, 1])
  expect(apportion(1, [1, 1], ['a', 'b'])).toEqual([1, 0])
})

const parts = fc
  .array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 })
  .filter((weights) => weights.some((w) => w > 1e-9))

test('parts are integers that sum to the total, none negative, none for a weight of 0, and none off its quota by 1 or more', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), parts, (total, weights) => {
      const got = apportion(
        total,
        weights,
        weights.map((_, i) => `app-${i}`),
      )
      const sum = weights.reduce((a, b) => a + b, 0)
      expect(got.reduce((a, b) => a + b, 0)).toBe(total)
      for (const [i, part] of got.entries()) {
        expect(Number.isSafeInteger(part)).toBe(true)
        if (weights[i] === 0) expect(part).toBe(0)
        expect(Math.abs(part - (total * (weights[i] as number)) / sum)).toBeLessThan(1 + total * 1e-12)
      }
    }),
    fcOptions('attribution', 200, 20_000),
  )
})
