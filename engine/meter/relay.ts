import { connect, type Socket } from 'node:net'
import type { Exchange } from './exchange.ts'
import { answerFraming, type Framing, field, type Head, parseAnswerHead, parseRequestHead } from './http-head.ts'
import { HttpReader } from './http-reader.ts'
import { localAnswer, type Refusal } from './local-answer.ts'

export type RelayOptions = {
  readonly target: { readonly host: string; readonly port: number }
  /** Decides before a request's head is passed on; `null` lets it through. */
  gate(head: Head): Refusal | null
  /** Begins to count a request; `null` for one that no model answers. */
  open(head: Head): Exchange | null
  /** Fields that go into the head of its answer, and the one that goes into its trailer; each ends with CR LF. */
  headFields(exchange: Exchange, isChunked: boolean): string | null
  trailerField(exchange: Exchange): string | null
  /** The connection carries something else than HTTP from now on. */
  onUnmetered(): void
  onUncounted(exchange: Exchange | null): void
  onConnected(upstream: Socket): void
  readonly headTimeoutMs: number
}

type Entry = {
  readonly method: string
  readonly target: string
  readonly exchange: Exchange | null
  readonly refusal: Refusal | null
}

/** How long a client may take to read why it was refused. */
const LINGER_MS = 2_000
const READ_BYTES = 64 * 1024

/**
 * One client's connection and its own one to the server. Bytes go both ways exactly as they come; what is read of them is read after they were
 * passed on. Ends, half-closes and resets of one side are handed to the other at once, and a side that is slow slows the other.
 */
export class Relay {
  readonly #client: Socket
  #upstream: Socket
  readonly #options: RelayOptions
  readonly #requests: HttpReader
  readonly #answers: HttpReader
  /** Requests whose answers have not ended, oldest first. */
  readonly #entries: Entry[] = []
  #request: Exchange | null = null
  #answer: Exchange | null = null
  readonly #requestBodies: Buffer[] = []
  /** Of what came last: the chunk, and where each piece of the body in it begins and ends. */
  #answerChunk: Buffer | null = null
  readonly #answerPlaces: number[] = []
  #readRoom: Buffer | null = null
  #connection: 'connecting' | 'up' | 'down' = 'connecting'
  #wantsUpgrade = false
  /** A request's head has gone and its body has not ended; the oldest answer has begun. */
  #isInBody = false
  #hasAnswerBegun = false
  #isCounting = true
  #isClosing = false
  #hasClientEnded = false
  #headTimer: NodeJS.Timeout | null = null

  constructor(client: Socket, options: RelayOptions) {
    this.#client = client
    this.#options = options
    this.#requests = new HttpReader(
      {
        head: (raw) => this.#requestHead(raw),
        body: (bytes, from, to) => void (this.#request !== null && this.#requestBodies.push(bytes.subarray(from, to))),
        lastChunk: () => null,
        done: () => this.#requestDone(),
        pass: (bytes) => this.#passRequest(bytes),
        fault: (message) => this.#requestFault(message),
      },
      { isLenient: false },
    )
    this.#answers = new HttpReader(
      {
        head: (raw) => this.#answerHead(raw),
        body: (bytes, from, to) => this.#keepAnswer(bytes, from, to),
        lastChunk: () => this.#trailer(),
        done: () => this.#answerDone(),
        pass: (bytes) => this.#passAnswer(bytes),
        fault: () => this.#giveUpCounting(),
      },
      { isLenient: true },
    )
    this.#upstream = this.#connect()
    client.setNoDelay(true)
    client.on('data', (bytes) => this.#fromClient(bytes))
    client.on('drain', () => this.#upstream.resume())
    client.on('end', () => {
      this.#hasClientEnded = true
      this.#passEnd()
    })
    client.on('error', () => this.#upstream.resetAndDestroy())
    client.on('close', () => this.#clientClosed())
  }

  /** No answer is waited for. */
  get isIdle(): boolean {
    return this.#entries.length === 0
  }

  /** Both sides are let go, as when the meter ends. */
  destroy(): void {
    this.#client.destroy()
  }

  #connect(): Socket {
    const upstream = connect({
      ...{ ...this.#options.target, noDelay: true, allowHalfOpen: true },
      onread: {
        buffer: () => this.#room(),
        callback: (bytes, room) => {
          // The type says an array of bytes; it is what `buffer` gave.
          const read = Buffer.from(room.buffer, room.byteOffset, bytes)
          this.#guarded(() => this.#answers.push(read))
          return true
        },
      },
    })
    upstream.on('connect', () => {
      this.#connection = 'up'
      this.#options.onConnected(upstream)
    })
    upstream.on('drain', () => this.#client.resume())
    upstream.on('end', () => this.#upstreamEnded())
    upstream.on('error', () => this.#upstreamFailed(upstream))
    upstream.on('close', () => {
      if (upstream === this.#upstream && this.#connection === 'up' && !this.#isClosing) this.#client.destroySoon()
    })
    return upstream
  }

  #goOn(): void {
    this.#client.resume()
    if (this.#hasClientEnded) this.#passEnd()
  }

  /** The client has said all; not before what is held of it has gone. */
  #passEnd(): void {
    if (this.#isClosing || this.#requests.isHeld) return
    this.#upstream.end()
    if (this.#connection === 'down') this.#client.end()
  }

  /**
   * Where the next read goes. The same place again where all that was read has been written: 64 kB anew for each read are more garbage than all
   * else here. What still waits to be written keeps its place.
   */
  #room(): Buffer {
    if (this.#readRoom === null || this.#client.writableLength > 0) this.#readRoom = Buffer.allocUnsafeSlow(READ_BYTES)
    return this.#readRoom
  }

  #fromClient(bytes: Buffer): void {
    if (this.#isClosing) return
    this.#guarded(() => this.#requests.push(bytes))
    if (this.#requests.isHeld) this.#client.pause()
    // A head that comes byte by byte holds a connection for nothing; whatever follows may take as long as it wants.
    if (!this.#requests.isInHead) this.#stopHeadTimer()
    else this.#headTimer ??= setTimeout(() => this.#headTooSlow(), this.#options.headTimeoutMs)
  }

  /** A mistake of ours in reading costs this connection at most, and no other. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch {
      this.#giveUpCounting()
      this.#upstream.destroy()
      this.#client.resetAndDestroy()
    }
  }

  /** What throws here is counting alone: it is switched off, and the bytes flow on. */
  #count(work: () => void): void {
    if (!this.#isCounting) return
    try {
      work()
    } catch {
      this.#giveUpCounting()
    }
  }

  #giveUpCounting(): void {
    if (!this.#isCounting) return
    this.#isCounting = false
    for (const { exchange } of this.#entries) if (exchange !== null) this.#options.onUncounted(exchange)
    if (this.#entries.length === 0) this.#options.onUncounted(null)
    this.#request = null
    this.#answer = null
  }

  #requestHead(raw: Buffer): { framing: Framing } | null {
    if (raw.toString('latin1', 0, 16) === 'PRI * HTTP/2.0\r\n') {
      this.#refuse({ status: 505, message: 'only HTTP/1.1 is spoken here' }, '', '')
      return null
    }
    const parsed = parseRequestHead(raw)
    if ('fault' in parsed) {
      this.#refuse({ status: 400, message: parsed.fault }, '', '')
      return null
    }
    const { head, framing } = parsed
    const refusal = this.#options.gate(head)
    if (refusal !== null) {
      this.#refuse(refusal, head.method, head.target)
      return null
    }
    if (this.#connection === 'down') this.#reconnect()
    this.#wantsUpgrade = field(head, 'upgrade') !== null || head.method === 'CONNECT'
    this.#count(() => {
      this.#request = this.#options.open(head)
    })
    this.#entries.push({ method: head.method, target: head.target, exchange: this.#request, refusal: null })
    this.#isInBody = true
    return { framing }
  }

  #requestDone(): boolean {
    const request = this.#request
    this.#request = null
    this.#isInBody = false
    if (request !== null) this.#count(() => request.requestDone())
    // Whether what follows is HTTP at all, the answer will say.
    return !this.#wantsUpgrade
  }

  #passRequest(bytes: Buffer): void {
    if (!this.#upstream.write(bytes)) this.#client.pause()
    const request = this.#request
    if (request !== null)
      this.#count(() => {
        for (const body of this.#requestBodies) request.requestBody(body)
      })
    this.#requestBodies.length = 0
  }

  #answerHead(raw: Buffer): { framing: Framing; insert?: Buffer } | null {
    const head = parseAnswerHead(raw)
    const entry = this.#entries[0]
    const framing = 'fault' in head ? head : answerFraming(head, entry?.method ?? 'GET')
    if ('fault' in framing || 'fault' in head) {
      this.#giveUpCounting()
      this.#requests.goBlind()
      return { framing: { kind: 'blind' } }
    }
    if (framing.kind === 'interim') return { framing }
    if (framing.kind === 'blind') {
      this.#entries.shift()
      this.#options.onUnmetered()
      if (entry?.exchange) this.#options.onUncounted(entry.exchange)
      this.#requests.goBlind()
      this.#goOn()
      return { framing }
    }
    this.#hasAnswerBegun = true
    const exchange = this.#isCounting ? (entry?.exchange ?? null) : null
    if (exchange === null) return { framing }
    this.#answer = exchange
    this.#count(() => exchange.answerHead(head))
    const fields = this.#options.headFields(exchange, framing.kind === 'chunked')
    return fields === null ? { framing } : { framing, insert: Buffer.from(fields) }
  }

  #trailer(): Buffer | null {
    const field = this.#answer === null ? null : this.#options.trailerField(this.#answer)
    return field === null ? null : Buffer.from(field)
  }

  #passAnswer(bytes: Buffer): void {
    if (!this.#client.write(bytes)) this.#upstream.pause()
    const answer = this.#answer
    if (answer !== null)
      this.#count(() => {
        this.#readAnswer(answer)
      })
    this.#answerPlaces.length = 0
  }

  #keepAnswer(bytes: Buffer, from: number, to: number): void {
    if (this.#answer === null) return
    this.#answerChunk = bytes
    this.#answerPlaces.push(from, to)
  }

  #readAnswer(answer: Exchange): void {
    const places = this.#answerPlaces
    const chunk = this.#answerChunk
    if (chunk === null) return
    for (let index = 0; index < places.length; index += 2)
      answer.answerBody(chunk, places[index] as number, places[index + 1] as number)
  }

  #answerDone(): boolean {
    const entry = this.#entries.shift()
    const answer = this.#answer
    this.#answer = null
    this.#hasAnswerBegun = false
    if (answer !== null) this.#count(() => answer.close('done'))
    if (this.#wantsUpgrade && entry !== undefined && this.#entries.length === 0) {
      // The server did not take the offer: it goes on as before.
      this.#wantsUpgrade = false
      this.#requests.resume()
      this.#goOn()
    }
    this.#sayRefusal()
    return true
  }

  /** Of a body that is broken the server has the beginning: it gets no more of it, and the refusal is the answer. */
  #requestFault(message: string): void {
    const broken = this.#isInBody ? this.#entries.pop() : undefined
    this.#request = null
    if (broken !== undefined && this.#entries.length === 0 && this.#hasAnswerBegun) {
      this.#entries.push(broken)
      this.#upstream.destroy()
      this.#client.resetAndDestroy()
      return
    }
    if (broken !== undefined && broken.exchange !== null) this.#answerOurselves(broken.exchange, 400)
    this.#refuse({ status: 400, message }, broken?.method ?? '', broken?.target ?? '')
  }

  /** Nothing more is read of the client; it is told why after the answers that it waits for. */
  #refuse(refusal: Refusal, method: string, target: string): void {
    this.#entries.push({ method, target, exchange: null, refusal })
    this.#stopHeadTimer()
    this.#sayRefusal()
  }

  #sayRefusal(): void {
    const [entry] = this.#entries
    if (entry === undefined || entry.refusal === null || this.#isClosing) return
    this.#closeWith(localAnswer(entry.refusal, entry.method, entry.target))
  }

  /** The client's bytes are still taken for a moment: a socket that is closed over unread bytes is reset, and the answer with it. */
  #closeWith(answer: Buffer): void {
    this.#isClosing = true
    this.#upstream.destroy()
    this.#client.resume()
    this.#client.end(answer)
    const timer = setTimeout(() => this.#client.destroy(), LINGER_MS)
    this.#client.once('close', () => clearTimeout(timer))
  }

  #headTooSlow(): void {
    this.#refuse({ status: 408, message: 'the head of the request did not come in time' }, '', '')
  }

  #stopHeadTimer(): void {
    if (this.#headTimer !== null) clearTimeout(this.#headTimer)
    this.#headTimer = null
  }

  /** The server was not there when the client came, and may be now. */
  #reconnect(): void {
    this.#connection = 'connecting'
    this.#upstream = this.#connect()
  }

  #upstreamEnded(): void {
    const isWhole = this.#answers.isUntilClose
    this.#guarded(() => this.#answers.goBlind())
    const answer = this.#answer
    if (isWhole && answer !== null) {
      this.#count(() => answer.close('done'))
      this.#entries.shift()
    }
    this.#closeEntries()
    if (!this.#isClosing) this.#client.end()
  }

  #upstreamFailed(upstream: Socket): void {
    if (upstream !== this.#upstream || this.#isClosing) return
    const wasUp = this.#connection === 'up'
    this.#connection = 'down'
    const [entry] = this.#entries
    if (wasUp) {
      this.#closeEntries()
      this.#client.resetAndDestroy()
    } else if (entry !== undefined) {
      const { host, port } = this.#options.target
      this.#failUnanswered()
      this.#closeWith(
        localAnswer({ status: 502, message: `${host}:${port} does not answer` }, entry.method, entry.target),
      )
    }
  }

  #failUnanswered(): void {
    for (const { exchange } of this.#entries.splice(0)) if (exchange !== null) this.#answerOurselves(exchange, 502)
  }

  /** The meter's own answer is the request's all the same. */
  #answerOurselves(exchange: Exchange, status: 400 | 502): void {
    this.#count(() => {
      exchange.answerHead({ method: '', target: '', status, fields: [] })
      exchange.close('failed')
    })
  }

  #clientClosed(): void {
    this.#stopHeadTimer()
    this.#hasClientEnded = true
    this.#closeEntries()
    this.#upstream.destroy()
  }

  /** Whoever is still waited for is not coming any more. */
  #closeEntries(): void {
    const ending = this.#hasClientEnded ? 'aborted' : 'failed'
    this.#request = null
    this.#answer = null
    for (const { exchange } of this.#entries.splice(0)) if (exchange !== null) this.#count(() => exchange.close(ending))
  }
}
