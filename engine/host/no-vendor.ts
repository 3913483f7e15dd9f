import { problem } from '../../contract/result.ts'
import type { VendorFault, VendorSession } from './host.ts'

/** A machine on which a driver library cannot be loaded: `reason` says why. */
export function noVendor(reason: string, code: VendorFault = 'absent'): VendorSession {
  const refused = problem(code, reason)
  return { ask() {}, latest: null, problem: refused, answer: () => Promise.resolve(refused), close() {} }
}
