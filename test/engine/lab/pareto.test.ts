import fc from 'fast-check'
import { expect, test } from 'vitest'
import { paretoFront } from '../../../engine/lab/pareto.ts'
import { fcOptions } from '../../support/counts.ts'

test('the front holds exactly what none beats in both', () => {
  const value = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.double({ min: 0.01, max: 1_000, noNaN: true }))
  const points = fc.array(fc.record({ tokensPerS: value, jPerToken: value }), { maxLength: 14 })
  fc.assert(
    fc.property(points, (all) => {
      const unbeaten = all.filter(
        (one) =>
          !all.some(
            (other) =>
              other.tokensPerS >= one.tokensPerS &&
              other.jPerToken <= one.jPerToken &&
              (other.tokensPerS > one.tokensPerS || other.jPerToken < one.jPerToken),
          ),
      )
      expect(paretoFront(all)).toEqual(unbeaten)
    }),
    fcOptions('lab', 300, 20_000),
  )
})
