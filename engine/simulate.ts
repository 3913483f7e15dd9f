import type { History } from '../contract/history.ts'
import type { ModelRow, RequestRow, UserRow } from '../contract/models.ts'
import { ok, type Problem, problem, type Result } from '../contract/result.ts'
import type { VirtualClock } from './clock/virtual.ts'
import type { Host } from './host/host.ts'
import type { RecordedHost } from './host/recorded.ts'
import type { MeterReport } from './host/rig/metered.ts'
import type { RigHost } from './host/rig/rig-host.ts'
import type { RigMeter } from './host/rig/schema-devices.ts'
import { type Engine, type EngineFault, startEngine } from './index.ts'
import type { ConfiguredMeter } from './sources/wall/dialect.ts'

export type Simulation = {
  readonly fromS: number
  readonly toS: number
  readonly ticks: number
  /** CPU time of the whole run, playing included. */
  readonly cpuMs: number
  readonly byApp: History
  readonly byDomain: History
  /** Empty where no server was seen. */
  readonly models: readonly ModelRow[]
  readonly users: readonly UserRow[]
  /** Metered ones that are settled, newest first. */
  readonly requests: readonly RequestRow[]
}

/** A machine under a virtual clock, played to its end a tick at a time. */
export type Player = {
  readonly host: Host & { readonly clock: VirtualClock }
  /** Rows finer than this are not worth keeping. */
  readonly finestS: 10 | 60
  /** Moves on to the next tick; `false` where there is none. A promise where somebody has to be waited for on the way. */
  step(): boolean | Promise<boolean>
  doneRatio(): number
  /** Wall meters that stand before the machine: set up at the start, as their owner would. */
  readonly meters: readonly RigMeter[]
  /** What metering proxies before its servers saw on the way to this tick. */
  readonly takeMeterReports?: () => readonly MeterReport[]
  /** Wall meters that are set up already, in a recording. */
  readonly wallMeters?: readonly ConfiguredMeter[]
}

export type SimulateOptions = {
  readonly version: string
  readonly dataDir: string
  readonly timeZone: string
  /** Called now and then, with how much has been played. */
  readonly onProgress?: (doneRatio: number) => void
}

const PROGRESS_TICKS = 2_000

/** A rig; `everyTick` plays at its own tick even where nothing changes. */
export function rigPlayer(host: RigHost, options: { everyTick?: boolean } = {}): Player {
  return {
    host,
    finestS: host.tickMs >= 10_000 ? 60 : 10,
    step() {
      const leftMs = host.durationMs - host.elapsedMs()
      if (leftMs <= 0) return false
      host.clock.advance(Math.min(leftMs, options.everyTick ? host.tickMs : host.nextTickMs()))
      return true
    },
    doneRatio: () => host.elapsedMs() / host.durationMs,
    meters: host.rig.meters,
    takeMeterReports: () => host.takeMeterReports(),
  }
}

export function recordingPlayer(host: RecordedHost): Player {
  return {
    host,
    finestS: 10,
    step: () => host.play(),
    doneRatio: () => host.played / host.moments,
    meters: [],
    wallMeters: host.wallMeters,
  }
}

/** Plays a machine through the same engine that measures a real one, as fast as it goes. */
export async function simulate(
  player: Player,
  options: SimulateOptions,
): Promise<Result<Simulation, EngineFault | 'noHistory' | 'ledgerUnusable'>> {
  const { host, finestS } = player
  const cpuBefore = process.cpuUsage()
  // A clock that is set back takes the history before its beginning.
  let fromS = Math.floor(host.clock.wallMs() / 1_000)
  let toS = fromS
  const { version, dataDir, timeZone } = options
  const { wallMeters } = player
  const started = await startEngine(host, { version, dataDir, timeZone, finestS, mode: 'simulated', wallMeters })
  if (!started.ok) return started
  const engine = started.value
  for (const meter of player.meters) {
    const added = await addMeter(engine, meter)
    if (added.ok) continue
    await engine.stop()
    return added
  }
  let ticks = 0
  for (;;) {
    const step = player.step()
    if (!(typeof step === 'boolean' ? step : await step)) break
    // What was asked of a meter is answered before the tick.
    if (player.meters.length > 0) await settled()
    for (const report of player.takeMeterReports?.() ?? []) await engine.handlers.meterReport(report)
    engine.tick()
    const settling = engine.settling()
    if (settling !== null) await settling
    ticks += 1
    fromS = Math.min(fromS, Math.floor(host.clock.wallMs() / 1_000))
    toS = Math.max(toS, Math.ceil(host.clock.wallMs() / 1_000))
    if (ticks % PROGRESS_TICKS !== 0) continue
    options.onProgress?.(player.doneRatio())
    // Probes after a resume go on between ticks.
    await settled()
  }
  const byApp = await engine.handlers.history({ fromS, toS, by: 'app' })
  const byDomain = await engine.handlers.history({ fromS, toS, by: 'domain' })
  const work = await workOf(engine, fromS, toS)
  await engine.stop()
  if (!byApp.ok) return unread(byApp)
  if (!byDomain.ok) return unread(byDomain)
  const used = process.cpuUsage(cpuBefore)
  const cpuMs = (used.user + used.system) / 1_000
  return ok({ fromS, toS, ticks, cpuMs, byApp: byApp.value, byDomain: byDomain.value, ...work })
}

const REQUESTS_AT_ONCE = 2_000

async function workOf(
  { handlers }: Engine,
  fromS: number,
  toS: number,
): Promise<Pick<Simulation, 'models' | 'users' | 'requests'>> {
  const models = await handlers.models({ fromS, toS })
  const users = await handlers.users({ fromS, toS })
  const requests = new Map<string, RequestRow>()
  for (let untilS = toS + 1; untilS > fromS; ) {
    const page = await handlers.requests({ fromS, toS: untilS, limit: REQUESTS_AT_ONCE })
    if (!page.ok) break
    for (const row of page.value.rows) requests.set(row.id, row)
    const oldestMs = page.value.rows.at(-1)?.endedMs
    if (page.value.isComplete || oldestMs === undefined) break
    // The next page begins with the second in which this one was cut.
    untilS = Math.min(untilS - 1, Math.floor(oldestMs / 1_000) + 1)
  }
  return {
    models: models.ok ? models.value.rows : [],
    users: users.ok ? users.value.rows : [],
    requests: [...requests.values()],
  }
}

/** Tested, set up with what the test found, and looked for, as on *Sources*. */
async function addMeter(engine: Engine, spec: RigMeter): Promise<Result<null, 'broken'>> {
  const { id, name, dialect, address } = spec
  const { handlers } = engine
  const found = await handlers.testMeter({ id: null, dialect, address, options: {}, secret: null })
  if (!found.ok) return problem('broken', found.reason)
  const [unit] = found.value.units
  if (unit === undefined) return problem('broken', `The meter ${name} has nothing to measure.`)
  const { provenance } = unit
  const meter = { id, name, dialect, address, provenance, options: { unit: unit.unit } }
  const kept = await handlers.setMeter({ meter, secret: null })
  if (!kept.ok) return problem('broken', kept.reason)
  const looked = await handlers.checkAgain({})
  return looked.ok ? ok(null) : problem('broken', looked.reason)
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function unread(fault: Problem): Problem<'noHistory' | 'ledgerUnusable'> {
  return { ...fault, code: fault.code === 'noHistory' ? 'noHistory' : 'ledgerUnusable' }
}
