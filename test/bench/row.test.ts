import fc from 'fast-check'
import { expect, test } from 'vitest'
import { measuredRow, type RowDefinition, unmeasuredRow } from '../../bench/row.ts'
import { mean, median, quantile } from '../../bench/statistics.ts'
import { fcOptions } from '../support/counts.ts'

const againstTop: RowDefinition = { id: 'tick', title: 'A tick', unit: 'ms CPU', target: 0.1, against: 'top' }
const alone: RowDefinition = { ...againstTop, target: 3, against: null }

test('a row with a peer is judged by the ratio of the medians, its target included', () => {
  const row = measuredRow(againstTop, { ours: [9, 1, 1.1], peers: { top: [11, 40, 10], atop: [30] } })
  expect(row).toMatchObject({ ours: 1.1, peers: { top: 11, atop: 30 }, ratio: 0.1, ok: true, range: [1, 9], rounds: 3 })
  expect(measuredRow(againstTop, { ours: [1.2], peers: { top: [11] } })).toMatchObject({ ok: false })
})

test('a row without a peer is judged by its own median', () => {
  expect(measuredRow(alone, { ours: [3] })).toMatchObject({ ours: 3, ratio: null, ok: true })
  expect(measuredRow(alone, { ours: [3.01] })).toMatchObject({ ok: false })
})

test('a figure without a target is ok when it was measured', () => {
  const plain = { ...alone, target: null }
  expect(measuredRow(plain, { ours: [1_000] }).ok).toBe(true)
  expect(measuredRow(plain, { ours: [] }).ok).toBe(false)
})

test('a peer that is not installed is named with the reason, and the row is not ok', () => {
  const row = measuredRow(againstTop, { ours: [0], peers: { top: { why: 'not installed' } } })
  expect(row).toMatchObject({ ours: 0, peers: { top: null }, ratio: null, ok: false, note: 'top: not installed' })
})

test('a peer that cost nothing was not measured: no ratio and not ok', () => {
  expect(measuredRow(againstTop, { ours: [0], peers: { top: [0] } })).toMatchObject({ ratio: null, ok: false })
})

test('a row that could not run says why and is never ok', () => {
  expect(unmeasuredRow(againstTop, 'needs a C compiler')).toEqual({
    ...{ id: 'tick', title: 'A tick', unit: 'ms CPU', ours: null, peers: { top: null }, ratio: null, target: 0.1 },
    ...{ ok: false, range: null, rounds: 0, parts: {}, note: 'needs a C compiler' },
  })
})

test('median, mean and quantile are of the values given', () => {
  expect([median([5, 1, 3]), median([4, 1, 3, 2]), mean([1, 2, 6])]).toEqual([3, 2.5, 3])
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([quantile(hundred, 0.95), quantile(hundred, 1), quantile(hundred, 0)]).toEqual([95, 100, 1])
})

test('of nothing there is no median, mean or quantile', () => {
  for (const of of [median, mean, (values: number[]) => quantile(values, 0.5)]) expect(() => of([])).toThrow('nothing')
})

test('half of all values are at most the median, and half at least', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 })
  fc.assert(
    fc.property(values, (given) => {
      const middle = median(given)
      expect(given.filter((value) => value <= middle).length * 2).toBeGreaterThanOrEqual(given.length)
      expect(given.filter((value) => value >= middle).length * 2).toBeGreaterThanOrEqual(given.length)
    }),
    fcOptions('bench-median', 200, 5_000),
  )
})
