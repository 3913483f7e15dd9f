import type { History } from '../contract/history.ts'
import { ok, type Problem, type Result } from '../contract/result.ts'
import type { VirtualClock } from './clock/virtual.ts'
import type { Host } from './host/host.ts'
import type { RecordedHost } from './host/recorded.ts'
import type { RigHost } from './host/rig/rig-host.ts'
import { type EngineFault, startEngine } from './index.ts'

export type Simulation = {
  readonly fromS: number
  readonly toS: number
  readonly ticks: number
  /** CPU time of the whole run, playing included. */
  readonly cpuMs: number
  readonly byApp: History
  readonly byDomain: History
}

/** A machine under a virtual clock, played to its end a tick at a time. */
export type Player = {
  readonly host: Host & { readonly clock: VirtualClock }
  /** Rows finer than this are not worth keeping. */
  readonly finestS: 10 | 60
  /** Moves on to the next tick; `false` where there is none. */
  step(): boolean
  doneRatio(): number
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
  }
}

export function recordingPlayer(host: RecordedHost): Player {
  return { host, finestS: 10, step: () => host.advance(), doneRatio: () => host.played / host.moments }
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
  const started = await startEngine(host, { version, dataDir, timeZone, finestS, mode: 'simulated' })
  if (!started.ok) return started
  const engine = started.value
  let ticks = 0
  while (player.step()) {
    engine.tick()
    ticks += 1
    fromS = Math.min(fromS, Math.floor(host.clock.wallMs() / 1_000))
    toS = Math.max(toS, Math.ceil(host.clock.wallMs() / 1_000))
    if (ticks % PROGRESS_TICKS !== 0) continue
    options.onProgress?.(player.doneRatio())
    // Probes after a resume go on between ticks.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const byApp = await engine.handlers.history({ fromS, toS, by: 'app' })
  const byDomain = await engine.handlers.history({ fromS, toS, by: 'domain' })
  await engine.stop()
  if (!byApp.ok) return unread(byApp)
  if (!byDomain.ok) return unread(byDomain)
  const used = process.cpuUsage(cpuBefore)
  const cpuMs = (used.user + used.system) / 1_000
  return ok({ fromS, toS, ticks, cpuMs, byApp: byApp.value, byDomain: byDomain.value })
}

function unread(fault: Problem): Problem<'noHistory' | 'ledgerUnusable'> {
  return { ...fault, code: fault.code === 'noHistory' ? 'noHistory' : 'ledgerUnusable' }
}
