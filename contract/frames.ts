import { z } from 'zod'
import type { ContractShape, Event, Method } from './define.ts'
import type { Result } from './result.ts'
import { RemedyShape } from './sources.ts'
import { UnixS } from './units.ts'

/**
 * The contract over a stream of bytes: one JSON object a line (docs/cli.md "Socket"). Knows no transport: whoever owns a
 * socket, a pipe or a message port hands bytes in and sends text out.
 */
export const WIRE_PROTOCOL = 1
/** A longer line ends the connection, so that no peer can make the other one hold more. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024
const KEPT_ROOM_BYTES = 64 * 1024

export const Hello = z.object({ version: z.string(), pid: z.int(), startedS: UnixS, protocol: z.int() })
export type Hello = z.infer<typeof Hello>

/** What the caller sends. */
export const CallerFrame = z.union([
  z.object({ id: z.int().nonnegative(), method: z.string().max(100), input: z.unknown() }),
  z.object({ subscribe: z.string().max(100) }),
  z.object({ unsubscribe: z.string().max(100) }),
])
export type CallerFrame = z.infer<typeof CallerFrame>

const AnyResult = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), code: z.string(), reason: z.string(), remedy: RemedyShape.nullable() }),
])

/** What the engine sends: `hello` first; `closing` before it ends a connection that it cannot make sense of. */
export const EngineFrame = z.union([
  z.object({ hello: Hello }),
  z.object({ id: z.int().nonnegative(), result: AnyResult }),
  z.object({ event: z.string(), payload: z.unknown() }),
  z.object({ closing: z.string() }),
])

/** The same before it is rendered, with the types of whoever sends it. */
export type OutgoingFrame =
  | CallerFrame
  | { readonly hello: Hello }
  | { readonly id: number; readonly result: Result<unknown> }
  | { readonly event: string; readonly payload: unknown }
  | { readonly closing: string }

/** One frame as it goes out, its line end included. */
export function frameText(frame: OutgoingFrame): string {
  return `${JSON.stringify(frame)}\n`
}

/** Whether a frame is short enough to be read at the other end. */
export function fitsFrame(text: string): boolean {
  // No UTF-16 unit needs more than three bytes of UTF-8, so most frames are never measured.
  return text.length * 3 <= MAX_FRAME_BYTES || new TextEncoder().encode(text).length <= MAX_FRAME_BYTES + 1
}

/** The own property only: `constructor` and the like are names that anybody may send. */
export function methodOf(contract: ContractShape, name: string): Method | null {
  const entry = Object.hasOwn(contract, name) ? contract[name] : undefined
  return entry?.type === 'method' ? entry : null
}

export function eventOf(contract: ContractShape, name: string): Event | null {
  const entry = Object.hasOwn(contract, name) ? contract[name] : undefined
  return entry?.type === 'event' ? entry : null
}

/** The first thing wrong with a value, with its path: "forS: Too small: expected number to be >=10". */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'not what the contract says'
  return issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`
}

/**
 * Cuts a stream of bytes into lines of UTF-8 JSON. After the first piece of garbage it reports the reason once and
 * swallows the rest. Holds at most one frame.
 */
export class FrameReader {
  #held = new Uint8Array(0)
  #length = 0
  #ended = false
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true })
  readonly #onFrame: (frame: unknown) => void
  readonly #onGarbage: (reason: string) => void

  constructor(onFrame: (frame: unknown) => void, onGarbage: (reason: string) => void) {
    this.#onFrame = onFrame
    this.#onGarbage = onGarbage
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length && !this.#ended; ) {
      const end = chunk.indexOf(0x0a, from)
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end)
      if (this.#length + piece.length > MAX_FRAME_BYTES) {
        this.fail(`a frame is longer than ${MAX_FRAME_BYTES} bytes`)
        return
      }
      if (end < 0) {
        this.#hold(piece)
        return
      }
      this.#take(piece)
      from = end + 1
    }
  }

  /** Ends reading because what a frame says makes no sense. */
  fail(reason: string): void {
    if (this.#ended) return
    this.stop()
    this.#onGarbage(reason)
  }

  /** Ends reading; nothing that is still to come counts. */
  stop(): void {
    this.#ended = true
    this.#held = new Uint8Array(0)
    this.#length = 0
  }

  #take(piece: Uint8Array): void {
    let line = piece
    if (this.#length > 0) {
      this.#hold(piece)
      line = this.#held.subarray(0, this.#length)
      this.#length = 0
    }
    if (line.length === 0) return
    let frame: unknown
    try {
      frame = JSON.parse(this.#utf8.decode(line))
    } catch {
      this.fail('a line is not JSON in UTF-8')
      return
    }
    // One long frame must not be paid for as long as the connection lives.
    if (this.#held.length > KEPT_ROOM_BYTES) this.#held = new Uint8Array(0)
    this.#onFrame(frame)
  }

  /** Doubles its room, so that a frame that arrives byte by byte costs no more than its length. */
  #hold(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#held.length) {
      const roomier = new Uint8Array(Math.max(needed, this.#held.length * 2, 1_024))
      roomier.set(this.#held.subarray(0, this.#length))
      this.#held = roomier
    }
    this.#held.set(piece, this.#length)
    this.#length = needed
  }
}
