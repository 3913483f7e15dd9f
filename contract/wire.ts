import type {
  Client,
  ContractShape,
  EventName,
  InputOf,
  Method,
  MethodName,
  OutputOf,
  PayloadOf,
  ProblemOf,
} from './define.ts'
import {
  EngineFrame,
  eventOf,
  FrameReader,
  firstIssue,
  fitsFrame,
  frameText,
  type Hello,
  MAX_FRAME_BYTES,
  methodOf,
  WIRE_PROTOCOL,
} from './frames.ts'
import { ok, type Problem, problem, type Result } from './result.ts'

/** The way out: a socket, a pipe, a port. */
export type WireLink = {
  send(text: string): void
  close(): void
}

export type WireNotices = {
  /** The engine at the other end has introduced itself and speaks our protocol. */
  onHello?: (hello: Hello) => void
  /** This end ended the connection, or the engine said why it will. */
  onClosing?: (reason: string) => void
}

type PendingCall = { readonly method: Method; readonly settle: (result: Result<unknown>) => void }

/**
 * The caller's end of the contract. Outlives its connections: subscriptions are renewed on the next link, calls in flight
 * answer `engineDown` when a link is lost. Whatever arrives is parsed; nothing that a peer sends throws.
 */
export class WireClient<C extends ContractShape> implements Client<C> {
  readonly #contract: C
  readonly #notices: WireNotices
  readonly #pending = new Map<number, PendingCall>()
  readonly #listeners = new Map<string, Set<(payload: never) => void>>()
  #link: WireLink | null = null
  #reader: FrameReader | null = null
  #lastId = 0

  constructor(contract: C, notices: WireNotices = {}) {
    this.#contract = contract
    this.#notices = notices
  }

  /** A new connection stands. */
  open(link: WireLink): void {
    this.lost()
    this.#link = link
    this.#reader = new FrameReader(
      (frame) => this.#receive(frame),
      (reason) => this.#end(reason),
    )
    for (const event of this.#listeners.keys()) link.send(frameText({ subscribe: event }))
  }

  receive(chunk: Uint8Array): void {
    this.#reader?.push(chunk)
  }

  /** The connection is gone. Harmless without one. */
  lost(reason = 'The connection to the Perwatt engine ended.'): void {
    this.#link = null
    this.#reader?.stop()
    this.#reader = null
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const call of pending) call.settle(problem('engineDown', reason))
  }

  call<K extends MethodName<C>>(name: K, input: InputOf<C[K]>): Promise<Result<OutputOf<C[K]>, ProblemOf<C[K]>>> {
    const answer = new Promise<Result<unknown>>((settle) => {
      const refusal = this.#send(name, input, settle)
      if (refusal !== null) settle(refusal)
    })
    // Parsed with this very method's schema in #answered; the compiler cannot follow the name through the map.
    return answer as Promise<Result<OutputOf<C[K]>, ProblemOf<C[K]>>>
  }

  on<K extends EventName<C>>(name: K, handler: (payload: PayloadOf<C[K]>) => void): () => void {
    let handlers = this.#listeners.get(name)
    if (handlers === undefined) {
      handlers = new Set()
      this.#listeners.set(name, handlers)
      this.#link?.send(frameText({ subscribe: name }))
    }
    // A wrapper of its own, so that the same function may listen twice.
    const listener = (payload: never) => handler(payload)
    handlers.add(listener)
    return () => {
      if (!handlers.delete(listener) || handlers.size > 0) return
      this.#listeners.delete(name)
      this.#link?.send(frameText({ unsubscribe: name }))
    }
  }

  /** `null` where the call is on its way. */
  #send(name: string, input: unknown, settle: PendingCall['settle']): Problem | null {
    const method = methodOf(this.#contract, name)
    if (method === null) return problem('unknownMethod', `There is no method "${name}".`)
    const parsed = method.input.safeParse(input)
    if (!parsed.success) return problem('badInput', `${name}: ${firstIssue(parsed.error)}`)
    if (this.#link === null) return problem('engineDown', 'The Perwatt engine is not connected.')
    const id = ++this.#lastId
    const text = frameText({ id, method: name, input: parsed.data })
    if (!fitsFrame(text)) return problem('badInput', `${name}: longer than ${MAX_FRAME_BYTES} bytes`)
    this.#pending.set(id, { method, settle })
    this.#link.send(text)
    return null
  }

  #receive(raw: unknown): void {
    const frame = EngineFrame.safeParse(raw)
    if (!frame.success) this.#reader?.fail('a frame is not one of the protocol')
    else if ('hello' in frame.data) this.#greeted(frame.data.hello)
    else if ('id' in frame.data) this.#answered(frame.data.id, frame.data.result)
    else if ('event' in frame.data) this.#told(frame.data.event, frame.data.payload)
    else this.#end(frame.data.closing)
  }

  #greeted(hello: Hello): void {
    if (hello.protocol === WIRE_PROTOCOL) this.#notices.onHello?.(hello)
    else
      this.#reader?.fail(
        `the engine (version ${hello.version}) speaks protocol ${hello.protocol}, not ${WIRE_PROTOCOL}`,
      )
  }

  #answered(id: number, result: Result<unknown>): void {
    const call = this.#pending.get(id)
    if (call === undefined) return
    this.#pending.delete(id)
    call.settle(result.ok ? understood(call.method, result.value) : result)
  }

  /** A payload that is not what the contract says is dropped: an event has nobody to complain to. */
  #told(name: string, payload: unknown): void {
    const parsed = eventOf(this.#contract, name)?.payload.safeParse(payload)
    if (!parsed?.success) return
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(parsed.data as never)
  }

  #end(reason: string): void {
    const link = this.#link
    this.lost(reason)
    link?.close()
    this.#notices.onClosing?.(reason)
  }
}

function understood(method: Method, value: unknown): Result<unknown> {
  const output = method.output.safeParse(value)
  if (output.success) return ok(output.data)
  return problem('failed', `The engine's answer is not what the contract says: ${firstIssue(output.error)}.`)
}
