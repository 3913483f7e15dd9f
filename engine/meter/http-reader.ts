import type { Framing } from './http-head.ts'

export const MAX_HEAD_BYTES = 64 * 1024
/** Chunk extensions are legal and nobody uses them. */
const MAX_CHUNK_LINE_BYTES = 4 * 1024
const MAX_SIZE_DIGITS = 12
const LF = 10
const CR = 13
const H = 72

/** Where a reader hands what it finds. All calls are made within `push`. */
export type ReaderSink = {
  /**
   * A whole head, its closing empty line included. Answers how the body ends; `insert` goes in front of the empty line. `null`: nothing more is
   * read, and the head is not passed on.
   */
  head(raw: Buffer): { readonly framing: Framing; readonly insert?: Buffer } | null
  /** Bytes of the body, without its framing, and where they stand: hundreds of pieces may stand in one chunk. */
  body(bytes: Buffer, from: number, to: number): void
  /** The line of the last chunk is through; what is returned goes behind it, into the trailer. */
  lastChunk(): Buffer | null
  /** The message has ended. `false`: nothing more is read until `resume`. */
  done(): boolean
  /** Bytes to be passed on, in order; all that came, but for what a refused head or bad framing holds. */
  pass(bytes: Buffer): void
  fault(reason: string): void
}

type State =
  | 'head'
  | 'length'
  | 'chunkLine'
  | 'chunkBody'
  | 'chunkEnd'
  | 'trailer'
  | 'untilClose'
  | 'blind'
  | 'held'
  | 'ended'

/**
 * Finds the messages in one direction of an HTTP/1.1 connection, whatever way its bytes are cut, and passes all of them on. A head is held back
 * until it is whole; nothing else waits. RFC 9112.
 */
export class HttpReader {
  readonly #sink: ReaderSink
  #state: State = 'head'
  /** Pieces of a head, or of a held chunk. */
  #pieces: Buffer[] = []
  #heldBytes = 0
  #left = 0
  /** Of the line that is being read: its length so far and its last byte. */
  #lineBytes = 0
  #lastByte = 0
  #size = 0
  #sizeDigits = 0
  #trailerBytes = 0
  /** Of the chunk in hand: where what is not passed on yet begins. */
  #from = 0
  /** An answer that is no HTTP is passed on unread; a request that is none is refused. */
  readonly #isLenient: boolean

  constructor(sink: ReaderSink, { isLenient }: { isLenient: boolean }) {
    this.#sink = sink
    this.#isLenient = isLenient
  }

  /** Part of a head has come. */
  get isInHead(): boolean {
    return this.#state === 'head' && this.#heldBytes > 0
  }

  /** `done` answered `false`, and `resume` has not come yet. */
  get isHeld(): boolean {
    return this.#state === 'held'
  }

  /** A body that ends with the connection. */
  get isUntilClose(): boolean {
    return this.#state === 'untilClose'
  }

  push(chunk: Buffer): void {
    if (this.#state === 'held') {
      this.#hold(chunk)
      return
    }
    this.#from = 0
    let at = 0
    while (at < chunk.length && this.#state !== 'ended') {
      if (this.#state === 'blind') break
      if (this.isHeld) {
        this.#hold(chunk.subarray(at))
        this.#passTo(chunk, at)
        return
      }
      at = this.#step(chunk, at)
    }
    if (this.#state === 'ended') return
    if (this.#state !== 'head' || this.#heldBytes === 0) this.#passTo(chunk, chunk.length)
  }

  /** Goes on after `done` answered `false`. */
  resume(): void {
    if (this.#state !== 'held') return
    this.#state = 'head'
    this.#again()
  }

  /** From here on bytes are passed as they come; so is what was held back. */
  goBlind(): void {
    if (this.#state === 'ended' || this.#state === 'blind') return
    this.#state = 'blind'
    this.#again()
  }

  #again(): void {
    const held = this.#takeHeld()
    if (held !== null) this.push(held)
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(chunk, at)
      case 'length':
      case 'chunkBody':
        return this.#counted(chunk, at)
      case 'chunkLine':
        return this.#chunkLine(chunk, at)
      case 'chunkEnd':
        return this.#chunkEnd(chunk, at)
      case 'trailer':
        return this.#trailer(chunk, at)
      default:
        this.#sink.body(chunk, at, chunk.length)
        return chunk.length
    }
  }

  #head(chunk: Buffer, from: number): number {
    if (this.#isLenient && this.#heldBytes === 0 && chunk[from] !== H) return this.#fail('an answer is not HTTP/1.1')
    for (let at = from; ; ) {
      const end = chunk.indexOf(LF, at)
      const stop = end < 0 ? chunk.length : end + 1
      if (this.#heldBytes + stop - from > MAX_HEAD_BYTES) return this.#fail('a head is longer than 64 kB')
      if (end < 0) {
        this.#lineBytes += chunk.length - at
        this.#lastByte = chunk[chunk.length - 1] as number
        this.#passTo(chunk, from)
        this.#from = chunk.length
        this.#hold(chunk.subarray(from))
        return chunk.length
      }
      const before = end > from ? chunk[end - 1] : this.#lastByte
      if (before !== CR) return this.#fail('a line of a head does not end with CR LF')
      const length = this.#lineBytes + end - at
      this.#lineBytes = 0
      at = end + 1
      if (length !== 1) continue
      // Empty lines in front of a message mean nothing (RFC 9112 §2.2).
      if (this.#heldBytes + at - from === 2) {
        if (this.#heldBytes > 0) this.#sink.pass(this.#takeHeld() as Buffer)
        this.#resetLine()
        return at
      }
      return this.#wholeHead(chunk, from, at)
    }
  }

  #wholeHead(chunk: Buffer, from: number, end: number): number {
    const held = this.#takeHeld()
    const last = chunk.subarray(from, end)
    const raw = held === null ? last : Buffer.concat([held, last])
    const answer = this.#sink.head(raw)
    if (answer === null) {
      this.#passTo(chunk, from)
      this.#state = 'ended'
      return chunk.length
    }
    const { framing, insert } = answer
    if (held !== null || insert !== undefined) {
      this.#passTo(chunk, from)
      const split = raw.length - 2
      this.#sink.pass(insert === undefined ? raw : Buffer.concat([raw.subarray(0, split), insert, raw.subarray(split)]))
      this.#from = end
    }
    this.#begin(framing, chunk, end)
    return end
  }

  #begin(framing: Framing, chunk: Buffer, end: number): void {
    this.#resetLine()
    switch (framing.kind) {
      case 'none':
        this.#done(chunk, end)
        return
      case 'length':
        this.#state = 'length'
        this.#left = framing.bytes
        return
      case 'chunked':
        this.#state = 'chunkLine'
        return
      case 'untilClose':
        this.#state = 'untilClose'
        return
      case 'blind':
        this.#state = 'blind'
        return
      case 'interim':
        this.#state = 'head'
    }
  }

  #counted(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#sink.body(chunk, at, end)
    this.#left -= end - at
    if (this.#left > 0) return end
    if (this.#state === 'chunkBody') {
      this.#state = 'chunkEnd'
      this.#lineBytes = 0
    } else this.#done(chunk, end)
    return end
  }

  /** `1a;name=value` CR LF. */
  #chunkLine(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (byte === LF) {
        if (this.#lastByte !== CR || this.#sizeDigits === 0) return this.#badChunk(chunk, from)
        this.#chunkBegins(chunk, at + 1)
        return at + 1
      }
      if (this.#lastByte === CR || ++this.#lineBytes > MAX_CHUNK_LINE_BYTES) return this.#badChunk(chunk, from)
      const isInSize = this.#sizeDigits === this.#lineBytes - 1
      const digit = isInSize ? hexDigit(byte) : -1
      if (digit >= 0) {
        this.#size = this.#size * 16 + digit
        if (++this.#sizeDigits > MAX_SIZE_DIGITS) return this.#badChunk(chunk, from)
      } else if (isInSize && (this.#sizeDigits === 0 || !endsSize(byte))) return this.#badChunk(chunk, from)
      this.#lastByte = byte
    }
    return chunk.length
  }

  #chunkBegins(chunk: Buffer, at: number): void {
    this.#left = this.#size
    this.#resetLine()
    if (this.#left > 0) {
      this.#state = 'chunkBody'
      return
    }
    this.#state = 'trailer'
    this.#trailerBytes = 0
    const insert = this.#sink.lastChunk()
    if (insert === null) return
    this.#passTo(chunk, at)
    this.#sink.pass(insert)
  }

  #chunkEnd(chunk: Buffer, at: number): number {
    if (chunk[at] !== (this.#lineBytes === 0 ? CR : LF)) return this.#badChunk(chunk, at)
    if (++this.#lineBytes === 2) {
      this.#state = 'chunkLine'
      this.#resetLine()
    }
    return at + 1
  }

  #trailer(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (++this.#trailerBytes > MAX_HEAD_BYTES) return this.#badChunk(chunk, from)
      if (byte !== LF) {
        this.#lineBytes++
        this.#lastByte = byte
        continue
      }
      if (this.#lastByte !== CR) return this.#badChunk(chunk, from)
      const isLast = this.#lineBytes === 1
      this.#lineBytes = 0
      if (!isLast) continue
      this.#done(chunk, at + 1)
      return at + 1
    }
    return chunk.length
  }

  #done(chunk: Buffer, at: number): void {
    this.#state = 'head'
    this.#resetLine()
    // What belongs to this message is through before anything is decided about the next.
    this.#passTo(chunk, at)
    if (!this.#sink.done() && this.#state === 'head') this.#state = 'held'
  }

  #resetLine(): void {
    this.#lineBytes = 0
    this.#lastByte = 0
    this.#size = 0
    this.#sizeDigits = 0
  }

  #badChunk(chunk: Buffer, from: number): number {
    this.#passTo(chunk, from)
    return this.#fail('the body is not cut into chunks as HTTP/1.1 says')
  }

  #fail(reason: string): number {
    this.#state = this.#isLenient ? 'blind' : 'ended'
    if (this.#isLenient && this.#heldBytes > 0) this.#sink.pass(this.#takeHeld() as Buffer)
    this.#sink.fault(reason)
    return Number.MAX_SAFE_INTEGER
  }

  #passTo(chunk: Buffer, end: number): void {
    if (end > this.#from)
      this.#sink.pass(this.#from === 0 && end === chunk.length ? chunk : chunk.subarray(this.#from, end))
    this.#from = Math.max(this.#from, end)
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return
    // A copy: what was read into is read into again.
    this.#pieces.push(Buffer.from(bytes))
    this.#heldBytes += bytes.length
  }

  #takeHeld(): Buffer | null {
    if (this.#heldBytes === 0) return null
    const [first] = this.#pieces
    const held = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#heldBytes = 0
    return held
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** What may stand behind the size: CR, a space or tab before an extension, or `;`. */
function endsSize(byte: number): boolean {
  return byte === CR || byte === 59 || byte === 32 || byte === 9
}
