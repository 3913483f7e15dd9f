import type { PerwattClient, PerwattEvent, PerwattHandlers } from '../contract/index.ts'
import { ok, type Result } from '../contract/result.ts'
import type { AgentHome } from './agent-usage.ts'
import type { Cancel } from './clock/clock.ts'
import { createEvents } from './events.ts'
import { createHandlers } from './handlers.ts'
import type { Host } from './host/host.ts'
import { startLoop } from './loop.ts'
import { openMachine } from './machine.ts'
import type { ConfiguredMeter } from './sources/wall/dialect.ts'
import type { SecretKey } from './store/secret-key.ts'

export type EngineOptions = {
  readonly version: string
  /** `null`: no files of ours, only measuring. */
  readonly dataDir: string | null
  /** `false`: the ledger in the data directory is another engine's; settings and rules are still read. */
  readonly history?: boolean
  /** Settings are read and written here rather than in the data directory. */
  readonly settingsFile?: string | undefined
  /** IANA home zone, in which hours and days are cut. */
  readonly timeZone: string
  readonly intervalMs?: number
  /** `simulated`: no syncs, questions answered in this process, and ticks only when `tick` is called. */
  readonly mode?: 'live' | 'simulated'
  /** Rows finer than this are not kept, and flushes are as much rarer. */
  readonly finestS?: 10 | 60
  /** Where the bundle keeps the query thread. */
  readonly threadFile?: URL
  /** Whose agents' logs are read; left out, none are. */
  readonly userHome?: Pick<AgentHome, 'files' | 'home' | 'env'> | null
  /** Where the bundle keeps meter/child.ts; left out, no metering proxy is started from here. */
  readonly meterFile?: URL
  /** Under which secrets are kept, where the app around the engine has it in the desktop's keyring; else in a file beside them. */
  readonly secretKey?: SecretKey | undefined
  /** Processes that are ours beside the engine's own: the tray app around it. */
  readonly ownPids?: readonly number[]
  /** Wall meters that are asked instead of those of the settings: a recording brings its own. */
  readonly wallMeters?: readonly ConfiguredMeter[] | undefined
}

export type EngineFault = 'newer' | 'notWritable' | 'diskFull' | 'locked' | 'broken'

export interface Engine {
  readonly handlers: PerwattHandlers
  readonly on: PerwattClient['on']
  /** One turn; the engine's own loop calls it where the mode is live. */
  tick(): void
  /** Servers that are being asked: a virtual clock waits for their answers before it moves on. `null` where there are none. */
  settling(): Promise<void> | null
  /** Resolves when somebody asked the engine to stop over the contract. */
  readonly stopAsked: Promise<void>
  /** Flushes and ends. */
  stop(): Promise<void>
}

/** The wiring; names every part. DESIGN §3: sources, processes → tick → attribution → ledger → queries → contract. */
export async function startEngine(host: Host, options: EngineOptions): Promise<Result<Engine, EngineFault>> {
  const opened = await openMachine(host, options)
  if (!opened.ok) return opened
  const machine = opened.value
  const events = createEvents()
  const stopAsked = Promise.withResolvers<void>()
  const handlers = createHandlers(machine, { events, options, askToStop: () => stopAsked.resolve() })

  function tick(): void {
    machine.tick()
    if (events.hasListeners('tick')) events.emit('tick', machine.now())
    if (machine.takeSourcesChanged()) events.emit('sourcesChanged', {})
    if (machine.takeServersChanged()) events.emit('serversChanged', {})
  }

  // The first reading only begins an interval; the loop's first turn ends it.
  if (options.mode !== 'simulated') tick()
  const cancelLoop: Cancel =
    options.mode === 'simulated' ? () => {} : startLoop(host.clock, options.intervalMs ?? 1_000, tick)
  return ok({
    handlers,
    on: (name: PerwattEvent, handler: never) => events.on(name, handler),
    tick,
    settling: () => machine.working.servers.pending(),
    stopAsked: stopAsked.promise,
    async stop() {
      cancelLoop()
      events.emit('stopping', {})
      await machine.close()
    },
  })
}
