import type { Socket } from 'node:net'
import { ok, problem, type Result } from '../../../contract/result.ts'
import type { ContactFault, HttpAnswer } from '../host.ts'
import { httpText } from './http-text.ts'

/** Servers close connections that nobody uses, some without a word; and what lay longer may have slept with the machine. */
const KEPT_MS = 15_000
const NOTHING = Buffer.alloc(0)

/**
 * One connection to an HTTP/1.1 server, asked one question at a time. Node's own client takes 0.7 ms of CPU for a question on a new connection,
 * a second apart, and this one 0.2 ms on one that is kept: a meter is asked every two seconds for years.
 */
export class HttpLine {
  readonly socket: Socket
  #settle: ((result: Result<HttpAnswer, ContactFault>) => void) | null = null
  #heard: Buffer = NOTHING
  #mayGoOn = false
  #usedMs = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (piece) => this.#take(piece))
    socket.on('end', () => this.#read(true))
    socket.on('close', () => this.#finish(problem('broken', 'broke off'), false))
  }

  /** Another question may be put to it. */
  get isFree(): boolean {
    const layMs = Date.now() - this.#usedMs
    return this.#mayGoOn && !this.socket.destroyed && this.#settle === null && layMs >= 0 && layMs < KEPT_MS
  }

  /** Nothing came back for the newest question. */
  get isSilent(): boolean {
    return this.#heard.length === 0
  }

  ask(head: string, body: Buffer | null, deadline: AbortSignal): Promise<Result<HttpAnswer, ContactFault>> {
    const giveUp = () => this.socket.destroy()
    this.#heard = NOTHING
    this.#mayGoOn = false
    this.socket.ref()
    return new Promise((resolve) => {
      this.#settle = (result) => {
        deadline.removeEventListener('abort', giveUp)
        resolve(result)
      }
      if (deadline.aborted) giveUp()
      deadline.addEventListener('abort', giveUp, { once: true })
      if (body === null) this.socket.write(head, 'latin1')
      else this.socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]))
    })
  }

  #take(piece: Buffer): void {
    // Nobody asked.
    if (this.#settle === null) return void this.socket.destroy()
    this.#heard = this.#heard.length === 0 ? piece : Buffer.concat([this.#heard, piece])
    this.#read(false)
  }

  #read(hasEnded: boolean): void {
    if (this.#settle === null) return
    const text = httpText(this.#heard, hasEnded)
    if (text === null) return
    if (text.ok) this.#finish(ok(text.value.answer), text.value.mayGoOn)
    else this.#finish(text, false)
  }

  #finish(result: Result<HttpAnswer, ContactFault>, mayGoOn: boolean): void {
    const settle = this.#settle
    this.#settle = null
    this.#mayGoOn = mayGoOn
    this.#usedMs = Date.now()
    // A line that is kept for later keeps no process alive.
    this.socket.unref()
    settle?.(result)
  }
}
