/** What a stream of events or lines is cut into. `data` is valid during the call only. */
export type StreamSink = {
  /** `event` is the event's name, `''` where it has none. `null`: the data was too long to be held. */
  item(event: string, data: Buffer | null): void
  /** The usual event, one line of data in one piece; `true` if that was all there is to know of it. */
  isKnown(bytes: Buffer, from: number, to: number): boolean
}

/** Longer than any usage. Of a longer event (an image) only its name is known. */
const MAX_LINE_BYTES = 1024 * 1024
const [LF, CR, SPACE, COLON] = [10, 13, 32, 58]
const [D, E] = [100, 101]

/**
 * Cuts a body into server-sent events (WHATWG HTML §9.2.6) or into lines of JSON, in whatever pieces it comes: lines may end with LF, CR LF or CR,
 * several lines of data are one event, and comments are none.
 */
export class LineSplitter {
  readonly #kind: 'events' | 'lines'
  readonly #sink: StreamSink
  #partial: Buffer[] = []
  #partialBytes = 0
  #isTooLong = false
  #isAfterCr = false
  /** `null` until a whole line has been seen. */
  #isLfOnly: boolean | null = null
  #event = ''
  #data: Buffer | null = null
  #dataFrom = 0
  #dataTo = 0

  constructor(kind: 'events' | 'lines', sink: StreamSink) {
    this.#kind = kind
    this.#sink = sink
  }

  /** Something began that has not ended: a stream that stops here was cut. */
  get isCut(): boolean {
    return this.#partialBytes > 0 || this.#isTooLong
  }

  push(bytes: Buffer, start = 0, stop = bytes.length): void {
    if (start >= stop) return
    let from = this.#isAfterCr && bytes[start] === LF ? start + 1 : start
    this.#isAfterCr = bytes[stop - 1] === CR
    while (from < stop) {
      const end = this.#lineEnd(bytes, from)
      if (end < 0 || end >= stop) break
      if (this.#partialBytes > 0 || this.#isTooLong) this.#endPartial(bytes.subarray(from, end))
      else this.#line(bytes, from, end)
      from = end + (bytes[end] === CR && end + 1 < stop && bytes[end + 1] === LF ? 2 : 1)
    }
    if (from < stop) this.#hold(bytes.subarray(from, stop))
    if (this.#data === bytes) this.#keepData()
  }

  #keepData(): void {
    if (this.#data === null) return
    this.#data = Buffer.from(this.#data.subarray(this.#dataFrom, this.#dataTo))
    this.#dataFrom = 0
    this.#dataTo = this.#data.length
  }

  /** What ends the first line ends them all: two searches for each of thousands of lines would be half the cost of reading a stream. */
  #lineEnd(bytes: Buffer, from: number): number {
    if (bytes[from] === LF) return from
    const lf = bytes.indexOf(LF, from)
    if (this.#isLfOnly) return lf
    const cr = bytes.indexOf(CR, from)
    if (cr >= 0 && (lf < 0 || cr < lf)) {
      this.#isLfOnly = false
      return cr
    }
    this.#isLfOnly ??= lf >= 0 && this.#partialBytes === 0 ? true : null
    return lf
  }

  /** The body has ended; the last line of JSON may lack its line end. */
  end(): void {
    if (this.#kind === 'lines' && this.isCut) this.#endPartial(Buffer.alloc(0))
  }

  #hold(bytes: Buffer): void {
    this.#partialBytes += bytes.length
    this.#isTooLong ||= this.#partialBytes > MAX_LINE_BYTES
    if (this.#isTooLong) this.#partial = []
    // A copy: what was read into is read into again.
    else this.#partial.push(Buffer.from(bytes))
  }

  #endPartial(rest: Buffer): void {
    this.#hold(rest)
    const isTooLong = this.#isTooLong
    const line = Buffer.concat(this.#partial)
    this.#partial = []
    this.#partialBytes = 0
    this.#isTooLong = false
    if (!isTooLong) this.#line(line, 0, line.length)
    else if (this.#kind === 'lines') this.#sink.item('', null)
    else {
      const event = this.#event
      this.#forget()
      this.#sink.item(event, null)
    }
  }

  #line(bytes: Buffer, from: number, to: number): void {
    if (this.#kind === 'lines') {
      if (to > from && !this.#sink.isKnown(bytes, from, to)) this.#sink.item('', bytes.subarray(from, to))
    } else if (to === from) this.#dispatch()
    else if (bytes[from] === D && isField(bytes, from, to, 'data'))
      this.#addData(bytes, valueFrom(bytes, from + 5, to), to)
    else if (bytes[from] === E && isField(bytes, from, to, 'event'))
      this.#event = bytes.toString('latin1', valueFrom(bytes, from + 6, to), to)
  }

  #addData(bytes: Buffer, from: number, to: number): void {
    if (this.#data === null) {
      this.#data = bytes
      this.#dataFrom = from
      this.#dataTo = to
      return
    }
    const joined = Buffer.concat([
      this.#data.subarray(this.#dataFrom, this.#dataTo),
      Buffer.of(LF),
      bytes.subarray(from, to),
    ])
    this.#data = joined.length > MAX_LINE_BYTES ? joined.subarray(0, 0) : joined
    this.#dataFrom = 0
    this.#dataTo = this.#data.length
  }

  #dispatch(): void {
    const [event, data, from, to] = [this.#event, this.#data, this.#dataFrom, this.#dataTo]
    this.#forget()
    if (data === null || this.#sink.isKnown(data, from, to)) return
    this.#sink.item(event, data.subarray(from, to))
  }

  #forget(): void {
    this.#event = ''
    this.#data = null
  }
}

function isField(bytes: Buffer, from: number, to: number, name: string): boolean {
  if (to - from < name.length) return false
  for (let at = 0; at < name.length; at++) if (bytes[from + at] !== name.charCodeAt(at)) return false
  return to - from === name.length || bytes[from + name.length] === COLON
}

/** One space behind the colon belongs to the syntax. */
function valueFrom(bytes: Buffer, from: number, to: number): number {
  if (from >= to) return to
  return bytes[from] === SPACE ? from + 1 : from
}
