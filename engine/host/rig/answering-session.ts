import { ok } from '../../../contract/result.ts'
import type { Clock } from '../../clock/clock.ts'
import type { VendorAnswer, VendorSession } from '../host.ts'

/** A driver that answers in the moment in which it is asked. */
export function answeringSession(clock: Clock, read: (request: unknown) => unknown): VendorSession {
  let latest: VendorAnswer | null = null

  function ask(request: unknown): VendorAnswer {
    const value = read(request)
    const atMs = clock.monotonicMs()
    latest = { value, askedMs: atMs, answeredMs: atMs }
    return latest
  }

  return {
    ask,
    get latest() {
      return latest
    },
    problem: null,
    answer: (request) => Promise.resolve(ok(ask(request))),
    close() {
      latest = null
    },
  }
}
