import type { History } from '../contract/history.ts'
import { ok, type Result } from '../contract/result.ts'
import type { RigHost } from './host/rig/rig-host.ts'
import { type EngineFault, startEngine } from './index.ts'

export type Simulation = {
  readonly fromS: number
  readonly toS: number
  readonly ticks: number
  readonly cpuMs: number
  readonly byApp: History
  readonly byDomain: History
}

export type SimulateOptions = {
  readonly version: string
  readonly dataDir: string
  readonly timeZone: string
  /** Called now and then, with how much of the rig has been played. */
  readonly onProgress?: (doneRatio: number) => void
  /** Plays at the rig's own tick even where nothing changes: what the coarse ticks are compared with. */
  readonly everyTick?: boolean
}

const PROGRESS_TICKS = 2_000

/** Plays a rig from its start to its end through the same engine that measures a real machine, as fast as it goes. */
export async function simulate(
  host: RigHost,
  options: SimulateOptions,
): Promise<Result<Simulation, EngineFault | 'noHistory' | 'ledgerUnusable'>> {
  const { clock } = host
  const cpuBefore = process.cpuUsage()
  // A clock that is set back takes the history before its beginning.
  let fromS = Math.floor(clock.wallMs() / 1_000)
  let toS = fromS
  const started = await startEngine(host, {
    version: options.version,
    dataDir: options.dataDir,
    timeZone: options.timeZone,
    mode: 'simulated',
    finestS: host.tickMs >= 10_000 ? 60 : 10,
  })
  if (!started.ok) return started
  const engine = started.value
  let ticks = 0
  while (host.elapsedMs() < host.durationMs) {
    const leftMs = host.durationMs - host.elapsedMs()
    clock.advance(Math.min(leftMs, options.everyTick ? host.tickMs : host.nextTickMs()))
    engine.tick()
    ticks += 1
    fromS = Math.min(fromS, Math.floor(clock.wallMs() / 1_000))
    toS = Math.max(toS, Math.ceil(clock.wallMs() / 1_000))
    if (ticks % PROGRESS_TICKS !== 0) continue
    options.onProgress?.(host.elapsedMs() / host.durationMs)
    // Probes after a resume and backups go on between ticks.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const byApp = await engine.handlers.history({ fromS, toS, by: 'app' })
  const byDomain = await engine.handlers.history({ fromS, toS, by: 'domain' })
  await engine.stop()
  if (!byApp.ok) return byApp as never
  if (!byDomain.ok) return byDomain as never
  const used = process.cpuUsage(cpuBefore)
  return ok({
    fromS,
    toS,
    ticks,
    cpuMs: (used.user + used.system) / 1_000,
    byApp: byApp.value,
    byDomain: byDomain.value,
  })
}
