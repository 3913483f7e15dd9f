import { expect, test } from 'vitest'
import { createResidencyLearner } from '../../../engine/attribution/residency.ts'

test('nothing is said of residency before five seconds of it were seen', () => {
  const residency = createResidencyLearner()
  for (let second = 0; second < 4; second++) residency.observe(30, 1_000)
  expect(residency.powerW()).toBeNull()
  residency.observe(30, 1_000)
  expect(residency.powerW()).toBeCloseTo(30, 9)
})

test('another model in memory is learnt within minutes', () => {
  const residency = createResidencyLearner()
  for (let second = 0; second < 600; second++) residency.observe(30, 1_000)
  for (let second = 0; second < 900; second++) residency.observe(60, 1_000)
  expect(residency.powerW()).toBeGreaterThan(58)
})

test('a reading below the floor counts as none above it, and nonsense not at all', () => {
  const residency = createResidencyLearner()
  residency.observe(Number.NaN, 1_000)
  residency.observe(10, 0)
  residency.observe(-5, 10_000)
  expect(residency.powerW()).toBe(0)
})
