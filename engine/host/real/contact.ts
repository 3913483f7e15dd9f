import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { ok, problem, type Result } from '../../../contract/result.ts'
import type { Contact, ContactFault, HttpAnswer, Traffic } from '../host.ts'
import { noContact } from '../no-contact.ts'
import { type Connected, connect } from './connection.ts'

const MAX_BYTES = 1_000_000
const TIMEOUT_MS = 2_000

/** What a header may hold (RFC 9110 §5.5), so that no secret can end one and begin another. */
const HEADER = /^[\t -~]*$/

type Asked = NonNullable<Parameters<Contact['ask']>[1]>
type Counted = { address: string; sentBytes: number; receivedBytes: number; answeredMs: number | null }

/** The only ways off this machine: addresses that the user typed, with what went over each (DESIGN §2.5). */
export function realContacts() {
  const traffic = new Map<string, Counted>()
  return {
    open(address: string, options: { certificateSha256?: string | undefined } = {}): Contact {
      const target = targetOf(address)
      if (target === null) return noContact(`${withoutSecrets(address)} is no address that Perwatt can ask.`)
      const origin = `${target.protocol}//${target.host}`
      const counted = traffic.get(origin) ?? { address: origin, sentBytes: 0, receivedBytes: 0, answeredMs: null }
      traffic.set(origin, counted)
      return new RealContact(target, counted, options.certificateSha256?.toLowerCase() ?? null)
    },
    traffic: (): readonly Traffic[] => [...traffic.values()].map((counted) => ({ ...counted })),
  }
}

/** An origin and nothing else: what follows it, or a name and password in it, belongs to the questions and not to the address. */
function targetOf(address: string): URL | null {
  const target = URL.canParse(address) ? new URL(address) : null
  if (target === null || !['http:', 'https:', 'tcp:'].includes(target.protocol) || target.hostname === '') return null
  const isBare = ['', '/'].includes(target.pathname) && target.search === '' && target.hash === ''
  const isOpen = target.username === '' && target.password === ''
  const isPortKnown = target.protocol !== 'tcp:' || target.port !== ''
  return isBare && isOpen && isPortKnown ? target : null
}

function withoutSecrets(address: string): string {
  return address.replace(/^([a-z]+:\/\/)?.*@/i, '$1').slice(0, 80)
}

class RealContact implements Contact {
  readonly #target: URL
  readonly #counted: Counted
  readonly #pinned: string | null
  readonly #closing = new AbortController()

  constructor(target: URL, counted: Counted, pinned: string | null) {
    this.#target = target
    this.#counted = counted
    this.#pinned = pinned
  }

  ask(path: string, options: Asked = {}): Promise<Result<HttpAnswer, ContactFault>> {
    const { address } = this.#counted
    const url = path.startsWith('/') && URL.canParse(path, this.#target.href) ? new URL(path, this.#target) : null
    if (url?.origin !== this.#target.origin || this.#target.protocol === 'tcp:') {
      return Promise.resolve(problem('refused', `${address} is asked for its own pages only.`))
    }
    if (Object.values(options.headers ?? {}).some((value) => !HEADER.test(value))) {
      return Promise.resolve(problem('refused', `${address} cannot be asked with this name or secret: its characters.`))
    }
    return this.#within(options.timeoutMs, async (deadline) => {
      const connected = await this.#connect(deadline)
      if (!connected.ok) return connected
      const { socket } = connected.value
      return this.#count(socket, await this.#request(socket, `${url.pathname}${url.search}`, options))
    })
  }

  exchange(text: string, isWhole: (answer: string) => boolean, options: { timeoutMs?: number } = {}) {
    return this.#within(options.timeoutMs, async (deadline): Promise<Result<string, ContactFault>> => {
      const connected = await this.#connect(deadline)
      if (!connected.ok) return connected
      const { socket } = connected.value
      return this.#count(socket, await takeText(socket, text, isWhole))
    })
  }

  certificate() {
    return this.#within(undefined, async (deadline) => {
      const connected = await connect(this.#target, deadline)
      if (!connected.ok) return connected
      this.#count(connected.value.socket, ok(null))
      const { certificate } = connected.value
      return certificate === null ? problem('refused', 'shows no certificate: it is not https') : ok(certificate)
    })
  }

  close(): void {
    this.#closing.abort()
  }

  async #connect(deadline: AbortSignal): Promise<Result<Connected, ContactFault>> {
    const connected = await connect(this.#target, deadline)
    if (!connected.ok) return connected
    const { certificate, socket } = connected.value
    const isKnown =
      certificate === null || (this.#pinned === null ? certificate.isTrusted : certificate.sha256 === this.#pinned)
    if (isKnown) return connected
    return this.#count(
      socket,
      problem(
        'untrusted',
        this.#pinned === null ? 'shows a certificate that nobody vouches for' : 'shows another certificate than before',
      ),
    )
  }

  #request(socket: Socket, path: string, options: Asked): Promise<Result<HttpAnswer, ContactFault>> {
    const body = options.body === undefined ? null : Buffer.from(options.body)
    return new Promise<Result<HttpAnswer, ContactFault>>((resolve) => {
      const call = process.getBuiltinModule('node:http').request({
        method: options.method ?? 'GET',
        path,
        headers: {
          host: this.#target.host,
          connection: 'close',
          ...options.headers,
          ...(body === null ? {} : { 'content-length': String(body.length) }),
        },
        createConnection: () => socket,
      })
      call.on('error', () => resolve(problem('broken', 'broke off')))
      // An answer that is none, such as an unasked change of protocol, ends the request without an error.
      call.on('close', () => resolve(problem('broken', 'broke off')))
      call.on('response', (answer) => takeAnswer(answer, resolve))
      call.end(body)
    })
  }

  /** Every problem of this address begins with it, and nothing lasts longer than asked, nor than the contact. */
  async #within<T>(
    timeoutMs = TIMEOUT_MS,
    run: (deadline: AbortSignal) => Promise<Result<T, ContactFault>>,
  ): Promise<Result<T, ContactFault>> {
    const { address } = this.#counted
    if (this.#closing.signal.aborted) return problem('refused', `${address} is not asked any more.`)
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), timeoutMs)
    const signal = AbortSignal.any([timeout.signal, this.#closing.signal])
    const result = await run(signal)
    clearTimeout(timer)
    if (result.ok) return result
    if (timeout.signal.aborted) return problem('timeout', `${address} did not answer within ${timeoutMs} ms.`)
    return problem(result.code, `${address} ${result.reason}.`)
  }

  #count<T>(socket: Socket, result: T): T {
    this.#counted.sentBytes += socket.bytesWritten
    this.#counted.receivedBytes += socket.bytesRead
    if (socket.bytesRead > 0) this.#counted.answeredMs = Date.now()
    socket.destroy()
    return result
  }
}

function takeAnswer(answer: IncomingMessage, settle: (result: Result<HttpAnswer, ContactFault>) => void): void {
  const status = answer.statusCode ?? 0
  if (status >= 300 && status < 400 && status !== 304) {
    settle(problem('redirected', 'points to another place, which is not followed'))
    return
  }
  const chunks: Buffer[] = []
  let length = 0
  answer.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > MAX_BYTES) settle(problem('tooLarge', 'answers with more than 1 MB'))
    else chunks.push(chunk)
  })
  answer.on('error', () => settle(problem('broken', 'broke off')))
  answer.on('close', () => settle(problem('broken', 'broke off')))
  answer.on('end', () => {
    const headers = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    )
    settle(ok({ status, headers: Object.fromEntries(headers), body: Buffer.concat(chunks).toString('utf8') }))
  })
}

function takeText(
  socket: Socket,
  text: string,
  isWhole: (answer: string) => boolean,
): Promise<Result<string, ContactFault>> {
  return new Promise((resolve) => {
    let answer = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (answer.length > MAX_BYTES) resolve(problem('tooLarge', 'answers with more than 1 MB'))
      else if (isWhole(answer)) resolve(ok(answer))
    })
    socket.on('close', () => resolve(problem('broken', 'broke off')))
    socket.write(text)
  })
}
