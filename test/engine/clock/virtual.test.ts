import fc from 'fast-check'
import { expect, test } from 'vitest'
import { virtualClock } from '../../../engine/clock/virtual.ts'
import { fcOptions } from '../../support/counts.ts'

test('time stands still until it is told to pass', () => {
  const clock = virtualClock({ wallMs: 1_000, boottimeMs: 50 })
  expect([clock.monotonicMs(), clock.boottimeMs(), clock.wallMs()]).toEqual([0, 50, 1_000])
  clock.advance(7.5)
  expect([clock.monotonicMs(), clock.boottimeMs(), clock.wallMs()]).toEqual([7.5, 57.5, 1_007.5])
})

test('sleep passes for boot and wall time, a step for wall time alone', () => {
  const clock = virtualClock({ wallMs: 0 })
  clock.sleep(100)
  clock.stepWall(-30)
  expect([clock.monotonicMs(), clock.boottimeMs(), clock.wallMs()]).toEqual([0, 100, 70])
})

test('what falls due is called at its time, in order, and what it sets in turn too', () => {
  const clock = virtualClock({ wallMs: 0 })
  const calls: string[] = []
  const note = (name: string) => () => calls.push(`${name}@${clock.monotonicMs()}`)
  clock.after(20, note('late'))
  clock.after(10, () => {
    note('early')()
    clock.after(5, note('chained'))
  })
  clock.after(10, note('second'))
  clock.advance(30)
  expect(calls).toEqual(['early@10', 'second@10', 'chained@15', 'late@20'])
  expect(clock.monotonicMs()).toBe(30)
})

test('a timer that is cancelled never comes, and cancelling again is harmless', () => {
  const clock = virtualClock({ wallMs: 0 })
  const cancel = clock.after(5, () => expect.unreachable('cancelled'))
  cancel()
  cancel()
  clock.advance(10)
  expect(clock.monotonicMs()).toBe(10)
})

test('through a stall all time passes and nobody is called until it is over', () => {
  const clock = virtualClock({ wallMs: 0 })
  const calledAtMs: number[] = []
  clock.after(10, () => clock.stall(1_000))
  clock.after(20, () => calledAtMs.push(clock.monotonicMs()))
  clock.advance(30)
  expect(calledAtMs).toEqual([1_010])
  expect([clock.monotonicMs(), clock.boottimeMs(), clock.wallMs()]).toEqual([1_010, 1_010, 1_010])
})

test('however the way is cut, the same timers are called at the same times', () => {
  const delays = fc.array(fc.nat(1_000), { maxLength: 10 })
  const cuts = fc.array(fc.nat(300), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(delays, cuts, (timers, steps) => {
      const run = (lengths: readonly number[]) => {
        const clock = virtualClock({ wallMs: 0 })
        const calls: [number, number][] = []
        for (const [index, delay] of timers.entries())
          clock.after(delay, () => calls.push([index, clock.monotonicMs()]))
        for (const length of lengths) clock.advance(length)
        return calls
      }
      const total = steps.reduce((sum, step) => sum + step, 0)
      expect(run(steps)).toEqual(run([total]))
    }),
    fcOptions('virtual-clock', 100, 5_000),
  )
})
