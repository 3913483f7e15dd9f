import type { Socket } from 'node:net'

type Login = { readonly user: string; readonly secret: string }
type Options = {
  /** Without it anybody may join. */
  readonly login?: Login
  /** Topics that nobody may read. */
  readonly forbidden?: readonly string[]
  /** Kept messages by topic, handed to whoever subscribes. */
  readonly retained?: Readonly<Record<string, string>>
  /** What the plug behind it does when it is sent something. */
  readonly onPublish?: (topic: string, text: string) => void
}

/**
 * An MQTT 3.1.1 broker as OASIS describes it, as far as a meter needs one: CONNECT, SUBSCRIBE, PUBLISH at QoS 0, PINGREQ. Its packets are read
 * and made by code of its own. Serves one socket a connection, so that a test can end it, or write garbage into it.
 */
export class BrokerDouble {
  readonly #options: Options
  readonly #subscribers = new Map<Socket, Set<string>>()
  readonly published: string[] = []
  connects = 0

  constructor(options: Options = {}) {
    this.#options = options
  }

  readonly serve = (socket: Socket): void => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('close', () => this.#subscribers.delete(socket))
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (let packet = firstPacket(rest); packet !== null; packet = firstPacket(rest)) {
        rest = rest.subarray(packet.length)
        this.#take(socket, packet.type, packet.body)
      }
    })
  }

  /** As the plug sends it: only those who have subscribed get it, and to them it is no kept one. */
  publish(topic: string, payload: string | Buffer): void {
    for (const [socket, topics] of this.#subscribers) if (topics.has(topic)) socket.write(publishPacket(topic, payload))
  }

  write(bytes: Buffer): void {
    for (const socket of this.#subscribers.keys()) socket.write(bytes)
  }

  dropAll(): void {
    for (const socket of this.#subscribers.keys()) socket.destroy()
  }

  #take(socket: Socket, type: number, body: Buffer): void {
    if (type === 1) this.#connect(socket, body)
    if (type === 8) this.#subscribe(socket, body)
    if (type === 12) socket.write(Buffer.from([0xd0, 0]))
    if (type === 14) socket.end()
    if (type === 3) {
      const topic = textAt(body, 0)
      const text = body.subarray(2 + Buffer.byteLength(topic)).toString()
      this.published.push(`${topic} ${text}`)
      this.#options.onPublish?.(topic, text)
    }
  }

  /** §3.1: protocol name, level, flags, keep-alive, then client id, and name and password where the flags say so. */
  #connect(socket: Socket, body: Buffer): void {
    this.connects++
    const flags = body[7] ?? 0
    let at = 10
    const next = () => {
      const text = textAt(body, at)
      at += 2 + Buffer.byteLength(text)
      return text
    }
    next()
    const user = flags & 0x80 ? next() : null
    const secret = flags & 0x40 ? next() : null
    const { login } = this.#options
    const isRight = login === undefined || (user === login.user && secret === login.secret)
    const isSpoken = textAt(body, 0) === 'MQTT' && body[6] === 4
    if (isSpoken && isRight) socket.write(Buffer.from([0x20, 2, 0, 0]))
    else socket.end(Buffer.from([0x20, 2, 0, isSpoken ? 4 : 1]))
  }

  #subscribe(socket: Socket, body: Buffer): void {
    const topics: string[] = []
    for (let at = 2; at < body.length; ) {
      const topic = textAt(body, at)
      topics.push(topic)
      at += 3 + Buffer.byteLength(topic)
    }
    const isForbidden = (topic: string) => this.#options.forbidden?.includes(topic) === true
    const codes = topics.map((topic) => (isForbidden(topic) ? 0x80 : 0))
    socket.write(Buffer.from([0x90, 2 + codes.length, body[0] ?? 0, body[1] ?? 0, ...codes]))
    this.#subscribers.set(socket, new Set(topics.filter((topic) => !isForbidden(topic))))
    for (const [topic, text] of Object.entries(this.#options.retained ?? {}))
      if (topics.includes(topic)) socket.write(publishPacket(topic, text, true))
  }
}

export function publishPacket(topic: string, payload: string | Buffer, isRetained = false): Buffer {
  const name = Buffer.from(topic)
  const body = Buffer.concat([Buffer.from([name.length >> 8, name.length & 0xff]), name, Buffer.from(payload)])
  return Buffer.concat([Buffer.from([isRetained ? 0x31 : 0x30, ...lengthBytes(body.length)]), body])
}

/** §2.2.3: seven bits a byte, the lowest first. */
function lengthBytes(length: number): number[] {
  const bytes: number[] = []
  for (let left = length; ; left >>= 7) {
    bytes.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    if (left <= 0x7f) return bytes
  }
}

function firstPacket(bytes: Buffer): { type: number; body: Buffer; length: number } | null {
  let [length, at, shift] = [0, 1, 0]
  for (let more = true; more; at++, shift += 7) {
    const byte = bytes[at]
    if (byte === undefined) return null
    length |= (byte & 0x7f) << shift
    more = (byte & 0x80) !== 0
  }
  if (bytes.length < at + length) return null
  return { type: (bytes[0] ?? 0) >> 4, body: bytes.subarray(at, at + length), length: at + length }
}

function textAt(body: Buffer, at: number): string {
  return body.subarray(at + 2, at + 2 + body.readUInt16BE(at)).toString()
}
