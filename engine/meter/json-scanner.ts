import type { JsonObject } from './tally.ts'

export type ScanOrder = {
  /** Top-level keys whose values are handed over. */
  readonly keys: ReadonlySet<string>
  /** Top-level key of a list whose members are counted. */
  readonly list: string | null
  /** Top-level keys under which the prompt stands. */
  readonly prompt: ReadonlySet<string>
  /** A top-level value has ended; several may stand in one body. */
  onValue(values: JsonObject, members: number): void
}

/** A captured value that is longer is dropped: no model's or person's name is, and prompts must not be kept. */
const SCALAR_BYTES = 256
const OBJECT_BYTES = 4 * 1024
const KEY_BYTES = 48
const DEEPEST = 64
/** Strings under these keys are media or addresses of media. */
const MEDIA = new Set(['url', 'data', 'image_url', 'image', 'images', 'b64_json', 'file_data'])
/** These say how to read what stands beside them, and are no prompt. */
const LABELS = new Set(['type', 'role', 'media_type', 'detail', 'format'])
/** A token that is sent as a number stands for about so much text. */
const BYTES_PER_TOKEN_NUMBER = 4

const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COLON, COMMA] = [34, 92, 123, 125, 91, 93, 58, 44]

/**
 * Reads the top level of JSON of any length in pieces of any length, and keeps nothing but the values asked for. Bytes that are no JSON are
 * survived: nothing is thrown, and nothing that stands inside a string is taken for a key.
 */
export class JsonScanner {
  /** Bytes of text and number of images under the prompt's keys so far. */
  promptBytes = 0
  promptMedia = 0
  readonly #order: ScanOrder
  #depth = 0
  readonly #isObject = new Uint8Array(DEEPEST)
  #inString = false
  #isEscaped = false
  #stringBytes = 0
  /** The string in hand stands where a key would. */
  #isKey = false
  #wantsKey = false
  #lastKey = ''
  #topKey = ''
  #key = ''
  #capturing = false
  #captured: Buffer[] = []
  #capturedBytes = 0
  #captureFrom = 0
  #values: Record<string, unknown> = {}
  #members = 0
  #hasMember = false
  #isNumber = false

  constructor(order: ScanOrder) {
    this.#order = order
  }

  push(bytes: Buffer): void {
    this.#captureFrom = 0
    for (let at = 0; at < bytes.length; ) at = this.#inString ? this.#string(bytes, at) : this.#structure(bytes, at)
    if (this.#capturing) this.#capture(bytes, bytes.length)
  }

  #structure(bytes: Buffer, at: number): number {
    const byte = bytes[at] as number
    if (byte <= 32) return at + 1
    if (this.#depth === 2 && byte !== CLOSE_LIST) this.#hasMember = true
    switch (byte) {
      case QUOTE:
        this.#inString = true
        this.#stringBytes = 0
        this.#isKey = this.#wantsKey
        break
      case OPEN:
      case OPEN_LIST:
        this.#open(byte === OPEN)
        break
      case CLOSE:
      case CLOSE_LIST:
        this.#close(bytes, at)
        break
      case COLON:
        this.#wantsKey = false
        if (this.#depth === 1) this.#beginValue(at + 1)
        break
      case COMMA:
        this.#comma(bytes, at)
        break
      default:
        this.#isNumber ||= byte >= 48 && byte <= 57
    }
    return at + 1
  }

  /** Goes to the string's end, at the speed of memchr: images of tens of MB stand in strings. */
  #string(bytes: Buffer, from: number): number {
    let at = from
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at)
      const end = quote < 0 ? bytes.length : quote
      let slashes = 0
      while (slashes < end - at && bytes[end - 1 - slashes] === BACKSLASH) slashes++
      const reachesStart = slashes === end - at
      const isEscaped = (slashes % 2 === 1) !== (reachesStart && this.#isEscaped)
      this.#take(bytes, at, end)
      this.#isEscaped = quote < 0 ? isEscaped : false
      if (quote < 0) return bytes.length
      at = quote + 1
      if (isEscaped) this.#stringBytes++
      else break
    }
    this.#inString = false
    this.#endString()
    return at
  }

  #take(bytes: Buffer, from: number, to: number): void {
    if (this.#isKey && this.#stringBytes + to - from <= KEY_BYTES) this.#key += bytes.toString('latin1', from, to)
    this.#stringBytes += to - from
  }

  #endString(): void {
    if (this.#isKey) {
      this.#lastKey = this.#stringBytes <= KEY_BYTES ? this.#key : ''
      this.#key = ''
      if (this.#depth === 1) this.#topKey = this.#lastKey
      return
    }
    if (!this.#order.prompt.has(this.#topKey) || LABELS.has(this.#lastKey)) return
    if (MEDIA.has(this.#lastKey)) this.promptMedia++
    else this.promptBytes += this.#stringBytes
  }

  #open(isObject: boolean): void {
    this.#depth++
    if (this.#depth < DEEPEST) this.#isObject[this.#depth] = isObject ? 1 : 0
    this.#wantsKey = isObject
    if (this.#depth === 2) this.#hasMember = false
  }

  #close(bytes: Buffer, at: number): void {
    this.#endNumber()
    if (this.#depth === 2 && this.#isCounted && this.#hasMember) this.#members++
    if (this.#depth === 1) this.#endValue(bytes, at)
    this.#depth = Math.max(0, this.#depth - 1)
    this.#wantsKey = false
    if (this.#depth > 0) return
    const values = this.#values
    const members = this.#members
    this.#values = {}
    this.#members = 0
    this.#topKey = ''
    this.#lastKey = ''
    this.#order.onValue(values, members)
  }

  get #isCounted(): boolean {
    return this.#topKey === this.#order.list && this.#isObject[2] === 0
  }

  #comma(bytes: Buffer, at: number): void {
    this.#endNumber()
    if (this.#depth === 1) this.#endValue(bytes, at)
    if (this.#depth === 2 && this.#isCounted) this.#members++
    this.#wantsKey = this.#depth < DEEPEST && this.#isObject[this.#depth] === 1
  }

  #endNumber(): void {
    if (this.#isNumber && this.#depth > 1 && this.#order.prompt.has(this.#topKey) && this.#isObject[this.#depth] === 0)
      this.promptBytes += BYTES_PER_TOKEN_NUMBER
    this.#isNumber = false
  }

  #beginValue(at: number): void {
    if (!this.#order.keys.has(this.#topKey)) return
    this.#capturing = true
    this.#captured = []
    this.#capturedBytes = 0
    this.#captureFrom = at
  }

  #capture(bytes: Buffer, to: number): void {
    const length = to - this.#captureFrom
    if (length <= 0) return
    if (this.#capturedBytes <= OBJECT_BYTES)
      // A copy: a view would keep the whole of what arrived alive.
      this.#captured.push(
        Buffer.from(bytes.subarray(this.#captureFrom, Math.min(to, this.#captureFrom + OBJECT_BYTES + 1))),
      )
    this.#capturedBytes += length
  }

  #endValue(bytes: Buffer, at: number): void {
    if (!this.#capturing) return
    this.#capture(bytes, at)
    this.#capturing = false
    const isNested = this.#captured.some((piece) => piece.includes(OPEN) || piece.includes(OPEN_LIST))
    const value = this.#capturedBytes > (isNested ? OBJECT_BYTES : SCALAR_BYTES) ? undefined : parsed(this.#captured)
    if (value !== undefined) this.#values[this.#topKey] = value
    this.#captured = []
  }
}

function parsed(pieces: readonly Buffer[]): unknown {
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch {
    return undefined
  }
}
