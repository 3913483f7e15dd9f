import { problem } from '../../contract/result.ts'
import type { Contact } from './host.ts'

/** An address at which nothing answers: `reason` says why. */
export function noContact(reason: string): Contact {
  const refused = () => Promise.resolve(problem('refused', reason))
  return { ask: refused, exchange: refused, join: refused, certificate: refused, close() {} }
}
