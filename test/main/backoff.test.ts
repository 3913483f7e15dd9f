import { expect, test } from 'vitest'
import { afterEnd, afterRefusal, NO_FAILURE } from '../../main/backoff.ts'

test('an engine that keeps dying is started after 0.5, 1, 2, 4, … s, at most a minute, and called down from the fifth time on', () => {
  let backoff = NO_FAILURE
  const seen = Array.from({ length: 9 }, () => {
    backoff = afterEnd(backoff, 200)
    return [backoff.attempts, backoff.waitMs, backoff.isDown]
  })
  expect(seen).toEqual([
    [1, 500, false],
    [2, 1_000, false],
    [3, 2_000, false],
    [4, 4_000, false],
    [5, 8_000, true],
    [6, 16_000, true],
    [7, 32_000, true],
    [8, 60_000, true],
    [9, 60_000, true],
  ])
})

test('an engine that ran for a minute starts with a clean record', () => {
  const crashLoop = { attempts: 6, waitMs: 16_000, isDown: true }
  expect(afterEnd(crashLoop, 60_000)).toEqual({ attempts: 1, waitMs: 500, isDown: false })
  expect(afterEnd(crashLoop, 59_999).attempts).toBe(7)
})

test('an engine that says it cannot run here is down at once and asked again a minute later', () => {
  expect(afterRefusal(NO_FAILURE)).toEqual({ attempts: 1, waitMs: 60_000, isDown: true })
})
