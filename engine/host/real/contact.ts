import type { Socket } from 'node:net'
import { ok, problem, type Result } from '../../../contract/result.ts'
import type { Broker, Contact, ContactFault, HttpAnswer, Traffic } from '../host.ts'
import { noContact } from '../no-contact.ts'
import { type Connected, connect } from './connection.ts'
import { HttpLine } from './http-line.ts'

const MAX_BYTES = 1_000_000
const TIMEOUT_MS = 2_000

/** What a header may hold (RFC 9110 §5.5), so that no secret can end one and begin another. */
const HEADER = /^[\t -~]*$/

const PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'tcp:', 'mqtt:', 'mqtts:'])

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
  if (target === null || !PROTOCOLS.has(target.protocol) || target.hostname === '') return null
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
  readonly #added = new WeakMap<Socket, { sent: number; received: number }>()
  /** Open for the next question. */
  #kept: HttpLine | null = null

  constructor(target: URL, counted: Counted, pinned: string | null) {
    this.#target = target
    this.#counted = counted
    this.#pinned = pinned
  }

  ask(path: string, options: Asked = {}): Promise<Result<HttpAnswer, ContactFault>> {
    const { address } = this.#counted
    const url = path.startsWith('/') && URL.canParse(path, this.#target.href) ? new URL(path, this.#target) : null
    if (url?.origin !== this.#target.origin || !this.#target.protocol.startsWith('http')) {
      return Promise.resolve(problem('refused', `${address} is asked for its own pages only.`))
    }
    if (Object.values(options.headers ?? {}).some((value) => !HEADER.test(value))) {
      return Promise.resolve(problem('refused', `${address} cannot be asked with this name or secret: its characters.`))
    }
    const body = options.body === undefined ? null : Buffer.from(options.body)
    const head = this.#headOf(`${url.pathname}${url.search}`, options, body)
    return this.#within(options.timeoutMs, async (deadline) => {
      const kept = this.#takeKept()
      // What is sent twice must not happen twice.
      const isHarmless = body === null && options.method !== 'POST'
      if (kept?.isFree === true && isHarmless) {
        const answer = this.#keep(kept, await kept.ask(head, null, deadline))
        // It was closed while nobody used it: that is no word on the server.
        if (answer.ok || !kept.isSilent || deadline.aborted) return answer
      } else kept?.socket.destroy()
      const connected = await this.#connect(deadline)
      if (!connected.ok) return connected
      const line = new HttpLine(connected.value.socket)
      return this.#keep(line, await line.ask(head, body, deadline))
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

  join(...[options, take, end]: Parameters<Contact['join']>) {
    return this.#within<Broker, ContactFault | 'denied'>(options.timeoutMs, async (deadline) => {
      if (!this.#target.protocol.startsWith('mqtt')) return problem('refused', 'is the address of no MQTT broker')
      const connected = await this.#connect(deadline)
      if (!connected.ok) return connected
      const { socket } = connected.value
      // Taken when a meter needs it: the client is 11 MB that most engines never use.
      const { joinBroker } = await import('./broker.ts')
      const origin = this.#counted.address
      const ended = { ...options, origin, onEnd: end, onTraffic: () => this.#add(socket) }
      const joined = await joinBroker(socket, ended, take)
      return joined.ok ? joined : this.#count(socket, joined)
    })
  }

  certificate() {
    return this.#within(undefined, async (deadline) => {
      const connected = await connect(this.#target, deadline)
      if (!connected.ok) return connected
      this.#count(connected.value.socket, ok(null))
      const { certificate } = connected.value
      return certificate === null
        ? problem('refused', 'shows no certificate: the address is not one with TLS')
        : ok(certificate)
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

  #headOf(path: string, { method = 'GET', headers = {} }: Asked, body: Buffer | null): string {
    const lines = [`${method} ${path} HTTP/1.1`, `host: ${this.#target.host}`]
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
    if (body !== null || method === 'POST') lines.push(`content-length: ${body?.length ?? 0}`)
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  #takeKept(): HttpLine | null {
    const kept = this.#kept
    this.#kept = null
    return kept
  }

  #keep<T>(line: HttpLine, result: T): T {
    this.#add(line.socket)
    if (this.#kept === null && line.isFree && !this.#closing.signal.aborted) this.#kept = line
    else line.socket.destroy()
    return result
  }

  /** Every problem of this address begins with it, and nothing lasts longer than asked, nor than the contact. */
  async #within<T, Code extends string = ContactFault>(
    timeoutMs = TIMEOUT_MS,
    run: (deadline: AbortSignal) => Promise<Result<T, Code>>,
  ): Promise<Result<T, Code | ContactFault>> {
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
    this.#add(socket)
    socket.destroy()
    return result
  }

  /** What went over a connection since the last time. */
  #add(socket: Socket): void {
    const before = this.#added.get(socket) ?? { sent: 0, received: 0 }
    const { bytesWritten: sent, bytesRead: received } = socket
    this.#counted.sentBytes += sent - before.sent
    this.#counted.receivedBytes += received - before.received
    if (received > before.received) this.#counted.answeredMs = Date.now()
    this.#added.set(socket, { sent, received })
  }
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
