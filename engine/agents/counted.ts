/** Figures that were counted under one key. */
export type Amounts = {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly requests: number
}

export const NOTHING: Amounts = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, requests: 0 }
const PARTS = ['input', 'cacheRead', 'cacheWrite', 'output', 'requests'] as const

const SEGMENT_KEYS = 512
const MOST_SEGMENTS = 256
/** A key and its owner in 8 bytes each, five counts in 4. */
const KEY_BYTES = 2 * 8 + PARTS.length * 4
const SEGMENT_BYTES = SEGMENT_KEYS * KEY_BYTES

type Segment = { readonly number: number; keys: number; readonly view: DataView; readonly bytes: Buffer }

/** Where state is kept between runs: short texts under names. */
export type KeptState = {
  readonly kept: (name: string) => string | null
  readonly save: (name: string, text: string) => void
}

/**
 * What of a log was counted, by hashed key: at most 131,072 keys (5 MB), the oldest forgotten first. Kept in segments, of which only those
 * that changed are written: a growing log costs one of 18 kB at a time.
 */
export class Counted {
  readonly #name: string
  readonly #state: KeptState
  readonly #slots = new Map<number, number>()
  readonly #segments: Segment[] = []
  readonly #changed = new Set<Segment>()

  constructor(name: string, state: KeptState) {
    this.#name = name
    this.#state = state
    this.#load()
  }

  get size(): number {
    return this.#slots.size
  }

  known(key: number): Amounts | null {
    const found = this.#find(key)
    if (found === null) return null
    const count = (part: number) => found.segment.view.getUint32(found.at + 16 + 4 * part)
    return { input: count(0), cacheRead: count(1), cacheWrite: count(2), output: count(3), requests: count(4) }
  }

  put(key: number, amounts: Amounts): void {
    const { segment, at } = this.#find(key) ?? this.#add(key)
    PARTS.forEach((part, index) => {
      segment.view.setUint32(at + 16 + 4 * index, Math.min(amounts[part], 0xffff_ffff))
    })
    this.#changed.add(segment)
  }

  /** 0: nobody. */
  owner(key: number): number {
    const found = this.#find(key)
    return found === null ? 0 : found.segment.view.getFloat64(found.at + 8)
  }

  claim(key: number, owner: number): void {
    const { segment, at } = this.#find(key) ?? this.#add(key)
    segment.view.setFloat64(at + 8, owner)
    this.#changed.add(segment)
  }

  /** Writes what changed since the last call. */
  save(): void {
    if (this.#changed.size === 0) return
    for (const segment of this.#changed)
      this.#state.save(this.#nameOf(segment.number), segment.bytes.toString('base64', 0, segment.keys * KEY_BYTES))
    this.#changed.clear()
    const [first] = this.#segments
    const last = this.#segments.at(-1)
    this.#state.save(`${this.#name}/keys`, JSON.stringify([first?.number ?? 0, last?.number ?? 0]))
  }

  #find(key: number): { segment: Segment; at: number } | null {
    const slot = this.#slots.get(key)
    if (slot === undefined) return null
    const number = Math.floor(slot / SEGMENT_KEYS)
    const segment = this.#segments[number - (this.#segments[0]?.number ?? 0)]
    return segment === undefined ? null : { segment, at: (slot % SEGMENT_KEYS) * KEY_BYTES }
  }

  #add(key: number): { segment: Segment; at: number } {
    let segment = this.#segments.at(-1)
    if (segment === undefined || segment.keys === SEGMENT_KEYS) segment = this.#addSegment((segment?.number ?? -1) + 1)
    const at = segment.keys * KEY_BYTES
    segment.view.setFloat64(at, key)
    this.#slots.set(key, segment.number * SEGMENT_KEYS + segment.keys)
    segment.keys++
    return { segment, at }
  }

  #addSegment(number: number): Segment {
    if (this.#segments.length === MOST_SEGMENTS) {
      const oldest = this.#segments.shift()
      if (oldest !== undefined) this.#forget(oldest)
    }
    const bytes = Buffer.alloc(SEGMENT_BYTES)
    const segment = { number, keys: 0, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_BYTES) }
    this.#segments.push(segment)
    return segment
  }

  #forget(segment: Segment): void {
    for (let index = 0; index < segment.keys; index++) this.#slots.delete(segment.view.getFloat64(index * KEY_BYTES))
    this.#changed.delete(segment)
  }

  /** State that is not ours or was damaged is as if there were none. */
  #load(): void {
    const span = /^\[(\d{1,9}),(\d{1,9})\]$/.exec(this.#state.kept(`${this.#name}/keys`) ?? '')
    if (span === null) return
    const [first, last] = [Number(span[1]), Number(span[2])]
    for (let number = Math.max(first, last - MOST_SEGMENTS + 1); number <= last; number++) {
      const segment = this.#addSegment(number)
      const written = Buffer.from(this.#state.kept(this.#nameOf(number)) ?? '', 'base64')
      written.copy(segment.bytes)
      segment.keys = Math.min(SEGMENT_KEYS, Math.floor(written.length / KEY_BYTES))
      for (let index = 0; index < segment.keys; index++)
        this.#slots.set(segment.view.getFloat64(index * KEY_BYTES), number * SEGMENT_KEYS + index)
    }
  }

  #nameOf(number: number): string {
    return `${this.#name}/keys/${number % MOST_SEGMENTS}`
  }
}

/** By how much figures are above those known; `null` where by nothing. */
export function riseOf(amounts: Amounts, known: Amounts): Amounts | null {
  const above = (part: (typeof PARTS)[number]) => Math.max(0, amounts[part] - known[part])
  const rise = Object.fromEntries(PARTS.map((part) => [part, above(part)])) as Record<(typeof PARTS)[number], number>
  return PARTS.every((part) => rise[part] === 0) ? null : rise
}

export function sumOfAmounts(one: Amounts, other: Amounts): Amounts {
  return Object.fromEntries(PARTS.map((part) => [part, one[part] + other[part]])) as Record<
    (typeof PARTS)[number],
    number
  >
}
