import { connect, type Socket } from 'node:net'
import { decodeMessage, encodeCall, type Message, type MethodCall, TYPE } from './dbus-wire.ts'

/**
 * A connection to the session bus that can ask and listen: one idle socket. Starting `dbus-send` for each question would
 * be a process each, would need a package that not every desktop has, and cannot hear that a panel came back.
 */
export type SessionBus = {
  /** `null` where the answer is an error or the bus is gone. */
  ask(call: MethodCall): Promise<readonly unknown[] | null>
  /** From now on `handler` hears of signals that `rule` matches; the rule is the bus's own, the handler looks again. */
  listen(rule: string, handler: (signal: Message) => void): Promise<void>
  close(): void
}

const BUS = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' }
const TIMEOUT_MS = 3_000

/** `null` where there is no session bus that can be reached. */
export async function connectSessionBus(address: string | undefined, uid: number): Promise<SessionBus | null> {
  const path = socketPath(address ?? '')
  if (path === null) return null
  const socket = await authenticated(path, uid)
  if (socket === null) return null
  const bus = overSocket(socket)
  if ((await bus.ask(busCall('Hello'))) !== null) return bus
  bus.close()
  return null
}

export function busCall(member: string, ...args: string[]): MethodCall {
  return { ...BUS, member, args }
}

export function propertyCall(destination: string, path: string, interfaceName: string, property: string): MethodCall {
  const args = [interfaceName, property]
  return { destination, path, interface: 'org.freedesktop.DBus.Properties', member: 'Get', args }
}

/** The first address of the list that is a Unix socket; values are percent-encoded. */
export function socketPath(addresses: string): string | null {
  for (const address of addresses.split(';')) {
    const [transport, rest = ''] = splitOnce(address, ':')
    if (transport !== 'unix') continue
    const values = new Map(rest.split(',').map((pair) => splitOnce(pair, '=')))
    const [path, abstract] = [values.get('path'), values.get('abstract')]
    if (path !== undefined) return decodeURIComponent(path)
    if (abstract !== undefined) return `\0${decodeURIComponent(abstract)}`
  }
  return null
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** EXTERNAL: the bus knows who we are from the socket; the user id is only said, in hexadecimal of its decimal digits. */
function authenticated(path: string, uid: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const fail = () => {
      socket.destroy()
      resolve(null)
    }
    socket.setTimeout(TIMEOUT_MS, fail)
    socket.once('error', fail)
    socket.once('connect', () => socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`))
    let answer = ''
    socket.on('data', function read(chunk: Buffer) {
      answer += chunk.toString('latin1')
      if (!answer.includes('\r\n')) return
      if (!answer.startsWith('OK ')) return fail()
      socket.off('data', read)
      socket.off('error', fail)
      socket.setTimeout(0)
      socket.write('BEGIN\r\n')
      resolve(socket)
    })
  })
}

type Pending = { readonly settle: (body: readonly unknown[] | null) => void; readonly timer: NodeJS.Timeout }

function overSocket(socket: Socket): SessionBus {
  const pending = new Map<number, Pending>()
  const handlers = new Set<(signal: Message) => void>()
  let held = Buffer.alloc(0)
  let lastSerial = 0

  const settle = (serial: number, body: readonly unknown[] | null) => {
    const waiting = pending.get(serial)
    if (waiting === undefined) return
    pending.delete(serial)
    clearTimeout(waiting.timer)
    waiting.settle(body)
  }
  const take = (message: Message) => {
    if (message.type === TYPE.signal) for (const handler of handlers) handler(message)
    else if (message.replySerial !== null) {
      settle(message.replySerial, message.type === TYPE.reply ? message.body : null)
    }
  }
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    try {
      for (let next = decodeMessage(held); next !== null; next = decodeMessage(held)) {
        held = held.subarray(next.length)
        take(next.message)
      }
    } catch {
      socket.destroy() // Nothing after bytes that make no sense can be trusted to begin where we think it does.
    }
  })
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => {
    for (const serial of [...pending.keys()]) settle(serial, null)
  })

  const ask = (call: MethodCall): Promise<readonly unknown[] | null> =>
    new Promise((resolve) => {
      if (socket.destroyed) return resolve(null)
      lastSerial += 1
      const serial = lastSerial
      pending.set(serial, { settle: resolve, timer: setTimeout(() => settle(serial, null), TIMEOUT_MS) })
      socket.write(encodeCall(serial, call))
    })
  return {
    ask,
    async listen(rule, handler) {
      handlers.add(handler)
      await ask(busCall('AddMatch', rule))
    },
    close: () => socket.destroy(),
  }
}
