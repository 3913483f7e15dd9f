import { originOf } from '../../../../contract/origin.ts'
import { ok, problem, type Result } from '../../../../contract/result.ts'
import type { Kind } from './kinds.ts'

/**
 * An address as people type it, made into scheme, host and port: the scheme may be left out, and a slash at the end is not meant. A page
 * and a password are refused rather than cut off, because whoever typed them counts on them.
 */
export function parseAddress(
  typed: string,
  kind: Pick<Kind, 'schemes' | 'port' | 'example'>,
): Result<string, 'address'> {
  const text = typed.trim().replace(/\/$/, '')
  const example = `such as ${kind.example}`
  if (text === '') return problem('address', `Type its address, ${example}.`)
  const [, scheme = kind.schemes[0] ?? 'http', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(text) ?? []
  const known = kind.schemes.find((one) => one === scheme.toLowerCase())
  if (known === undefined) {
    return problem('address', `Meters of this kind are asked by ${kind.schemes.join(' or ')}, ${example}.`)
  }
  if (rest.includes('@')) return problem('address', 'User name and password have fields of their own below.')
  if (/[/?#]/.test(rest)) {
    return problem('address', `Type the address alone, ${example}; which page to ask follows from the kind.`)
  }
  const hasPort = /:\d+$/.test(rest)
  const address = `${known}://${rest}${kind.port !== null && !hasPort ? `:${kind.port}` : ''}`
  const origin = /[\s\\]/.test(rest) ? null : originOf(address)
  return origin !== null && origin.length <= 200
    ? ok(origin)
    : problem('address', `This is no address of a machine; type one ${example}.`)
}
