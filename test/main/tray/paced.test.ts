import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Paced } from '../../../main/tray/paced.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function paced() {
  const applied: unknown[] = []
  return { applied, value: new Paced<unknown>((value) => applied.push(value)) }
}

test('the first value is handed on at once, the same again never', () => {
  const { applied, value } = paced()
  value.set({ step: 1 }, 2_000)
  value.set({ step: 1 }, 2_000)
  vi.advanceTimersByTime(60_000)
  value.set({ step: 1 }, 2_000)
  expect(applied).toEqual([{ step: 1 }])
  expect(vi.getTimerCount()).toBe(0)
})

test('what changes faster than the pace is handed on every two seconds, the newest only', () => {
  const { applied, value } = paced()
  for (let step = 0; step < 50; step += 1) {
    value.set(step, 2_000)
    vi.advanceTimersByTime(100)
  }
  expect(applied).toEqual([0, 19, 39])
  vi.advanceTimersByTime(2_000)
  expect(applied).toEqual([0, 19, 39, 49])
})

test('a change that was taken back while it waited is never handed on', () => {
  const { applied, value } = paced()
  value.set('calm', 2_000)
  value.set('amber', 2_000)
  value.set('calm', 2_000)
  vi.advanceTimersByTime(10_000)
  expect(applied).toEqual(['calm'])
})

test('what was forgotten is handed on again', () => {
  const { applied, value } = paced()
  value.set('calm', 2_000)
  value.forget()
  value.set('calm', 2_000)
  expect(applied).toEqual(['calm', 'calm'])
})

test('what is urgent does not wait out the slower pace of what was said before', () => {
  const { applied, value } = paced()
  value.set('38 W', 10_000)
  vi.advanceTimersByTime(1_000)
  value.set('39 W', 10_000)
  vi.advanceTimersByTime(2_000)
  expect(applied).toEqual(['38 W'])
  value.set('Paused', 2_000)
  expect(applied).toEqual(['38 W', 'Paused'])
  vi.advanceTimersByTime(60_000)
  expect(applied).toEqual(['38 W', 'Paused'])
})

test('a figure that overtakes an urgent change does not put it off', () => {
  const { applied, value } = paced()
  value.set('Starting', 2_000)
  value.set('38 W', 2_000)
  value.set('39 W', 10_000)
  vi.advanceTimersByTime(2_000)
  expect(applied).toEqual(['Starting', '39 W'])
})
