import type { LookupFunction } from 'node:net'
import { ok, problem, type Result } from '../../../contract/result.ts'
import type { Host, HttpAnswer, HttpFault } from '../host.ts'

const MAX_BYTES = 1_000_000
const TIMEOUT_MS = 2_000
const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

type Options = NonNullable<Parameters<Host['http']>[1]>

/**
 * One request to a server on this machine; nothing here can leave it. `node:http` is taken when first asked for and not imported: the
 * import looks at all it exports, and thereby loads HTTP/2, TLS and undici, 8 MB that most engines never use.
 */
export function loopbackHttp(url: string, options: Options = {}): Promise<Result<HttpAnswer, HttpFault>> {
  const target = URL.canParse(url) ? new URL(url) : null
  if (target === null || target.protocol !== 'http:' || !isLoopback(target.hostname)) {
    return Promise.resolve(problem('refused', `Perwatt asks only servers on this machine, over http: not ${url}.`))
  }
  return new Promise((resolve) => ask(target, options, resolve))
}

/** The URL parser has already turned every spelling of an IPv4 address into dotted decimals. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

function ask(target: URL, options: Options, settle: (result: Result<HttpAnswer, HttpFault>) => void): void {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const body = options.body === undefined ? null : Buffer.from(options.body)
  const headers = { ...options.headers, ...(body === null ? {} : { 'content-length': String(body.length) }) }
  const call = process
    .getBuiltinModule('node:http')
    .request(target, { method: options.method ?? 'GET', headers, agent: false, lookup })
  const fail = (code: HttpFault, reason: string) => {
    finish(problem(code, `${target.origin} ${reason}.`))
    call.destroy()
  }
  const timer = setTimeout(() => fail('timeout', `did not answer within ${timeoutMs} ms`), timeoutMs)
  const finish = (result: Result<HttpAnswer, HttpFault>) => {
    clearTimeout(timer)
    settle(result)
  }
  call.on('error', (error) => {
    const isRefused = 'code' in error && error.code === 'ECONNREFUSED'
    fail(isRefused ? 'refused' : 'broken', isRefused ? 'does not listen' : 'broke off')
  })
  call.on('response', (answer) => {
    const status = answer.statusCode ?? 0
    if (status >= 300 && status < 400 && status !== 304) return fail('redirected', 'points elsewhere: not followed')
    const chunks: Buffer[] = []
    let length = 0
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_BYTES) fail('tooLarge', 'answers with more than 1 MB')
      else chunks.push(chunk)
    })
    answer.on('error', () => fail('broken', 'broke off'))
    answer.on('end', () =>
      finish(ok({ status, headers: plain(answer.headers), body: Buffer.concat(chunks).toString('utf8') })),
    )
  })
  call.end(body)
}

/** "localhost" is this machine, whatever a hosts file or resolver says. */
const lookup: LookupFunction = (_hostname, options, callback) => {
  const [first] = LOOPBACK
  if (options.all === true) callback(null, LOOPBACK)
  else callback(null, first?.address ?? '', first?.family)
}

function plain(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
  )
  return Object.fromEntries(entries)
}
