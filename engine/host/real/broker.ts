import type { Socket } from 'node:net'
import { ErrorWithReasonCode, ErrorWithSubackPacket, MqttClient } from 'mqtt'
import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import type { Broker, BrokerMessage, ContactFault } from '../host.ts'

/** As much as an answer over HTTP may be. A packet that is larger is not waited for. */
const MAX_BYTES = 1_000_000
const KEEP_ALIVE_S = 30

type Options = {
  readonly topics: readonly string[]
  readonly user: string | null
  readonly secret: string | null
  /** Of the broker, for what is said of it. */
  readonly origin: string
  readonly onTraffic: () => void
  readonly onEnd: () => void
}

/**
 * Speaks MQTT 3.1.1 over a connection that stands already, so that what holds for every contact (the address, the certificate, the count of
 * bytes) holds for the client too. It opens nothing by itself and joins nobody again: its owner does, at a pace of its own.
 */
export function joinBroker(
  socket: Socket,
  options: Options,
  take: (message: BrokerMessage) => void,
): Promise<Result<Broker, ContactFault | 'denied'>> {
  const { user, secret, topics, origin, onTraffic } = options
  let waitingBytes = 0
  let fault: Problem<ContactFault | 'denied'> | null = null
  let hasJoined = false
  const client = new MqttClient(() => socket, {
    clientId: `perwatt-${crypto.randomUUID().slice(0, 8)}`,
    protocolVersion: 4,
    clean: true,
    keepalive: KEEP_ALIVE_S,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    log: () => {},
    ...(secret === null ? {} : { username: user ?? '', password: secret }),
  })
  const end = (code: ContactFault | 'denied', reason: string) => {
    fault ??= problem(code, reason)
    client.end(true)
    socket.destroy()
  }
  socket.on('data', (chunk) => {
    waitingBytes += chunk.length
    if (waitingBytes > MAX_BYTES) end('tooLarge', 'sends more than 1 MB at once')
  })
  client.on('packetreceive', () => {
    waitingBytes = 0
  })
  client.on('message', (topic, payload, { retain }) => {
    onTraffic()
    if (fault === null) take({ topic, text: payload.toString('utf8'), isRetained: retain })
  })
  return new Promise((resolve) => {
    client.on('error', (error) => {
      const isRefused = error instanceof ErrorWithReasonCode && REFUSALS.has(error.code)
      end(isRefused ? 'denied' : 'broken', isRefused ? 'refuses the name or password' : 'is no MQTT broker')
    })
    client.on('close', () => {
      fault ??= problem('broken', 'broke off')
      onTraffic()
      client.end(true)
      if (hasJoined) options.onEnd()
      else resolve(fault)
    })
    client.once('connect', () => {
      client.subscribe([...topics], { qos: 0 }, (error) => {
        if (fault !== null) return
        if (error) {
          // Without an answer the connection broke off; with one, a topic was refused.
          const isRefused = error instanceof ErrorWithSubackPacket && Boolean(error.packet)
          return isRefused ? end('denied', 'does not let this name read the topic') : end('broken', 'broke off')
        }
        hasJoined = true
        resolve(ok(broker))
      })
    })
    const broker: Broker = {
      get problem() {
        return fault === null ? null : problem('broken', `${origin} ${fault.reason}.`)
      },
      publish: (topic, text) => void client.publish(topic, text, { qos: 0 }),
      close: () => end('broken', 'was left'),
    }
  })
}

/** MQTT 3.1.1 §3.2.2.3: bad user name or password; not authorised. */
const REFUSALS: ReadonlySet<number> = new Set([4, 5])
