import { DeltaShape } from './delta-shape.ts'
import { JsonScanner } from './json-scanner.ts'
import { LineSplitter } from './line-splitter.ts'
import type { Endpoint } from './protocols/protocol.ts'
import { objectOf, type Tally } from './tally.ts'

const [OPEN, OPEN_LIST, CLOSE_LIST] = [123, 91, 93]
/** First bytes of a stream of events: `data:`, `event:`, `id:`, `retry:`, a comment. */
const EVENT_STARTS = new Set([100, 101, 105, 114, 58])

/** Reads the body of an answer, in whatever pieces it comes, and fills the tally. What it is, its first bytes decide: servers mislabel streams. */
export class AnswerReader {
  readonly #endpoint: Endpoint
  readonly #tally: Tally
  readonly #shape = new DeltaShape()
  readonly #isLines: boolean
  #lines: LineSplitter | null = null
  #scanner: JsonScanner | null = null
  #isSniffed = false

  constructor(endpoint: Endpoint, tally: Tally, contentType: string) {
    this.#endpoint = endpoint
    this.#tally = tally
    this.#isLines = /ndjson|jsonl|json-seq/i.test(contentType)
  }

  push(bytes: Buffer, from = 0, to = bytes.length): void {
    if (!this.#isSniffed) this.#sniff(bytes.subarray(from, to))
    if (this.#lines !== null) this.#lines.push(bytes, from, to)
    else this.#scanner?.push(bytes.subarray(from, to))
  }

  end(): void {
    this.#lines?.end()
    // An event that was begun and not ended: whoever wrote it died.
    if (this.#lines?.isCut === true) this.#tally.hasFailed = true
  }

  #sniff(bytes: Buffer): void {
    const first = bytes.find((byte) => byte > 32)
    if (first === undefined) return
    this.#isSniffed = true
    if (EVENT_STARTS.has(first)) this.#lines = this.#splitter('events')
    else if (first === OPEN && this.#isLines) this.#lines = this.#splitter('lines')
    else if (first === OPEN || first === OPEN_LIST)
      this.#scanner = new JsonScanner({
        ...{ keys: this.#endpoint.keys, list: this.#endpoint.list, prompt: NO_PROMPT },
        onValue: (values, members) => {
          this.#endpoint.read(values, this.#tally, '')
          if (members > 0) this.#tally.images ??= members
        },
      })
  }

  #splitter(kind: 'events' | 'lines'): LineSplitter {
    const tally = this.#tally
    return new LineSplitter(kind, {
      isKnown: (bytes, from, to) => {
        if (!this.#shape.matches(bytes, from, to)) return false
        tally.deltas++
        return true
      },
      item: (event, data) => this.#item(event, data),
    })
  }

  #item(event: string, data: Buffer | null): void {
    if (event === 'error') this.#tally.hasFailed = true
    // `[DONE]`.
    if (data !== null && data[0] === OPEN_LIST && data[data.length - 1] === CLOSE_LIST) return
    const value = data === null ? {} : objectIn(data)
    if (value === null) return
    const key = this.#endpoint.read(value, this.#tally, event)
    if (key !== null && data !== null) this.#shape.learn(data, 0, data.length, key)
  }
}

const NO_PROMPT: ReadonlySet<string> = new Set()

function objectIn(data: Buffer): ReturnType<typeof objectOf> {
  try {
    return objectOf(JSON.parse(data.toString('utf8')))
  } catch {
    return null
  }
}
