import { problem, type Result } from '../../contract/result.ts'
import type { Ask, ServerFault } from '../connectors/connector.ts'
import type { Contact, ContactFault, Host, HttpAnswer } from '../host/host.ts'

const FAULTS: Readonly<Record<ContactFault, ServerFault>> = {
  refused: 'absent',
  timeout: 'broken',
  tooLarge: 'foreign',
  redirected: 'foreign',
  broken: 'broken',
  untrusted: 'denied',
}

/** Asks a server on this machine, over loopback. */
export function askHere(host: Pick<Host, 'http'>, origin: string, key: () => string | null): Ask {
  return async (path, options = {}) =>
    told(await host.http(`${origin}${path}`, { ...options, headers: withKey(options.headers, key()) }))
}

/** Asks a server at an address that the user typed. */
export function askThere(contact: Contact, key: () => string | null): Ask {
  return async (path, options = {}) =>
    told(await contact.ask(path, { ...options, headers: withKey(options.headers, key()) }))
}

function withKey(headers: Readonly<Record<string, string>> | undefined, key: string | null): Record<string, string> {
  return { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers }
}

/** What the transport says in the words of servers; an answer is an answer whatever its status. */
function told(answer: Result<HttpAnswer, ContactFault>): Result<HttpAnswer, ServerFault> {
  return answer.ok ? answer : problem(FAULTS[answer.code], answer.reason, answer.remedy)
}
