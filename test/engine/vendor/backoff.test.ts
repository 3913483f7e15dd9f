import { expect, test } from 'vitest'
import { afterFailure, NO_FAILURE } from '../../../engine/vendor/backoff.ts'

test('each failure in a row doubles the rest, from 1 s to 5 min', () => {
  let backoff = NO_FAILURE
  const restsMs: number[] = []
  for (let count = 0; count < 11; count++) {
    const nowMs = Math.max(0, backoff.untilMs)
    backoff = afterFailure(backoff, nowMs)
    restsMs.push(backoff.untilMs - nowMs)
  }
  expect(restsMs).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000))
})

test('a driver that went well for a minute after its rest begins anew, and not a moment earlier', () => {
  const second = afterFailure(afterFailure(NO_FAILURE, 0), 1_000)
  expect(second).toEqual({ failures: 2, untilMs: 3_000 })
  expect(afterFailure(second, 62_999)).toEqual({ failures: 3, untilMs: 66_999 })
  expect(afterFailure(second, 63_000)).toEqual({ failures: 1, untilMs: 64_000 })
})
