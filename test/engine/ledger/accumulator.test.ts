import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Accumulator, type PendingBucket } from '../../../engine/ledger/accumulator.ts'
import { fcOptions } from '../../support/counts.ts'
import { anyInterval } from './machine-arbitraries.ts'
import { comfy, cpu, interval, MIDNIGHT_S, ollama } from './records.ts'

type Totals = { energyMj: number; idleMj: number; otherMj: number; estimatedMj: number; apps: Record<string, number> }

function totals(buckets: readonly PendingBucket[]): Totals {
  const sum: Totals = { energyMj: 0, idleMj: 0, otherMj: 0, estimatedMj: 0, apps: {} }
  for (const { cells } of buckets) {
    for (const cell of cells.values()) {
      sum.energyMj += cell.energyMj
      sum.idleMj += cell.idleMj
      sum.otherMj += cell.otherMj
      sum.estimatedMj += cell.estimatedMj
      for (const [app, { activeMj, idleMj }] of cell.apps) {
        if (activeMj > 0) sum.apps[`${app} active`] = (sum.apps[`${app} active`] ?? 0) + activeMj
        if (idleMj > 0) sum.apps[`${app} idle`] = (sum.apps[`${app} idle`] ?? 0) + idleMj
      }
    }
  }
  return sum
}

/** All that waits, as it would be written. */
function drain(pending: Accumulator): PendingBucket[] {
  const buckets: PendingBucket[] = []
  while (pending.size > 0) {
    const chunk = pending.oldest()
    buckets.push(...chunk.buckets)
    pending.drop(chunk)
  }
  return buckets
}

function expectConservation(buckets: readonly PendingBucket[]): void {
  for (const { cells } of buckets) {
    for (const cell of cells.values()) {
      let sumMj = cell.idleMj + cell.otherMj
      for (const { activeMj, idleMj } of cell.apps.values()) sumMj += activeMj + idleMj
      expect(sumMj).toBe(cell.energyMj)
      expect(Math.min(cell.idleMj, cell.otherMj, cell.energyMj - cell.estimatedMj)).toBeGreaterThanOrEqual(0)
    }
  }
}

test('an interval across a boundary is divided pro rata and loses no millijoule', () => {
  const pending = new Accumulator(10)
  pending.add(interval(cpu, [MIDNIGHT_S + 9, MIDNIGHT_S + 12], { otherMj: 100, shares: { ollama: { activeMj: 50 } } }))
  const [before, after] = drain(pending)
  expect(before?.cells.get(cpu.id)).toMatchObject({ energyMj: 33 + 17, otherMj: 33 })
  expect(after?.cells.get(cpu.id)).toMatchObject({ energyMj: 67 + 33, otherMj: 67 })
})

test('whatever the intervals, each bucket conserves energy and all buckets together hold exactly what was recorded', () => {
  fc.assert(
    fc.property(fc.array(anyInterval(MIDNIGHT_S, 200), { maxLength: 20 }), (intervals) => {
      const pending = new Accumulator(10)
      const expected: Totals = { energyMj: 0, idleMj: 0, otherMj: 0, estimatedMj: 0, apps: {} }
      for (const one of intervals) {
        pending.add(one)
        expected.energyMj += one.energyMj
        expected.idleMj += one.idleMj
        expected.otherMj += one.otherMj
        if (one.provenance === 'estimate') expected.estimatedMj += one.energyMj
        for (const { app, activeMj, idleMj } of one.shares) {
          if (activeMj > 0) expected.apps[`${app} active`] = (expected.apps[`${app} active`] ?? 0) + activeMj
          if (idleMj > 0) expected.apps[`${app} idle`] = (expected.apps[`${app} idle`] ?? 0) + idleMj
        }
      }
      const buckets = drain(pending)
      expect(totals(buckets)).toEqual(expected)
      expectConservation(buckets)
    }),
    fcOptions('ledger-accumulator', 200, 10_000),
  )
})

test('an interval in which the clock was set back belongs to the bucket of its start', () => {
  const pending = new Accumulator(10)
  pending.add(interval(cpu, [MIDNIGHT_S + 25, MIDNIGHT_S + 3], { otherMj: 7 }))
  expect(drain(pending).map(({ startS }) => startS)).toEqual([MIDNIGHT_S + 20])
})

test('while nothing can be written, twelve hours stay in memory within bounds and every millijoule of them is kept', () => {
  const pending = new Accumulator(10)
  let dropped = 0
  for (let index = 0; index < 12 * 360; index++) {
    const startS = MIDNIGHT_S + index * 10
    pending.add(interval(cpu, [startS, startS + 10], { idleMj: 13, shares: { ollama: { activeMj: 1 + (index % 7) } } }))
    dropped += pending.compact().length
    expect(pending.size).toBeLessThanOrEqual(1_440 + 721)
  }
  expect(dropped).toBe(0)
  const buckets = drain(pending)
  expectConservation(buckets)
  const activeMj = Array.from({ length: 4_320 }, (_, index) => 1 + (index % 7)).reduce((a, b) => a + b)
  expect(totals(buckets)).toMatchObject({ idleMj: 4_320 * 13, apps: { [`${ollama.id} active`]: activeMj } })
  expect(buckets.every(({ startS, endS }) => endS - startS === 10)).toBe(true)
})

test('beyond a day the oldest minutes are dropped, and which they were is said', () => {
  const pending = new Accumulator(10)
  const lost: { startS: number; endS: number }[] = []
  for (let index = 0; index < 30 * 360; index++) {
    const startS = MIDNIGHT_S + index * 10
    pending.add(interval(cpu, [startS, startS + 10], { shares: { [comfy.id]: { activeMj: 2 } } }))
    lost.push(...pending.compact())
  }
  expect(lost[0]).toMatchObject({ startS: MIDNIGHT_S, endS: MIDNIGHT_S + 60 })
  expect(totals(drain(pending)).energyMj).toBe(30 * 360 * 2 - lost.length * 12)
  expect(lost.length).toBeGreaterThan(3 * 60)
})
