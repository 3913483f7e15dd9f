import { expect, test } from 'vitest'
import { virtualClock } from '../../engine/clock/virtual.ts'
import { createGapWatch } from '../../engine/gap-watch.ts'

function watched() {
  const clock = virtualClock({ wallMs: 1_000_000_000_000, boottimeMs: 50_000 })
  return { clock, watch: createGapWatch(clock) }
}

test('time that passes alike on all clocks is nothing to tell, however long', () => {
  const { clock, watch } = watched()
  clock.advance(1_000)
  expect(watch.look()).toEqual({ kind: 'none' })
  clock.advance(3_600_000)
  expect(watch.look()).toEqual({ kind: 'none' })
})

test('sleep is told once, with its length', () => {
  const { clock, watch } = watched()
  clock.sleep(28_800_000)
  clock.advance(1_000)
  expect(watch.look()).toEqual({ kind: 'suspend', sleptMs: 28_800_000 })
  clock.advance(1_000)
  expect(watch.look()).toEqual({ kind: 'none' })
})

test('a clock that is set is told by its step, forward and back', () => {
  const { clock, watch } = watched()
  clock.stepWall(3_600_000)
  expect(watch.look()).toEqual({ kind: 'clock', stepMs: 3_600_000 })
  clock.stepWall(-90_000)
  expect(watch.look()).toEqual({ kind: 'clock', stepMs: -90_000 })
})

test('a clock that is set by less than a second changes nothing, and such steps do not add up to one', () => {
  const { clock, watch } = watched()
  for (let i = 0; i < 10; i++) {
    clock.stepWall(700)
    expect(watch.look()).toEqual({ kind: 'none' })
  }
})

test('sleep during which the clock was set as well is still sleep', () => {
  const { clock, watch } = watched()
  clock.sleep(600_000)
  clock.stepWall(-300_000)
  expect(watch.look()).toEqual({ kind: 'suspend', sleptMs: 600_000 })
})
