import { connect, type Socket } from 'node:net'
import { socketPath } from '../socket/address.ts'

/** As the contract's frames have it (contract/frames.ts), which are not imported: zod and all schemas are twice the memory of this process. */
const PROTOCOL = 1
const HELLO_MS = 3_000
const MOST_LINE_BYTES = 4 * 1024 * 1024
const LF = 10

export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly code: string }

/** A connection to the engine that serves a data directory: calls in, answers out, one JSON object a line. */
export class EngineLink {
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>
  readonly #socket: Socket
  readonly #calls = new Map<number, (answer: Answer) => void>()
  #lastId = 0
  #line: Buffer[] = []
  #lineBytes = 0
  #onHello: (speaksOurs: boolean) => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#receive(bytes))
    // Its close tells all there is to do.
    socket.on('error', () => {})
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        for (const settle of this.#calls.values()) settle({ ok: false, code: 'engineDown' })
        this.#calls.clear()
        resolve()
      })
    })
  }

  /** `null` where no engine answers that speaks this protocol. */
  static async open(dataDir: string): Promise<EngineLink | null> {
    const path = socketPath(dataDir)
    if (!path.ok) return null
    const link = new EngineLink(connect({ path: path.value }))
    const speaksOurs = await Promise.race([
      new Promise<boolean>((resolve) => {
        link.#onHello = resolve
        setTimeout(() => resolve(false), HELLO_MS).unref()
      }),
      link.ended.then(() => false),
    ])
    if (speaksOurs) return link
    link.close()
    return null
  }

  call(method: string, input: unknown): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) {
        resolve({ ok: false, code: 'engineDown' })
        return
      }
      const id = ++this.#lastId
      this.#calls.set(id, resolve)
      this.#socket.write(`${JSON.stringify({ id, method, input })}\n`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(LF, from)
      const piece = bytes.subarray(from, end < 0 ? bytes.length : end)
      this.#lineBytes += piece.length
      if (this.#lineBytes > MOST_LINE_BYTES) {
        this.close()
        return
      }
      this.#line.push(piece)
      if (end < 0) return
      const text = Buffer.concat(this.#line).toString('utf8')
      this.#line = []
      this.#lineBytes = 0
      this.#take(text)
      from = end + 1
    }
  }

  #take(text: string): void {
    const frame = fieldsOf(text)
    const hello = nested(frame?.hello)
    if (hello !== null) this.#onHello(hello.protocol === PROTOCOL)
    const result = nested(frame?.result)
    const settle = typeof frame?.id === 'number' ? this.#calls.get(frame.id) : undefined
    if (settle === undefined || result === null) return
    this.#calls.delete(frame?.id as number)
    settle(result.ok === true ? { ok: true, value: result.value } : { ok: false, code: String(result.code) })
  }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return nested(JSON.parse(text))
  } catch {
    return null
  }
}

function nested(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
}
