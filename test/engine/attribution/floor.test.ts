import { expect, test } from 'vitest'
import { createFloorLearner, FloorState } from '../../../engine/attribution/floor.ts'

const HOUR = 3_600

function quiet(powerW: number) {
  return { powerW, lengthMs: 1_000, utilisation: 0.01 }
}

test('before anything was seen a device table gives the floor, and without one it is unknown', () => {
  expect(createFloorLearner(3).at(0)).toEqual({ powerW: 3, ratio: 0.4, origin: 'table' })
  expect(createFloorLearner(null).at(0)).toEqual({ powerW: 0, ratio: 1, origin: 'unknown' })
})

test('thirty quiet seconds replace the table; twenty-nine do not', () => {
  const learner = createFloorLearner(3)
  for (let i = 0; i < 29; i++) learner.observe(quiet(5), i)
  expect(learner.at(29).origin).toBe('table')
  learner.observe(quiet(5), 29)
  expect(learner.at(30)).toEqual({ powerW: 5, ratio: 0.05, origin: 'learned' })
})

test('the floor is the 5 % quantile: a few lower intervals do not pull it down, many busier ones do not push it up', () => {
  const learner = createFloorLearner(null)
  for (let i = 0; i < 4; i++) learner.observe(quiet(1), i)
  for (let i = 0; i < 20; i++) learner.observe(quiet(5), i)
  for (let i = 0; i < 76; i++) learner.observe(quiet(9), i)
  expect(learner.at(100).powerW).toBeCloseTo(5, 9)
})

test('only the last 24 h count once they hold enough', () => {
  const learner = createFloorLearner(null)
  for (let i = 0; i < 100; i++) learner.observe(quiet(4), i)
  for (let i = 0; i < 100; i++) learner.observe(quiet(7), 30 * HOUR + i)
  expect(learner.at(30 * HOUR + 100).powerW).toBeCloseTo(7, 9)
})

test('a floor that is not seen again is kept, and its uncertainty grows by 5 % a week', () => {
  const learner = createFloorLearner(null)
  for (let i = 0; i < 100; i++) learner.observe(quiet(4), i)
  expect(learner.at(100).ratio).toBe(0.05)
  const later = learner.at(100 + 24 * HOUR + 14 * 24 * HOUR)
  expect(later.powerW).toBeCloseTo(4, 9)
  expect(later.ratio).toBeCloseTo(0.15, 3)
})

test('what was learned is kept over a restart, through JSON', () => {
  const learner = createFloorLearner(null)
  for (let i = 0; i < 40; i++) learner.observe(quiet(4 + (i % 3)), i)
  const kept = FloorState.parse(JSON.parse(JSON.stringify(learner.state())))
  expect(createFloorLearner(null, kept).at(50)).toEqual(learner.at(50))
})

test('one quiet minute teaches what sixty quiet seconds teach', () => {
  const coarse = createFloorLearner(null)
  const fine = createFloorLearner(null)
  coarse.observe({ powerW: 5, lengthMs: 60_000, utilisation: 0 }, 60)
  for (let i = 0; i < 60; i++) fine.observe({ powerW: 5, lengthMs: 1_000, utilisation: 0 }, i)
  expect(coarse.at(60)).toEqual(fine.at(60))
})

test('a machine that is never quiet gets its floor from the line through power and load', () => {
  const learner = createFloorLearner(9)
  for (let i = 0; i < 60; i++) {
    const utilisation = 0.5 + (i % 6) * 0.3
    learner.observe({ powerW: 4 + 5 * utilisation, lengthMs: 1_000, utilisation }, i)
  }
  expect(learner.at(60)).toEqual({ powerW: expect.closeTo(4, 9), ratio: 0.3, origin: 'fitted' })
})

test('a load that never changes makes no line: the table holds', () => {
  const learner = createFloorLearner(9)
  for (let i = 0; i < 60; i++) learner.observe({ powerW: 14, lengthMs: 1_000, utilisation: 2 }, i)
  expect(learner.at(60).origin).toBe('table')
})

test('power that does not follow the load makes no line', () => {
  const learner = createFloorLearner(null)
  for (let i = 0; i < 60; i++)
    learner.observe({ powerW: 10 + ((i * 7) % 11), lengthMs: 1_000, utilisation: 0.5 + (i % 5) * 0.4 }, i)
  expect(learner.at(60).origin).toBe('unknown')
})
