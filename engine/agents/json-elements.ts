export type ElementHandlers = {
  /** Whether the objects of the list under this key are wanted; '' is a document that is a list itself. */
  readonly wants: (list: string) => boolean
  /** The bytes of one object of a wanted list. */
  readonly element: (list: string, bytes: Buffer) => void
  /** A text field of the outermost object. */
  readonly field: (name: string, value: string) => void
}

type Container = { readonly isList: boolean; key: string; wanted: string | null }

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d]
const MOST_ELEMENT_BYTES = 1_048_576
const MOST_TEXT_BYTES = 512
const MOST_DEPTH = 64

/**
 * Finds objects in the lists of a JSON document of any size, as its bytes come, holding one object at a time. It checks only what it needs to
 * find them; what is wanted is parsed by whoever takes it.
 */
export class JsonElements {
  readonly #handlers: ElementHandlers
  readonly #containers: Container[] = []
  /** Of the object that is being taken: open brackets, its list, and its bytes of earlier chunks (`null` where it is too large). */
  #depth = 0
  #list = ''
  #parts: Buffer[] | null = []
  #partBytes = 0
  #isInText = false
  #isEscaped = false
  #text: number[] = []
  #isKey = false
  #isBroken = false
  #isWhole = false

  constructor(handlers: ElementHandlers) {
    this.#handlers = handlers
  }

  /** The outermost value was closed. */
  get isWhole(): boolean {
    return this.#isWhole && !this.#isBroken
  }

  push(chunk: Buffer): void {
    let from = this.#depth > 0 ? 0 : -1
    for (let at = 0; at < chunk.length && !this.#isBroken; at++) {
      const byte = chunk[at] as number
      if (this.#isInText) {
        this.#inText(byte)
        continue
      }
      if (byte === QUOTE) {
        this.#isInText = true
        this.#text = []
      } else if (this.#depth > 0) {
        if (byte === OPEN || byte === OPEN_LIST) this.#depth++
        else if (byte === CLOSE || byte === CLOSE_LIST) {
          this.#depth--
          if (this.#depth > 0) continue
          this.#take(chunk.subarray(from, at + 1))
          from = -1
        }
      } else if (byte === OPEN && this.#containers.at(-1)?.wanted !== null && this.#containers.length > 0) {
        this.#depth = 1
        this.#list = this.#containers.at(-1)?.wanted ?? ''
        from = at
      } else this.#outside(byte)
    }
    if (this.#depth > 0 && from >= 0) this.#keep(chunk.subarray(from))
  }

  #inText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === BACKSLASH) this.#isEscaped = true
    else if (byte === QUOTE) {
      this.#isInText = false
      if (this.#depth === 0) this.#endText()
      return
    }
    if (this.#depth === 0 && this.#text.length < MOST_TEXT_BYTES) this.#text.push(byte)
  }

  #endText(): void {
    const container = this.#containers.at(-1)
    if (container === undefined || container.isList) return
    const text = Buffer.from(this.#text).toString()
    if (this.#isKey) container.key = text
    else if (this.#containers.length === 1) this.#handlers.field(container.key, text)
  }

  #outside(byte: number): void {
    const container = this.#containers.at(-1)
    if (byte === OPEN || byte === OPEN_LIST) {
      if (this.#containers.length === MOST_DEPTH || this.#isWhole) {
        this.#isBroken = true
        return
      }
      const isList = byte === OPEN_LIST
      const key = container?.key ?? ''
      this.#containers.push({ isList, key: '', wanted: isList && this.#handlers.wants(key) ? key : null })
      this.#isKey = !isList
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      if (container === undefined || container.isList !== (byte === CLOSE_LIST)) this.#isBroken = true
      this.#containers.pop()
      this.#isWhole = this.#containers.length === 0
    } else if (byte === COMMA) this.#isKey = container?.isList === false
    else if (byte === COLON) this.#isKey = false
  }

  #keep(bytes: Buffer): void {
    this.#partBytes += bytes.length
    if (this.#partBytes > MOST_ELEMENT_BYTES) this.#parts = null
    // Copied: the chunk's memory is read into again.
    this.#parts?.push(Buffer.from(bytes))
  }

  #take(last: Buffer): void {
    const parts = this.#parts
    const isTooLarge = this.#partBytes + last.length > MOST_ELEMENT_BYTES
    this.#parts = []
    this.#partBytes = 0
    if (parts === null || isTooLarge) return
    this.#handlers.element(this.#list, parts.length === 0 ? last : Buffer.concat([...parts, last]))
  }
}
