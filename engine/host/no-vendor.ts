import { problem } from '../../contract/result.ts'
import type { VendorSession } from './host.ts'

/** A machine on which no driver library can be loaded: `reason` says why. */
export function noVendor(reason: string): VendorSession {
  const absent = problem('absent', reason)
  return { ask() {}, latest: null, problem: absent, answer: () => Promise.resolve(absent), close() {} }
}
