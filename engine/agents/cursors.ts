import { z } from 'zod'
import type { LineState } from './agent-log.ts'
import type { KeptState } from './counted.ts'
import { parsedJson } from './fields.ts'
import { hashOf } from './hash.ts'

/** How far one file was read. */
export type Cursor = {
  /** As it was when it was last read to its end; a file that is still so is not opened. */
  sizeBytes: number
  modifiedMs: number
  /** Behind the last whole line. */
  offsetBytes: number
  /** Of the bytes before the offset: others there, and it is another file under the same inode. */
  tailHash: number
  /** Inside of a line that is too long to be one of ours. */
  isSkipping: boolean
  state: LineState
}

const Kept = z.record(
  z.string(),
  z.tuple([
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.boolean(),
    z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  ]),
)

const BUCKETS = 64
const MOST_FILES = 20_000

/** Cursors by device and inode, so that a file that is moved or renamed is not read again. Kept in buckets, of which those that changed are written. */
export class Cursors {
  readonly #name: string
  readonly #state: KeptState
  readonly #cursors = new Map<string, Cursor>()
  readonly #changed = new Set<number>()

  constructor(name: string, state: KeptState) {
    this.#name = name
    this.#state = state
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#load(bucket)
  }

  of(id: string): Cursor | null {
    return this.#cursors.get(id) ?? null
  }

  put(id: string, cursor: Cursor): void {
    this.#cursors.delete(id)
    this.#cursors.set(id, cursor)
    this.#changed.add(bucketOf(id))
    if (this.#cursors.size <= MOST_FILES) return
    const [longestUnread] = this.#cursors.keys()
    if (longestUnread !== undefined) this.#drop(longestUnread)
  }

  /** After a look at everything: files that are gone are forgotten. */
  keepOnly(isThere: (id: string) => boolean): void {
    for (const id of [...this.#cursors.keys()]) if (!isThere(id)) this.#drop(id)
  }

  save(): void {
    for (const bucket of this.#changed) {
      const inBucket = [...this.#cursors].filter(([id]) => bucketOf(id) === bucket)
      const rows = inBucket.map(([id, { sizeBytes, modifiedMs, offsetBytes, tailHash, isSkipping, state }]) => [
        id,
        [sizeBytes, modifiedMs, offsetBytes, tailHash, isSkipping, state],
      ])
      this.#state.save(this.#nameOf(bucket), JSON.stringify(Object.fromEntries(rows)))
    }
    this.#changed.clear()
  }

  #drop(id: string): void {
    this.#cursors.delete(id)
    this.#changed.add(bucketOf(id))
  }

  #load(bucket: number): void {
    const text = this.#state.kept(this.#nameOf(bucket))
    if (text === null) return
    const kept = Kept.safeParse(parsedJson(text))
    if (!kept.success) return
    for (const [id, [sizeBytes, modifiedMs, offsetBytes, tailHash, isSkipping, state]] of Object.entries(kept.data))
      this.#cursors.set(id, { sizeBytes, modifiedMs, offsetBytes, tailHash, isSkipping, state })
  }

  #nameOf(bucket: number): string {
    return `${this.#name}/files/${bucket}`
  }
}

function bucketOf(id: string): number {
  return hashOf(id) % BUCKETS
}
