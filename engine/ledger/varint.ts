/** The bytes in the file are not what was written: the file is damaged. */
export class CorruptCells extends Error {
  readonly code = 'PERWATT_CORRUPT'
}

/** Integers ≥ 0 as LEB128. */
export class VarintWriter {
  #buffer = new Uint8Array(512)
  #length = 0

  /** Integers from 0 to 2⁵³ − 1: above 2³¹ the bit operators do not reach, so it divides. */
  write(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} is not a count`)
    if (this.#length + 8 > this.#buffer.length) this.#grow()
    let rest = value
    while (rest >= 128) {
      this.#buffer[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#length++] = rest
  }

  #grow(): void {
    const larger = new Uint8Array(this.#buffer.length * 2)
    larger.set(this.#buffer)
    this.#buffer = larger
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }
}

/** @throws `CorruptCells` where the bytes end within a number. */
export class VarintReader {
  readonly #bytes: Uint8Array
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length
  }

  read(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.#position++]
      if (byte === undefined || scale > 2 ** 49) throw new CorruptCells('packed cells are damaged')
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
}
