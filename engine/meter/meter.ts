import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { ok, problem, type Result } from '../../contract/result.ts'
import {
  hostAndPort,
  isLoopback,
  isSameHost,
  isThisMachine,
  type Place,
  parseListen,
  parseTarget,
} from './addresses.ts'
import { type ClientProcess, ClientProcesses } from './client-process.ts'
import { Exchange } from './exchange.ts'
import type { Head } from './http-head.ts'
import { type IdentifyOptions, identityOf } from './identify.ts'
import { identityKey } from './identity-key.ts'
import { type Gate, keyGate } from './key-gate.ts'
import type { Refusal } from './local-answer.ts'
import { endpointOf, pathOf } from './protocols/registry.ts'
import { Relay } from './relay.ts'
import { Reporter } from './report.ts'
import { announceMeter, runningMeters, withdrawMeter } from './running-meters.ts'

export type MeterOptions = {
  /** The server's origin. */
  readonly target: string
  /** `[HOST:]PORT` */
  readonly listen: string
  readonly dataDir: string
  /** May be reached from other machines; then a key is needed. */
  readonly allowsRemote: boolean
  readonly key: string | null
  /** Adds `x-perwatt-request` to answers, and the energy so far to the trailers of those who read them. */
  readonly addsHeaders: boolean
  readonly webUiSecret: string | null
  readonly procfs?: string
  /** Budgets decide here, between two requests. */
  readonly gate?: Gate
  readonly headTimeoutMs?: number
  readonly mostConnections?: number
}

export type MeterFault =
  | 'badInput'
  | 'badAddress'
  | 'isItself'
  | 'isMeter'
  | 'needsKey'
  | 'portInUse'
  | 'cannotStart'
  | 'notWritable'
  | 'notPrivate'
  | 'denied'

/** A metering proxy: relays one server's bytes untouched and tells the engine what was asked of it and what it delivered. */
export type Meter = {
  readonly listen: string
  readonly target: string
  readonly port: number
  /** Takes no new connections, lets requests under way end for a while, tells the engine what is left to tell. */
  stop(graceMs?: number): Promise<void>
}

const HEAD_TIMEOUT_MS = 60_000
const GRACE_MS = 10_000
/** More clients than any local server has. A loop of forwarders that nobody can see ends here, and not with the machine's memory. */
const MOST_CONNECTIONS = 1_024
const NOBODY: ClientProcess = { uid: null, pid: null, exe: null }

export async function startMeter(options: MeterOptions): Promise<Result<Meter, MeterFault>> {
  const listen = parseListen(options.listen)
  if (!listen.ok) return listen
  const target = parseTarget(options.target)
  if (!target.ok) return target
  const refused = (await refusal(listen.value, target.value, options)) ?? null
  if (refused !== null) return refused
  const secret = identityKey(options.dataDir)
  if (!secret.ok) return secret
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  server.maxConnections = options.mostConnections ?? MOST_CONNECTIONS
  const port = await listening(server, listen.value)
  if (!port.ok) return port
  const place = { host: listen.value.host, port: port.value }
  const origin = `http://${hostAndPort(target.value)}`
  const told = { target: origin, listen: hostAndPort(place), pid: process.pid }
  const reporter = new Reporter(options.dataDir, told)
  const identify = { secret: secret.value, meterKey: options.key, webUiSecret: options.webUiSecret }
  const relays = relayAll(server, { options, target: target.value, port: port.value, reporter, identify })
  announceMeter(options.dataDir, { ...told, port: port.value })
  return ok({
    ...{ listen: told.listen, target: origin, port: port.value },
    async stop(graceMs = GRACE_MS) {
      server.close()
      withdrawMeter(options.dataDir, port.value)
      const untilMs = performance.now() + graceMs
      while ([...relays].some((relay) => !relay.isIdle) && performance.now() < untilMs) await wait(20)
      for (const relay of relays) relay.destroy()
      await reporter.stop()
    },
  })
}

async function refusal(listen: Place, target: Place, { allowsRemote, key, dataDir }: MeterOptions) {
  if (!isLoopback(listen.host) && !(allowsRemote && key !== null)) {
    const reason = `${hostAndPort(listen)} can be reached from other machines.`
    return problem('needsKey', `${reason} That needs --allow-remote, and a key that clients send: --key-file FILE.`)
  }
  if (!(await isThisMachine(target.host))) return null
  if (listen.port === target.port && (await isSameHost(listen.host, target.host)))
    return problem(
      'isItself',
      'The target is the address that the meter itself listens on. Choose another port for --listen.',
    )
  const other = runningMeters(dataDir).find((meter) => meter.port === target.port)
  if (other === undefined) return null
  const reason = `A Perwatt meter listens on ${other.listen} already; behind a second one requests would be counted twice.`
  return problem('isMeter', `${reason} Its own target is ${other.target}.`)
}

function listening(
  server: Server,
  { host, port }: Place,
): Promise<Result<number, 'portInUse' | 'denied' | 'cannotStart'>> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const at = hostAndPort({ host, port })
      if (error.code === 'EADDRINUSE')
        resolve(problem('portInUse', `Another program listens on ${at}. Choose another port.`))
      else if (error.code === 'EACCES')
        resolve(problem('denied', `This account may not listen on ${at}. Choose a port above 1023.`))
      else resolve(problem('cannotStart', `The meter cannot listen on ${at}: ${error.code ?? error.message}.`))
    })
    server.listen({ host, port, backlog: 511 }, () => {
      const address = server.address()
      server.removeAllListeners('error')
      // A connection that could not be accepted (no descriptors left) is that client's alone.
      server.on('error', () => {})
      resolve(ok(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

type Parts = {
  readonly options: MeterOptions
  readonly target: Place
  readonly port: number
  readonly reporter: Reporter
  readonly identify: IdentifyOptions
}

function relayAll(server: Server, { options, target, port, reporter, identify }: Parts): ReadonlySet<Relay> {
  const relays = new Set<Relay>()
  const processes = new ClientProcesses(options.procfs)
  const gates = [options.key === null ? null : keyGate(options.key), options.gate ?? null]
  /** Local ports of our connections to the server: a client that comes from one is ourselves. */
  const ownPorts = new Set<number>()
  server.on('connection', (client: Socket) => {
    const clientPort = client.remotePort ?? 0
    const isFromHere = isLoopback(client.remoteAddress ?? '')
    let owner: Promise<ClientProcess> | null = isFromHere ? null : Promise.resolve(NOBODY)
    /** Asked again with the next request where the processes were not looked through this time. */
    const findOwner = async () => {
      const { client: found, isFinal } = await processes.find(clientPort, port)
      if (!isFinal) owner = null
      return found
    }
    const relay = new Relay(client, {
      ...{ target, headTimeoutMs: options.headTimeoutMs ?? HEAD_TIMEOUT_MS },
      gate: (head) => (ownPorts.has(clientPort) ? LOOP : refusalOf(gates, head)),
      open(head) {
        const endpoint = endpointOf(head.method, pathOf(head.target))
        if (endpoint === null) return null
        owner ??= findOwner()
        const exchange = new Exchange(head, {
          ...{ endpoint, identity: identityOf(head, isFromHere, identify), secret: identify.secret, client: owner },
          onChange: () => reporter.changed(),
          onSettled: (ended) => reporter.book.settle(ended),
          onUncounted: () => reporter.book.uncounted(1),
        })
        reporter.book.add(exchange)
        return exchange
      },
      headFields: (exchange, isChunked) => (options.addsHeaders ? headFields(exchange, isChunked) : null),
      trailerField(exchange) {
        const energyMj = options.addsHeaders && exchange.takesTrailers ? reporter.energyMj(exchange.id) : null
        return energyMj === null ? null : `${ENERGY_FIELD}: ${(energyMj / 1_000).toFixed(3)}\r\n`
      },
      onUnmetered: () => reporter.book.unmetered(),
      onUncounted(exchange) {
        if (exchange !== null) reporter.book.giveUp(exchange)
        reporter.book.uncounted(1)
      },
      onConnected(upstream) {
        const { localPort } = upstream
        if (localPort === undefined || !isLoopback(upstream.localAddress ?? '')) return
        ownPorts.add(localPort)
        upstream.once('close', () => ownPorts.delete(localPort))
      },
    })
    relays.add(relay)
    client.once('close', () => relays.delete(relay))
  })
  return relays
}

const ENERGY_FIELD = 'x-perwatt-energy-joules'
const LOOP: Refusal = { status: 508, message: 'the target leads back to this meter' }

function refusalOf(gates: readonly (Gate | null)[], head: Head): Refusal | null {
  for (const gate of gates) {
    const refused = gate?.(head) ?? null
    if (refused !== null) return refused
  }
  return null
}

function headFields(exchange: Exchange, isChunked: boolean): string {
  const trailer = isChunked && exchange.takesTrailers ? `trailer: ${ENERGY_FIELD}\r\n` : ''
  return `x-perwatt-request: ${exchange.id}\r\n${trailer}`
}
