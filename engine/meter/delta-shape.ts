const [QUOTE, BACKSLASH] = [34, 92]
/** How much in front of the text has to be the same; more than the key and the brace that it stands behind. */
const BEFORE_BYTES = 24
const MOST_AFTER_BYTES = 256

/**
 * What the pieces of one stream look like, learned from one that was parsed: most differ in their text alone. Comparing a few dozen bytes costs a
 * fiftieth of parsing. A piece that says anything else than the last one around its text (usage, a reason to end) has another shape and is parsed.
 */
export class DeltaShape {
  #before = Buffer.alloc(0)
  #after = Buffer.alloc(0)
  #textAt = -1

  /** `key`: under which this piece carried its text. */
  learn(bytes: Buffer, from: number, to: number, key: string): void {
    this.#textAt = -1
    const line = bytes.subarray(from, to)
    // Inside a string a quote is escaped, so that generated text cannot hold these bytes.
    const keyAt = line.lastIndexOf(`"${key}":`)
    const textAt = line.indexOf(QUOTE, keyAt + key.length + 3) + 1
    if (keyAt < 0 || textAt === 0 || textAt < BEFORE_BYTES) return
    const textEnd = endOfText(line, textAt)
    if (textEnd < 0 || line.length - textEnd > MOST_AFTER_BYTES) return
    this.#before = Buffer.from(line.subarray(textAt - BEFORE_BYTES, textAt))
    this.#after = Buffer.from(line.subarray(textEnd))
    this.#textAt = textAt
  }

  /** It is a piece like the last one, with a text that is not empty. */
  matches(bytes: Buffer, from: number, to: number): boolean {
    const textAt = from + this.#textAt
    const after = this.#after
    const afterAt = to - after.length
    if (this.#textAt < 0 || afterAt <= textAt || bytes[textAt] === QUOTE || bytes[afterAt - 1] === BACKSLASH)
      return false
    const beforeAt = textAt - BEFORE_BYTES
    for (let at = 0; at < BEFORE_BYTES; at++) if (bytes[beforeAt + at] !== this.#before[at]) return false
    for (let at = 0; at < after.length; at++) if (bytes[afterAt + at] !== after[at]) return false
    return true
  }
}

function endOfText(line: Buffer, from: number): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] === BACKSLASH) at++
    else if (line[at] === QUOTE) return at
  }
  return -1
}
