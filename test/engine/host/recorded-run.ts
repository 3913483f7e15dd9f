import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { History } from '../../../contract/history.ts'
import { compileCatalogue } from '../../../engine/catalogue/match.ts'
import type { VirtualClock } from '../../../engine/clock/virtual.ts'
import type { Host } from '../../../engine/host/host.ts'
import { recordedHost } from '../../../engine/host/recorded.ts'
import { startRecording } from '../../../engine/host/recorder.ts'
import { startEngine } from '../../../engine/index.ts'
import { readIdentity } from '../../../engine/processes/identity.ts'
import type { ConfiguredMeter } from '../../../engine/sources/wall/dialect.ts'

export type Run = { readonly byDomain: History; readonly byApp: History }

/** What a run has measured, without what a recording calls otherwise. */
export function figuresOf({ byDomain, byApp }: Run) {
  return [byDomain, byApp].map(({ rows, gaps, coverageRatio, measuredMj, idleMj, otherMj }) => ({
    rows: rows.map(({ name, domain, ...figures }) => ({ ...figures, kind: domain?.kind, parent: domain?.parent })),
    sums: { gaps, coverageRatio, measuredMj, idleMj, otherMj },
  }))
}

/** An engine measures a machine through a recorder; its history, and the recording. */
export async function recordRun(
  host: Host & { readonly clock: VirtualClock },
  options: {
    ticks: number
    wallMeters?: readonly ConfiguredMeter[]
    appOf?: (pid: number) => string | null
    beforeTick?: (tick: number) => void
  },
): Promise<Run & { text: string }> {
  const { ticks, wallMeters = [], beforeTick } = options
  const catalogue = compileCatalogue()
  let text = ''
  const recorder = await startRecording(host, {
    intervalMs: 1_000,
    durationMs: ticks * 1_000,
    appOf:
      options.appOf ??
      ((pid, comm) => host.appHint?.(pid) ?? catalogue.match(readIdentity(host, pid, comm, null))?.app ?? null),
    wallMeters,
    write: (piece) => {
      text += piece
    },
  })
  const run = await measured(recorder.host, recorder.wallMeters, async (tick) => {
    recorder.take()
    for (let count = 1; count <= ticks; count++) {
      host.clock.advance(1_000)
      await settled()
      beforeTick?.(count)
      recorder.take(tick)
    }
  })
  recorder.end()
  return { ...run, text }
}

/** The same engine on a recording. */
export async function playRun(text: string): Promise<Run> {
  const played = recordedHost(text, 'test.rec')
  if (!played.ok) throw new Error(played.reason)
  const host = played.value
  return measured(host, host.wallMeters, async (tick) => {
    while (await host.play()) tick()
  })
}

async function measured(
  host: Host,
  wallMeters: readonly ConfiguredMeter[],
  play: (tick: () => void) => Promise<void>,
): Promise<Run> {
  const dataDir = mkdtempSync(join(tmpdir(), 'perwatt-test-'))
  try {
    const fromS = Math.floor(host.clock.wallMs() / 1_000)
    const started = await startEngine(host, {
      ...{ version: 'test', dataDir, timeZone: 'UTC', finestS: 10, mode: 'simulated', wallMeters },
    })
    if (!started.ok) throw new Error(started.reason)
    const engine = started.value
    await play(engine.tick)
    const toS = Math.ceil(host.clock.wallMs() / 1_000)
    const byDomain = await engine.handlers.history({ fromS, toS, by: 'domain' })
    const byApp = await engine.handlers.history({ fromS, toS, by: 'app' })
    await engine.stop()
    if (!byDomain.ok || !byApp.ok) throw new Error('the history cannot be read')
    return { byDomain: byDomain.value, byApp: byApp.value }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
