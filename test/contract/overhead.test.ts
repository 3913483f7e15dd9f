import { expect, test } from 'vitest'
import { appFactors, totalFactor } from '../../contract/overhead.ts'

test('apps answer for overhead and cooling only where the settings say so, and a meter tells', () => {
  expect(appFactors({ countOverhead: false, coolingFactor: 1 }, 0.31)).toEqual({ overheadFactor: 1, coolingFactor: 1 })
  expect(appFactors({ countOverhead: true, coolingFactor: 1 }, null)).toEqual({ overheadFactor: 1, coolingFactor: 1 })
  expect(totalFactor(appFactors({ countOverhead: true, coolingFactor: 1.5 }, 0.2))).toBeCloseTo(1.8, 12)
  expect(totalFactor(appFactors({ countOverhead: true, coolingFactor: 1 }, -0.1))).toBeCloseTo(0.9, 12)
  expect(appFactors({ countOverhead: true, coolingFactor: 1 }, -2).overheadFactor).toBe(0)
})
