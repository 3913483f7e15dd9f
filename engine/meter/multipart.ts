import type { RequestReader } from './request-reader.ts'

const MAX_PART_HEAD_BYTES = 8 * 1024
const MAX_FIELD_BYTES = 256
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const TEXT_FIELDS = new Set(['prompt', 'input'])

/** A form with files in it (RFC 7578), as speech and image edits are sent: small fields are read, files pass by at the speed of memchr. */
export class MultipartReader implements RequestReader {
  promptBytes = 0
  promptMedia = 0
  readonly #values: Record<string, unknown> = {}
  readonly #mark: Buffer
  readonly #wanted: ReadonlySet<string>
  #state: 'preamble' | 'head' | 'field' | 'file' = 'preamble'
  /** The end of what came last, which may be the beginning of a boundary. */
  #kept: Buffer
  #name = ''
  #field: Buffer[] = []
  #fieldBytes = 0

  constructor(boundary: string, wanted: ReadonlySet<string>) {
    this.#mark = Buffer.from(`\r\n--${boundary}`)
    // The first boundary has no line end in front of it.
    this.#kept = Buffer.from('\r\n')
    this.#wanted = wanted
  }

  get asked(): Readonly<Record<string, unknown>> {
    return this.#values
  }

  push(bytes: Buffer): void {
    const chunk = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes])
    let at = 0
    for (;;) {
      const isHead = this.#state === 'head'
      const mark = isHead ? END_OF_HEAD : this.#mark
      const found = chunk.indexOf(mark, at)
      if (found < 0) break
      if (isHead) this.#begin(chunk.toString('latin1', at, found))
      else this.#endPart(chunk, at, found)
      at = found + mark.length
    }
    this.#keep(chunk, at)
  }

  #keep(chunk: Buffer, at: number): void {
    const most = this.#state === 'head' ? MAX_PART_HEAD_BYTES : this.#mark.length - 1
    const from = Math.max(at, chunk.length - most)
    this.#addToField(chunk, at, from)
    this.#kept = Buffer.from(chunk.subarray(from))
  }

  #begin(head: string): void {
    const isFile = /\bfilename\*?=/i.test(head)
    this.#name = /\bname="([^"]{1,64})"/i.exec(head)?.[1] ?? ''
    this.#state = isFile ? 'file' : 'field'
    this.#field = []
    this.#fieldBytes = 0
    if (isFile) this.promptMedia++
  }

  #endPart(chunk: Buffer, from: number, to: number): void {
    this.#addToField(chunk, from, to)
    if (this.#state === 'field') this.#endField()
    this.#state = 'head'
  }

  #addToField(chunk: Buffer, from: number, to: number): void {
    if (this.#state !== 'field' || to <= from) return
    this.#fieldBytes += to - from
    if (this.#fieldBytes <= MAX_FIELD_BYTES) this.#field.push(Buffer.from(chunk.subarray(from, to)))
  }

  #endField(): void {
    if (TEXT_FIELDS.has(this.#name)) this.promptBytes += this.#fieldBytes
    if (!this.#wanted.has(this.#name) || this.#fieldBytes > MAX_FIELD_BYTES) return
    const text = Buffer.concat(this.#field).toString('utf8')
    this.#values[this.#name] = /^\d{1,9}$/.test(text) ? Number(text) : text
  }
}
