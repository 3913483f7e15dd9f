import {
  CallerFrame,
  eventOf,
  FrameReader,
  firstIssue,
  fitsFrame,
  frameText,
  type Hello,
  MAX_FRAME_BYTES,
  methodOf,
} from '../../contract/frames.ts'
import { contract, type PerwattClient, type PerwattEvent, type PerwattHandlers } from '../../contract/index.ts'
import { type Problem, problem, type Result } from '../../contract/result.ts'
import type { WireLink } from '../../contract/wire.ts'

/** Events are dropped for a peer that has this much unread; its next event is a newer truth anyway. */
export const SLOW_READER_BYTES = 1024 * 1024
/** A peer that has this much unread loses its connection: answers cannot be dropped. */
export const STUCK_READER_BYTES = 4 * MAX_FRAME_BYTES
/** Calls of one connection that may be in flight at once. */
export const MAX_CALLS = 64

/** What is served: an engine, seen as the contract. `on` tells it which events have listeners. */
export type Served = { readonly handlers: PerwattHandlers; readonly on: PerwattClient['on'] }

export type SessionLink = WireLink & {
  /** Sent but not yet taken by the peer. */
  unreadBytes(): number
}

export type SessionsOptions = {
  readonly served: Served
  readonly hello: Hello
  /** A handler threw: a bug, told to the log; the caller hears `failed`. */
  readonly onBug: (method: string, error: unknown) => void
}

type AnyHandler = (input: unknown) => Promise<Result<unknown>> | Result<unknown>

/** The engine's end of the contract for any number of connections. Knows no transport; nothing that a peer sends throws. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #sessions = new Set<Session>()
  readonly #subscribers = new Map<PerwattEvent, { readonly sessions: Set<Session>; readonly stop: () => void }>()

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** A connection stands. The transport hands in what arrives, and says when it is gone. */
  accept(link: SessionLink): Session {
    const session = new Session(link, {
      call: (method, input) => this.#call(method, input),
      subscribe: (event) => this.#subscribe(session, event),
      unsubscribe: (event) => this.#unsubscribe(session, event),
      ended: () => this.#ended(session),
    })
    this.#sessions.add(session)
    session.greet(this.#options.hello)
    return session
  }

  get count(): number {
    return this.#sessions.size
  }

  /** Says good-bye to every peer. */
  close(reason: string): void {
    for (const session of [...this.#sessions]) session.end(reason)
  }

  async #call(name: string, input: unknown): Promise<Result<unknown>> {
    const method = methodOf(contract, name)
    if (method === null) return problem('unknownMethod', `This engine knows no method "${name}".`)
    const parsed = method.input.safeParse(input)
    if (!parsed.success) return problem('badInput', `${name}: ${firstIssue(parsed.error)}`)
    // Own handlers, and an input parsed by the schema that types this very handler.
    const handler = (this.#options.served.handlers as unknown as Readonly<Record<string, AnyHandler>>)[name]
    try {
      return handler === undefined ? notServed(name) : await handler(parsed.data)
    } catch (error) {
      this.#options.onBug(name, error)
      return problem('failed', `The engine failed to answer "${name}". Its log says more.`)
    }
  }

  #subscribe(session: Session, name: string): void {
    if (eventOf(contract, name) === null) return
    const event = name as PerwattEvent
    const known = this.#subscribers.get(event)
    if (known !== undefined) {
      known.sessions.add(session)
      return
    }
    const sessions = new Set([session])
    const stop = this.#options.served.on(event, (payload) => publish(sessions, event, payload))
    this.#subscribers.set(event, { sessions, stop })
  }

  #unsubscribe(session: Session, name: string): void {
    const event = name as PerwattEvent
    const known = this.#subscribers.get(event)
    if (known === undefined || !known.sessions.delete(session) || known.sessions.size > 0) return
    known.stop()
    this.#subscribers.delete(event)
  }

  #ended(session: Session): void {
    this.#sessions.delete(session)
    for (const event of [...this.#subscribers.keys()]) this.#unsubscribe(session, event)
  }
}

/** Rendered once, however many listen. */
function publish(sessions: ReadonlySet<Session>, event: PerwattEvent, payload: unknown): void {
  const text = frameText({ event, payload })
  for (const session of [...sessions]) session.tell(text)
}

function notServed(name: string): Problem {
  return problem('unknownMethod', `This engine does not answer "${name}".`)
}

type SessionOwner = {
  call(method: string, input: unknown): Promise<Result<unknown>>
  subscribe(event: string): void
  unsubscribe(event: string): void
  ended(): void
}

/** One connection. */
export class Session {
  readonly #link: SessionLink
  readonly #owner: SessionOwner
  readonly #reader: FrameReader
  #calls = 0
  #ended = false

  constructor(link: SessionLink, owner: SessionOwner) {
    this.#link = link
    this.#owner = owner
    this.#reader = new FrameReader(
      (frame) => this.#receive(frame),
      (reason) => this.end(reason),
    )
  }

  greet(hello: Hello): void {
    this.#link.send(frameText({ hello }))
  }

  receive(chunk: Uint8Array): void {
    this.#reader.push(chunk)
  }

  /** The transport is gone. */
  lost(): void {
    if (this.#ended) return
    this.#ended = true
    this.#reader.stop()
    this.#owner.ended()
  }

  /** Tells the peer why, and ends the connection. */
  end(reason: string): void {
    if (this.#ended) return
    this.#link.send(frameText({ closing: reason }))
    this.lost()
    this.#link.close()
  }

  /** An event; dropped where the peer does not keep up. */
  tell(text: string): void {
    if (this.#link.unreadBytes() <= SLOW_READER_BYTES) this.#link.send(text)
  }

  #receive(raw: unknown): void {
    const frame = CallerFrame.safeParse(raw)
    if (!frame.success) this.#reader.fail('a frame is not one of the protocol')
    else if ('id' in frame.data) void this.#answer(frame.data.id, frame.data.method, frame.data.input)
    else if ('subscribe' in frame.data) this.#owner.subscribe(frame.data.subscribe)
    else this.#owner.unsubscribe(frame.data.unsubscribe)
  }

  async #answer(id: number, method: string, input: unknown): Promise<void> {
    if (this.#calls >= MAX_CALLS) {
      this.#reply(id, problem('failed', `More than ${MAX_CALLS} calls at once on one connection.`))
      return
    }
    this.#calls += 1
    const result = await this.#owner.call(method, input)
    this.#calls -= 1
    this.#reply(id, result)
  }

  #reply(id: number, result: Result<unknown>): void {
    if (this.#ended) return
    const text = frameText({ id, result })
    this.#link.send(fitsFrame(text) ? text : frameText({ id, result: tooLong() }))
    if (this.#link.unreadBytes() > STUCK_READER_BYTES) this.end('answers are not being read')
  }
}

function tooLong(): Problem {
  return problem('failed', `The answer is longer than ${MAX_FRAME_BYTES} bytes; ask for a shorter stretch of time.`)
}
