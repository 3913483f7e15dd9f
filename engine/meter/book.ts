import type { MeterEvent } from '../../contract/metering.ts'
import type { Exchange } from './exchange.ts'

/** What the book needs of an exchange; of one that has ended nothing else is kept. */
type Told = Pick<Exchange, 'id' | 'end' | 'isNone' | 'begin' | 'progress'>
type Entry = { exchange: Told; isBegun: boolean; isEnded: boolean }

/** Ended requests that wait for an engine; more are given up, oldest first, and counted. */
const MOST_ENTRIES = 2_000
/** Events of one report. */
const MOST_EVENTS = 2_000

export type Batch = {
  readonly events: readonly MeterEvent[]
  readonly unmetered: number
  readonly uncounted: number
}

/**
 * What the engine is to be told. An exchange stays until the engine has taken its end; a new engine is told of those under way from their begin
 * on, because the begin went to the old one.
 */
export class MeterBook {
  readonly #entries = new Map<string, Entry>()
  readonly #onChange: () => void
  #unmetered = 0
  #uncounted = 0

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#unmetered === 0 && this.#uncounted === 0
  }

  add(exchange: Exchange): void {
    this.#entries.set(exchange.id, { exchange, isBegun: false, isEnded: false })
    if (this.#entries.size > MOST_ENTRIES) this.#dropOldest()
  }

  /** Without an engine it may wait for long: its readers are let go. */
  settle(exchange: Exchange): void {
    const { id, end, isNone } = exchange
    const begin = exchange.begin()
    const entry = this.#entries.get(id)
    if (entry !== undefined) entry.exchange = { id, end, isNone, begin: () => begin, progress: () => null }
  }

  /** It was begun and cannot be counted. An engine that knows of it is told its end. */
  giveUp(exchange: Exchange): void {
    if (exchange.end !== null) return
    exchange.abandon()
    if (this.#entries.get(exchange.id)?.isBegun === false) this.#entries.delete(exchange.id)
  }

  unmetered(): void {
    this.#unmetered++
    this.#onChange()
  }

  uncounted(requests: number): void {
    this.#uncounted += requests
    this.#onChange()
  }

  /** What is new since the last one. */
  take(): Batch {
    const events: MeterEvent[] = []
    for (const entry of this.#entries.values()) {
      if (events.length >= MOST_EVENTS) break
      this.#collect(entry, events)
    }
    return { events, unmetered: this.#unmetered, uncounted: this.#uncounted }
  }

  /** The engine has taken a batch. */
  taken({ events, unmetered, uncounted }: Batch): void {
    this.#unmetered -= unmetered
    this.#uncounted -= uncounted
    for (const event of events) if (event.type === 'end') this.#entries.delete(event.id)
  }

  /** Another engine answers, or the last one may not have taken what it was sent. */
  startAgain(): void {
    for (const entry of this.#entries.values()) {
      entry.isBegun = false
      entry.isEnded = false
    }
  }

  /** Of those that have ended; they stand in the order in which they began. */
  #dropOldest(): void {
    for (const { exchange } of this.#entries.values()) {
      if (exchange.end === null) continue
      this.#entries.delete(exchange.id)
      this.uncounted(1)
      return
    }
  }

  #collect(entry: Entry, events: MeterEvent[]): void {
    const { exchange } = entry
    if (entry.isEnded) return
    if (exchange.isNone) {
      // It was begun before its answer said that it only loads: then it has to end too.
      if (exchange.end !== null && !entry.isBegun) this.#entries.delete(exchange.id)
      if (!entry.isBegun) return
    }
    const begin = entry.isBegun ? null : exchange.begin()
    if (!entry.isBegun && begin === null) return
    if (begin !== null) events.push(begin)
    entry.isBegun = true
    const { end } = exchange
    entry.isEnded = end !== null
    const event = end ?? exchange.progress()
    if (event !== null) events.push(event)
  }
}
