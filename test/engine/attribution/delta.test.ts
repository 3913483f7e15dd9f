import { describe, expect, test } from 'vitest'
import type { DomainId, SourceId } from '../../../contract/ids.ts'
import { problem } from '../../../contract/result.ts'
import { createDelta } from '../../../engine/attribution/delta.ts'
import type { Domain, Reading } from '../../../engine/sources/source.ts'

const PACKAGE: Domain = {
  id: 'cpu/0' as DomainId,
  kind: 'cpu',
  parent: null,
  source: 'rapl' as SourceId,
  provenance: 'counter',
  name: 'CPU package 0',
  gainRatio: 0.025,
  plausibleMaxW: 500,
  activity: 'cpu',
  tableFloorW: null,
}

function counter(atMs: number, raw: number, wrapsAfter: number | null = 262_143_328_850): Reading {
  return {
    kind: 'counter',
    domain: PACKAGE.id,
    atMs,
    raw: BigInt(raw),
    unitNj: 1_000n,
    wrapsAfter: wrapsAfter === null ? null : BigInt(wrapsAfter),
  }
}

function sensor(atMs: number, powerW: number): Reading {
  return { kind: 'sensor', domain: PACKAGE.id, atMs, powerW }
}

function energies(readings: readonly Reading[]): (number | string)[] {
  const delta = createDelta(PACKAGE)
  return readings.map((reading) => {
    const outcome = delta.take(reading)
    return outcome.kind === 'energy' ? outcome.energy.energyMj : outcome.cause
  })
}

describe('a counter', () => {
  test('gives the difference of two reads, and nothing for the first', () => {
    expect(energies([counter(0, 1_000_000), counter(1_000, 16_000_000)])).toEqual(['first', 15_000])
  })

  test('that wraps between two reads yields the energy across the wrap, not a spike', () => {
    expect(energies([counter(0, 262_143_000_000), counter(1_000, 15_000_000)])).toEqual(['first', 15_328])
  })

  test('that falls from its lower half was reset: a gap', () => {
    expect(energies([counter(0, 90_000_000), counter(1_000, 5_000_000), counter(2_000, 25_000_000)])).toEqual([
      'first',
      'reset',
      20_000,
    ])
  })

  test('of unknown range that falls is a gap', () => {
    expect(energies([counter(0, 262_143_000_000, null), counter(1_000, 15_000_000, null)])).toEqual([
      'first',
      'wrapUnknown',
    ])
  })

  test('that may have wrapped more than once is a gap', () => {
    const hour = 3_600_000
    expect(energies([counter(0, 262_143_000_000), counter(hour, 15_000_000)])).toEqual(['first', 'wrapUnknown'])
  })

  test('that jumps further than the hardware can draw is a gap', () => {
    expect(energies([counter(0, 0), counter(1_000, 501_000_001), counter(2_000, 502_000_001)])).toEqual([
      'first',
      'impossible',
      1_000,
    ])
  })

  test('loses no fraction of a millijoule to rounding over many ticks', () => {
    const readings = Array.from({ length: 1_001 }, (_, i) => counter(i * 1_000, i * 1_234_567))
    const sum = energies(readings).reduce<number>((all, one) => (typeof one === 'number' ? all + one : all), 0)
    expect(sum).toBe(1_234_567)
  })

  test('read twice at one time gives nothing, and the next read covers both', () => {
    expect(energies([counter(0, 0), counter(0, 5_000_000), counter(1_000, 10_000_000)])).toEqual([
      'first',
      'backwards',
      10_000,
    ])
  })

  test('that fails gives a gap until it has been read twice again', () => {
    const fault: Reading = { kind: 'fault', domain: PACKAGE.id, atMs: 1_000, problem: problem('broken', 'EINVAL') }
    expect(energies([counter(0, 0), fault, counter(2_000, 5_000_000), counter(3_000, 9_000_000)])).toEqual([
      'first',
      'fault',
      'first',
      4_000,
    ])
  })
})

describe('a sensor', () => {
  test('is integrated by the trapezoid rule over its own times', () => {
    expect(energies([sensor(0, 10), sensor(2_000, 20), sensor(3_000, 20)])).toEqual(['first', 30_000, 20_000])
  })

  test('that was silent for over half a minute says nothing about the time between', () => {
    expect(energies([sensor(0, 10), sensor(31_000, 10)])).toEqual(['first', 'late'])
  })

  test('with a negative or absurd value is left out', () => {
    expect(energies([sensor(0, 10), sensor(1_000, -40), sensor(2_000, 9e9)])).toEqual([
      'first',
      'impossible',
      'impossible',
    ])
    expect(energies([sensor(0, 10), sensor(1_000, Number.NaN)])).toEqual(['first', 'impossible'])
  })

  test('has a sampling variance where it changed between two reads', () => {
    const delta = createDelta(PACKAGE)
    delta.take(sensor(0, 10))
    const outcome = delta.take(sensor(1_000, 22))
    expect(outcome.kind === 'energy' && outcome.energy.varMj2).toBeCloseTo((12 * 1_000) ** 2 / 12 + 1 / 6, 6)
  })
})

test('a card that is asleep draws 0 mJ of provenance estimate: nobody reads "0 W measured"', () => {
  const delta = createDelta(PACKAGE)
  delta.take({ kind: 'asleep', domain: PACKAGE.id, atMs: 0 })
  const outcome = delta.take({ kind: 'asleep', domain: PACKAGE.id, atMs: 1_000 })
  expect(outcome.kind === 'energy' && outcome.energy).toMatchObject({ energyMj: 0, provenance: 'estimate' })
})

test('after a restart no interval reaches across the gap', () => {
  const delta = createDelta(PACKAGE)
  delta.take(counter(0, 0))
  delta.restart()
  expect(delta.take(counter(1_000, 10_000_000))).toEqual({ kind: 'gap', cause: 'first' })
})
