/**
 * D-Bus messages as bytes (dbus.freedesktop.org/doc/dbus-specification.html, "Message Format" and "Marshaling"), as far as
 * asking the bus and a tray host needs: little endian, arguments that are strings, answers of any type.
 */

export type MethodCall = {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly args: readonly string[]
}

export type Message = {
  readonly type: number
  readonly serial: number
  /** The call that this answers; `null` for calls and signals. */
  readonly replySerial: number | null
  readonly interface: string | null
  readonly member: string | null
  readonly body: readonly unknown[]
}

export const TYPE = { call: 1, reply: 2, error: 3, signal: 4 } as const
const FIELD = { path: 1, interface: 2, member: 3, replySerial: 5, destination: 6, signature: 8 } as const
/** The specification's own limit is 128 MiB; nothing that we ask for comes near this. */
const MAX_MESSAGE_BYTES = 1024 * 1024
const MAX_DEPTH = 32

export function encodeCall(serial: number, call: MethodCall): Buffer {
  const body = new Writer()
  for (const argument of call.args) body.string(argument)
  const head = new Writer()
  head.bytes([0x6c, TYPE.call, 0, 1])
  head.uint32(body.length)
  head.uint32(serial)
  const fields = new Writer()
  const field = (code: number, type: 'o' | 's' | 'g', value: string) => {
    fields.align(8)
    fields.bytes([code])
    fields.signature(type)
    if (type === 'g') fields.signature(value)
    else fields.string(value)
  }
  field(FIELD.path, 'o', call.path)
  field(FIELD.interface, 's', call.interface)
  field(FIELD.member, 's', call.member)
  field(FIELD.destination, 's', call.destination)
  if (call.args.length > 0) field(FIELD.signature, 'g', 's'.repeat(call.args.length))
  head.uint32(fields.length)
  head.append(fields)
  head.align(8)
  head.append(body)
  return head.toBuffer()
}

/** The first message in `bytes` with the number of bytes it takes, or `null` while it is not complete. Throws on garbage. */
export function decodeMessage(bytes: Buffer): { readonly message: Message; readonly length: number } | null {
  if (bytes.length < 16) return null
  if (bytes[0] !== 0x6c || bytes[3] !== 1) throw new RangeError('not a little-endian D-Bus message of version 1')
  const bodyLength = bytes.readUInt32LE(4)
  const bodyStart = Math.ceil((16 + bytes.readUInt32LE(12)) / 8) * 8
  const length = bodyStart + bodyLength
  if (length > MAX_MESSAGE_BYTES) throw new RangeError('the D-Bus message is too long')
  if (bytes.length < length) return null
  const fields = new Map(fieldsOf(bytes.subarray(0, bodyStart)))
  const body = new Reader(bytes.subarray(bodyStart, length)).values(text(fields.get(FIELD.signature)) ?? '')
  const replySerial = fields.get(FIELD.replySerial)
  return {
    length,
    message: {
      type: bytes.readUInt8(1),
      serial: bytes.readUInt32LE(8),
      replySerial: typeof replySerial === 'number' ? replySerial : null,
      interface: text(fields.get(FIELD.interface)),
      member: text(fields.get(FIELD.member)),
      body,
    },
  }
}

function fieldsOf(header: Buffer): [number, unknown][] {
  const [fields] = new Reader(header, 12).values('a(yv)')
  if (!Array.isArray(fields)) return []
  return fields.flatMap((field): [number, unknown][] =>
    Array.isArray(field) && typeof field[0] === 'number' ? [[field[0], field[1]]] : [],
  )
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

class Writer {
  #bytes: number[] = []

  get length(): number {
    return this.#bytes.length
  }

  bytes(values: readonly number[]): void {
    this.#bytes.push(...values)
  }

  align(to: number): void {
    while (this.#bytes.length % to !== 0) this.#bytes.push(0)
  }

  uint32(value: number): void {
    this.align(4)
    this.bytes([value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24])
  }

  string(value: string): void {
    const utf8 = Buffer.from(value)
    this.uint32(utf8.length)
    this.bytes([...utf8, 0])
  }

  signature(value: string): void {
    this.bytes([value.length, ...Buffer.from(value), 0])
  }

  append(other: Writer): void {
    this.bytes(other.#bytes)
  }

  toBuffer(): Buffer {
    return Buffer.from(this.#bytes)
  }
}

const SIZES: Readonly<Record<string, number>> = { y: 1, n: 2, q: 2, b: 4, i: 4, u: 4, x: 8, t: 8, d: 8 }

/** Unpacks values by their signature. Variants give their value alone; dictionaries are arrays of pairs; `ay` is a Buffer. */
class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  values(signature: string): unknown[] {
    return splitSignature(signature).map((type) => this.#value(type, 0))
  }

  #value(type: string, depth: number): unknown {
    if (depth > MAX_DEPTH) throw new RangeError('the D-Bus value is nested too deeply')
    const kind = type.charAt(0)
    if (kind === 'a') return this.#array(type.slice(1), depth)
    if (kind === '(' || kind === '{') {
      this.#align(8)
      return splitSignature(type.slice(1, -1)).map((inner) => this.#value(inner, depth + 1))
    }
    if (kind === 'v') return this.#variant(depth)
    if (kind === 's' || kind === 'o') return this.#text(this.#number('u'))
    if (kind === 'g') return this.#text(this.#number('y'))
    return kind === 'b' ? this.#number('u') !== 0 : this.#number(kind)
  }

  #variant(depth: number): unknown {
    const [type, ...more] = splitSignature(this.#text(this.#number('y')))
    if (type === undefined || more.length > 0) throw new RangeError('a D-Bus variant holds one value')
    return this.#value(type, depth + 1)
  }

  #array(type: string, depth: number): unknown {
    const length = this.#number('u')
    this.#align(alignmentOf(type))
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('a D-Bus array is longer than its message')
    if (type === 'y') {
      this.#at = end
      return this.#bytes.subarray(end - length, end)
    }
    const values: unknown[] = []
    while (this.#at < end) {
      const before = this.#at
      values.push(this.#value(type, depth + 1))
      // The specification forbids empty structures: there would be room for endlessly many.
      if (this.#at === before) throw new RangeError('a D-Bus array holds values that take no room')
    }
    return values
  }

  #text(length: number): string {
    const start = this.#at
    this.#at += length + 1
    if (this.#at > this.#bytes.length) throw new RangeError('a D-Bus string is longer than its message')
    return this.#bytes.toString('utf8', start, start + length)
  }

  #number(kind: string): number {
    const size = SIZES[kind]
    if (size === undefined) throw new RangeError(`"${kind}" is not a D-Bus type that is read here`)
    this.#align(size)
    const at = this.#at
    this.#at += size
    const bytes = this.#bytes
    if (kind === 'y') return bytes.readUInt8(at)
    if (kind === 'd') return bytes.readDoubleLE(at)
    if (kind === 'x') return Number(bytes.readBigInt64LE(at))
    if (kind === 't') return Number(bytes.readBigUInt64LE(at))
    return kind === 'n' || kind === 'i' ? bytes.readIntLE(at, size) : bytes.readUIntLE(at, size)
  }

  #align(to: number): void {
    this.#at = Math.ceil(this.#at / to) * to
  }
}

function alignmentOf(type: string): number {
  const kind = type.charAt(0)
  if (kind === '(' || kind === '{') return 8
  if (kind === 'v' || kind === 'g') return 1
  return SIZES[kind] ?? 4
}

/** "sa(iiay)u" → ["s", "a(iiay)", "u"]. */
export function splitSignature(signature: string): string[] {
  const types: string[] = []
  let [depth, start] = [0, 0]
  for (let at = 0; at < signature.length; at += 1) {
    const kind = signature.charAt(at)
    if (kind === '(' || kind === '{') depth += 1
    if (kind === ')' || kind === '}') depth -= 1
    if (depth < 0) break
    if (depth > 0 || kind === 'a') continue
    types.push(signature.slice(start, at + 1))
    start = at + 1
  }
  if (start !== signature.length) throw new RangeError(`"${signature}" is not a D-Bus signature`)
  return types
}
