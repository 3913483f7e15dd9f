import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Live } from '../../../contract/now.ts'
import { fullScaleW, gapsOf, rankApps, stackLive } from '../../../renderer/live/stack.ts'
import { aiPowerW } from '../../../renderer/popover/ai-power.ts'
import { fcOptions } from '../../support/counts.ts'

const live: Live = {
  at: [10, 11, 12],
  machineW: [20, null, 30],
  idleW: [5, null, 5],
  otherW: [2, null, 4],
  estimated: false,
  apps: [
    { key: 'light', name: 'Light', powerW: [3, null, 1] },
    { key: 'heavy', name: 'Heavy', powerW: [9, null, 19] },
    { key: 'none', name: 'None', powerW: [0, null, 0] },
    { key: 'rest', name: 'Rest', powerW: [1, null, 1] },
  ],
}

test('layers lie on idle, apps in the order of their colours, the rest folded, other on top; the last top is the machine', () => {
  const { layers } = stackLive(
    live,
    new Map([
      ['heavy', 1],
      ['light', 0],
    ]),
  )
  expect(layers.map(({ name, kind, slot }) => [name, kind, slot])).toEqual([
    ['Idle', 'idle', null],
    ['Light', 'app', 0],
    ['Heavy', 'app', 1],
    ['1 more', 'more', null],
    ['Other', 'other', null],
  ])
  expect(layers.map((layer) => layer.topW)).toEqual([
    [5, null, 5],
    [8, null, 6],
    [17, null, 25],
    [18, null, 26],
    [20, null, 30],
  ])
})

test('apps are ranked by what they drew in the window, and those that drew nothing are not', () => {
  expect(rankApps(live)).toEqual(['heavy', 'light', 'rest'])
})

test('the AI is the sum of its apps without the meter itself, unknown where the machine is', () => {
  expect(aiPowerW(live, new Set())).toEqual([13, null, 21])
  expect(aiPowerW(live, new Set(['light']))).toEqual([10, null, 20])
})

test('a gap reaches from the last figure to the next; what came before the first figure is none', () => {
  expect(gapsOf([1, 2, 3, 4, 5, 6], [null, 7, null, null, 8, null])).toEqual([
    { fromS: 2, toS: 5 },
    { fromS: 5, toS: 6 },
  ])
  expect(gapsOf([1, 2], [null, null])).toEqual([])
  expect(gapsOf([], [])).toEqual([])
})

test.each([
  [0, 2],
  [2.1, 3],
  [40, 40],
  [40.1, 50],
  [62, 80],
  [96, 100],
  [101, 150],
])('%d W is shown on a scale to %d W', (largestW, scaleW) => expect(fullScaleW(largestW)).toBeCloseTo(scaleW, 9))

test('for any watts the layers never fall, and the top is the sum of what is below', () => {
  const watts = fc.option(fc.double({ min: 0, max: 400, noNaN: true }), { nil: null })
  const moment = fc.record({ machine: watts, idle: watts, other: watts, a: watts, b: watts })
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 30 }), (moments) => {
      const made: Live = {
        at: moments.map((_, index) => index),
        machineW: moments.map(({ machine }) => machine),
        idleW: moments.map(({ idle }) => idle),
        otherW: moments.map(({ other }) => other),
        estimated: true,
        apps: [
          { key: 'a', name: 'a', powerW: moments.map(({ a }) => a) },
          { key: 'b', name: 'b', powerW: moments.map(({ b }) => b) },
        ],
      }
      const { layers } = stackLive(made, new Map([['a', 0]]))
      moments.forEach(({ machine, idle, other, a, b }, index) => {
        const tops = layers.map((layer) => layer.topW[index] ?? null)
        if (machine === null) {
          expect(new Set(tops)).toEqual(new Set([null]))
          return
        }
        expect(tops).toEqual([...tops].sort((x, y) => Number(x) - Number(y)))
        expect(tops.at(-1)).toBeCloseTo(
          [idle, other, a, b].reduce<number>((sum, part) => sum + (part ?? 0), 0),
          6,
        )
      })
    }),
    fcOptions('stack', 100, 5_000),
  )
})

test('a full scale holds what it is for and is at most twice it', () => {
  fc.assert(
    fc.property(fc.double({ min: 2, max: 20_000, noNaN: true }), (largestW) => {
      const scaleW = fullScaleW(largestW)
      expect(scaleW).toBeGreaterThanOrEqual(largestW * (1 - 1e-9))
      expect(scaleW).toBeLessThanOrEqual(largestW * 2)
    }),
    fcOptions('full-scale', 300, 20_000),
  )
})
