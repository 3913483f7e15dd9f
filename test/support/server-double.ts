import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ok, problem } from '../../contract/result.ts'
import type { Ask } from '../../engine/connectors/connector.ts'
import { loopbackHttp } from '../../engine/host/real/http.ts'
import { askHere } from '../../engine/servers/asking.ts'
import { httpServer } from './loopback.ts'

/** What can go wrong on the way: an HTML page, 100 MB, silence, half a body, status 500, a pointer elsewhere. */
export const FAULTS = ['html', 'huge', 'silent', 'half', 'error', 'redirect'] as const
export type AnswerFault = (typeof FAULTS)[number]

/** A body with status 200, a whole answer, a fault, or what to answer to a request's body. */
export type Route =
  | string
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  | { readonly fault: AnswerFault }
  | ((body: string) => Route)

export type ServerDouble = {
  readonly origin: string
  /** Routes by method and path ("GET /props", "POST /free"), with the query or without; what has none is answered as `otherwise`. */
  readonly routes: Record<string, Route>
  /** For every path that has no route of its own. */
  otherwise: Route
  /** Each request in order, as "GET /metrics?model=a". */
  readonly asked: readonly string[]
  /** Bodies of POSTs, by their path. */
  readonly posted: Readonly<Record<string, string>>
  /** As the engine asks it: over loopback, 1 MB at most, no redirects. Silence is cut short. */
  readonly ask: Ask
  /** Header of the last request, as sent. */
  header(name: string): string | undefined
}

const NOT_FOUND: Route = { status: 404, body: '{"error":"not found"}' }
/** How long a silent double is waited for; a double answers at once otherwise. */
const SILENCE_MS = 60

/**
 * A server that stands on loopback for the length of one test and speaks a dialect from its documented answers (test/fixtures/http). It is no
 * server of that kind: what those do besides is not here.
 */
export async function serverDouble(
  routes: Record<string, Route>,
  options: { readonly otherwise?: Route; readonly key?: string | null } = {},
): Promise<ServerDouble> {
  const asked: string[] = []
  const posted: Record<string, string> = {}
  let headers: IncomingMessage['headers'] = {}
  const double = { otherwise: options.otherwise ?? NOT_FOUND }
  const isSilent = () =>
    [...Object.values(routes), double.otherwise].some((route) => typeof route === 'object' && isFault(route, 'silent'))
  const origin = await httpServer((request, response) => {
    const { method = 'GET', url = '/' } = request
    asked.push(`${method} ${url}`)
    headers = request.headers
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      if (method === 'POST') posted[url] = body
      const route = routes[`${method} ${url}`] ?? routes[`${method} ${url.replace(/\?.*/, '')}`] ?? double.otherwise
      respond(response, route, body)
    })
  })
  const ask = askHere({ http: loopbackHttp }, origin, () => options.key ?? null)
  return Object.assign(double, {
    origin,
    routes,
    asked,
    posted,
    ask: ((path, more) => ask(path, isSilent() ? { ...more, timeoutMs: SILENCE_MS } : more)) satisfies Ask,
    header: (name: string) => headers[name]?.toString(),
  })
}

/** A recorded answer: `fixture('ollama/ps.json')`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/http/${name}`, import.meta.url), 'utf8')
}

/** The same answers without a socket, for many tries; a fault is then an answer that did not come. */
export function routedAsk(routes: Readonly<Record<string, Route>>): Ask {
  return async (path, options = {}) => {
    const method = options.method ?? 'GET'
    let route = routes[`${method} ${path}`] ?? routes[`${method} ${path.replace(/\?.*/, '')}`] ?? NOT_FOUND
    while (typeof route === 'function') route = route(options.body ?? '')
    if (typeof route === 'string') return ok({ status: 200, headers: {}, body: route })
    if ('fault' in route) return problem('broken', 'It broke off.')
    return ok({ status: route.status ?? 200, headers: route.headers ?? {}, body: route.body })
  }
}

function isFault(route: Route, fault: AnswerFault): boolean {
  return typeof route === 'object' && 'fault' in route && route.fault === fault
}

function respond(response: ServerResponse, route: Route, body: string): void {
  if (typeof route === 'function') respond(response, route(body), body)
  else if (typeof route === 'string') response.end(route)
  else if ('fault' in route) misbehave[route.fault](response)
  else response.writeHead(route.status ?? 200, route.headers).end(route.body)
}

const misbehave: Readonly<Record<AnswerFault, (response: ServerResponse) => void>> = {
  html(response) {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html><html><body><h1>It works!</h1></body></html>\n')
  },
  huge: (response) => pourOut(response, 100),
  silent() {},
  half(response) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"models":[{"name":"qw', () => response.destroy())
  },
  error(response) {
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end('{"error":{"message":"internal error"}}')
  },
  redirect(response) {
    response.writeHead(302, { location: '/elsewhere' })
    response.end()
  },
}

/** Megabytes of JSON that never ends, as fast as they are taken. */
function pourOut(response: ServerResponse, megabytes: number): void {
  const piece = '{"a":1},'.repeat(8_192)
  let left = Math.ceil((megabytes * 1_000_000) / piece.length)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('[')
  const pour = () => {
    while (left > 0 && !response.destroyed) {
      left -= 1
      if (!response.write(piece)) {
        response.once('drain', pour)
        return
      }
    }
    response.end()
  }
  pour()
}
