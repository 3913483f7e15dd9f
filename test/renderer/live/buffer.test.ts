import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Live, Now } from '../../../contract/now.ts'
import { appendNow } from '../../../renderer/live/buffer.ts'
import { fcOptions } from '../../support/counts.ts'
import { AT_S, fullNow, liveOf } from '../fixtures.ts'

const empty: Live = { at: [], machineW: [], idleW: [], otherW: [], estimated: false, apps: [] }

/** A tick at `at` in which the named apps draw what is given. */
function tick(at: number, powerW: number | null, apps: Readonly<Record<string, number>> = {}): Now {
  const now = fullNow()
  const [pattern] = now.apps
  if (pattern === undefined) throw new Error('The fixture has apps.')
  return {
    ...now,
    at,
    machine: {
      ...now.machine,
      powerW,
      idlePowerW: powerW === null ? null : 5,
      otherPowerW: powerW === null ? null : 1,
    },
    apps: Object.entries(apps).map(([id, appW]) => ({
      ...pattern,
      id: id as typeof pattern.id,
      name: id,
      powerW: appW,
    })),
  }
}

test('a tick is appended, and the second before it is kept', () => {
  const live = appendNow(appendNow(empty, tick(100, 20, { a: 3 })), tick(101, 21, { a: 4 }))
  expect(live).toMatchObject({
    at: [100, 101],
    machineW: [20, 21],
    idleW: [5, 5],
    otherW: [1, 1],
    apps: [{ key: 'a', name: 'a', powerW: [3, 4] }],
  })
})

test('a tick that is not newer changes nothing', () => {
  const live = appendNow(empty, tick(100, 20))
  expect(appendNow(live, tick(100, 99))).toBe(live)
  expect(appendNow(live, tick(99, 99))).toBe(live)
})

test('missing ticks leave a column without figures between, so that no line is drawn across', () => {
  const live = appendNow(appendNow(empty, tick(100, 20, { a: 3 })), tick(130, 21, { a: 4 }))
  expect(live.at).toEqual([100, 101, 130])
  expect(live.machineW).toEqual([20, null, 21])
  expect(live.apps[0]?.powerW).toEqual([3, null, 4])
})

test('one late second is not a gap', () => {
  expect(appendNow(appendNow(empty, tick(100, 20)), tick(102, 21)).at).toEqual([100, 102])
})

test('an app that comes later drew nothing before, and nobody knows what in a gap', () => {
  let live = appendNow(empty, tick(100, 20))
  live = appendNow(live, tick(101, null))
  live = appendNow(live, tick(102, 22, { late: 7 }))
  expect(live.apps).toEqual([{ key: 'late', name: 'late', powerW: [0, null, 7] }])
})

test('an app that ends draws nothing from then on, and is dropped when its last watt is too old', () => {
  let live = appendNow(empty, tick(100, 20, { a: 3 }), 3)
  live = appendNow(live, tick(101, 20), 3)
  expect(live.apps[0]?.powerW).toEqual([3, 0])
  live = appendNow(appendNow(appendNow(live, tick(102, 20), 3), tick(103, 20), 3), tick(104, 20), 3)
  expect(live.at).toEqual([101, 102, 103, 104])
  expect(live.apps).toEqual([])
})

test('fifteen minutes and no more are kept, all columns of one length', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), (steps) => {
      let live: Live = liveOf(fullNow(), 880)
      let at = AT_S
      for (const step of steps) {
        at += step
        live = appendNow(live, tick(at, step % 7 === 0 ? null : step, { ollama: step }))
      }
      const length = live.at.length
      expect(live.at[0]).toBeGreaterThanOrEqual(at - 900)
      expect(
        [live.machineW, live.idleW, live.otherW, ...live.apps.map((app) => app.powerW)].map((c) => c.length),
      ).toEqual(new Array(3 + live.apps.length).fill(length))
      expect(live.at).toEqual([...new Set(live.at)].sort((a, b) => a - b))
    }),
    fcOptions('live-buffer', 50, 2_000),
  )
})
