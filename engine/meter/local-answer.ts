import type { Dialect } from './protocols/protocol.ts'
import { endpointOf, pathOf } from './protocols/registry.ts'

/** Why the meter answers itself; the client's connection is closed behind it. */
export type Refusal = { readonly status: 400 | 401 | 408 | 429 | 502 | 505 | 508; readonly message: string }

const TITLES: Readonly<Record<Refusal['status'], string>> = {
  ...{ 400: 'Bad Request', 401: 'Unauthorized', 408: 'Request Timeout', 429: 'Too Many Requests', 502: 'Bad Gateway' },
  ...{ 505: 'HTTP Version Not Supported', 508: 'Loop Detected' },
}
const TYPES: Readonly<Record<Refusal['status'], string>> = {
  ...{ 400: 'invalid_request_error', 401: 'authentication_error', 408: 'timeout_error', 429: 'rate_limit_error' },
  ...{ 502: 'api_error', 505: 'invalid_request_error', 508: 'api_error' },
}

/** A whole answer in the words of the dialect that the client speaks, as its path tells. */
export function localAnswer({ status, message }: Refusal, method: string, target: string): Buffer {
  const path = pathOf(target)
  const body = JSON.stringify(errorBody(dialectOf(method, path), TYPES[status], message, status))
  const head = [
    ...[`HTTP/1.1 ${status} ${TITLES[status]}`, 'Content-Type: application/json', 'Connection: close'],
    ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`)
}

function dialectOf(method: string, path: string): Dialect {
  const endpoint = endpointOf(method, path)
  if (endpoint !== null) return endpoint.dialect
  if (/\/messages\//.test(path)) return 'anthropic'
  return /^\/api\//.test(path) && !/^\/api\/v\d\//.test(path) ? 'ollama' : 'openai'
}

function errorBody(dialect: Dialect, type: string, message: string, code: number): unknown {
  if (dialect === 'ollama') return { error: message }
  const error = { type, message: `Perwatt meter: ${message}` }
  return dialect === 'anthropic' ? { type: 'error', error } : { error: { ...error, param: null, code } }
}
