import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DomainId } from '../../../contract/ids.ts'
import type { Pair } from '../../../engine/calibration/load-levels.ts'
import { createSlots } from '../../../engine/calibration/slots.ts'
import { fcOptions } from '../../support/counts.ts'

const BATTERY = DomainId.parse('battery/main')
const CARD = DomainId.parse('gpu/0000:01:00.0')
const CPUS = 4

/** A machine whose load and powers are functions of the second; the battery is read every `everyS`. */
function watch(options: {
  seconds: number
  load: (s: number) => number
  batteryW: (s: number) => number
  everyS?: number
  cardW?: (s: number) => number
}): Pair[] {
  const { seconds, load, batteryW, everyS = 2, cardW } = options
  const pairs: Pair[] = []
  const explained = cardW === undefined ? new Map() : new Map([[CARD, 0.05]])
  const slots = createSlots({ reference: new Map([[BATTERY, 0.02]]), explained }, (pair) => pairs.push(pair))
  let busyMs = 0
  let batteryMj = 0
  slots.takeLoad({ atMs: 0, busyMs, logicalCpus: CPUS })
  for (let s = 1; s <= seconds; s++) {
    busyMs += load(s - 1) * 1_000 * CPUS
    slots.takeLoad({ atMs: s * 1_000, busyMs, logicalCpus: CPUS })
    const of = { provenance: 'sensor', varMj2: 0, toMs: s * 1_000 } as const
    if (cardW !== undefined)
      slots.takeEnergy({ ...of, domain: CARD, fromMs: (s - 1) * 1_000, energyMj: cardW(s - 1) * 1_000 })
    batteryMj += batteryW(s - 1) * 1_000
    if (s % everyS !== 0) continue
    slots.takeEnergy({ ...of, domain: BATTERY, fromMs: (s - everyS) * 1_000, energyMj: batteryMj })
    batteryMj = 0
  }
  return pairs
}

test('every five steady seconds are a pair of load and power', () => {
  const pairs = watch({ seconds: 60, load: () => 0.5, batteryW: () => 30 })
  expect(pairs.length).toBeGreaterThanOrEqual(10)
  for (const pair of pairs) {
    expect(pair).toMatchObject({ seconds: 5 })
    expect(pair.utilisation).toBeCloseTo(0.5, 9)
    expect(pair.powerW).toBeCloseTo(30, 9)
    expect(pair.errorW).toBeCloseTo(0.6, 9)
  }
})

test('what a card drew is taken off, and its uncertainty stays in', () => {
  const [pair] = watch({ seconds: 30, load: () => 0.1, batteryW: () => 50, cardW: () => 20 })
  expect(pair?.powerW).toBeCloseTo(30, 9)
  expect(pair?.errorW).toBeCloseTo(Math.hypot(1, 1), 9)
})

test('seconds around a change of load make no pair, because a gauge may still show what was before', () => {
  const load = (s: number) => (s < 31 ? 0.1 : 0.9)
  const pairs = watch({ seconds: 90, load, batteryW: (s) => 10 + 40 * load(s - 3) })
  expect(new Set(pairs.map(({ powerW }) => Math.round(powerW)))).toEqual(new Set([14, 46]))
})

test('a meter that looks every half minute makes pairs where the load kept still for as long', () => {
  const everyS = 30
  expect(watch({ seconds: 200, load: () => 0.3, batteryW: () => 20, everyS }).length).toBeGreaterThan(10)
  const restless = (s: number) => (Math.floor(s / 20) % 2 === 0 ? 0.1 : 0.8)
  expect(watch({ seconds: 600, load: restless, batteryW: () => 20, everyS })).toEqual([])
})

test('without the other account, across a restart, or while the load is not told there are no pairs', () => {
  const pairs: Pair[] = []
  const slots = createSlots({ reference: new Map([[BATTERY, 0.02]]), explained: new Map() }, (pair) => pairs.push(pair))
  const energy = (fromS: number, toS: number) => ({
    ...({ domain: BATTERY, provenance: 'sensor', varMj2: 0 } as const),
    ...{ fromMs: fromS * 1_000, toMs: toS * 1_000, energyMj: 10_000 },
  })
  for (let s = 0; s < 60; s++) slots.takeEnergy(energy(s, s + 1))
  expect(pairs).toEqual([])
  slots.takeLoad({ atMs: 60_000, busyMs: 0, logicalCpus: CPUS })
  slots.restart()
  slots.takeLoad({ atMs: 90_000, busyMs: 0, logicalCpus: CPUS })
  for (let s = 60; s < 90; s++) slots.takeEnergy(energy(s, s + 1))
  expect(pairs).toEqual([])
})

test('whatever comes in, pairs are sound', () => {
  const event = fc.record({
    isLoad: fc.boolean(),
    fromS: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
    lengthS: fc.double({ min: -10, max: 300, noNaN: true }),
    amount: fc.double({ min: -1e9, max: 1e12, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const pairs: Pair[] = []
      const slots = createSlots({ reference: new Map([[BATTERY, 0.02]]), explained: new Map() }, (pair) =>
        pairs.push(pair),
      )
      for (const { isLoad, fromS, lengthS, amount } of events) {
        const fromMs = fromS * 1_000
        if (isLoad) slots.takeLoad({ atMs: fromMs, busyMs: amount, logicalCpus: CPUS })
        else {
          const toMs = fromMs + lengthS * 1_000
          slots.takeEnergy({ domain: BATTERY, provenance: 'sensor', varMj2: 0, fromMs, toMs, energyMj: amount })
        }
      }
      for (const { utilisation, powerW, errorW } of pairs) {
        expect(utilisation).toBeGreaterThanOrEqual(0)
        expect(Number.isFinite(powerW) && Number.isFinite(errorW)).toBe(true)
      }
    }),
    fcOptions('calibration', 200, 20_000),
  )
})
