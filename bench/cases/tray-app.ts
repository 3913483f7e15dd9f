import { setTimeout as wait } from 'node:timers/promises'
import { type BenchCase, type BenchContext, definitionOf } from '../case.ts'
import { cpuMarks, cpuMsOfAll, memoryOf } from '../measure.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { median } from '../statistics.ts'
import { watchSignal } from '../support/bus.ts'
import { inDesktop } from '../support/in-desktop.ts'
import { emptyApp, ourApp, type TrayApp } from '../support/tray-apps.ts'

const ROUNDS = 3
/** Starts scatter by a quarter; it takes this many to tell 40 ms. */
const STARTS = 9
const START_TIMEOUT_MS = 20_000
/** For the better part of a minute Chromium is busy with itself, and an empty app uses five times what it does later. */
const SETTLE_MS = 55_000
const IDLE_MS = 30_000
const PEER = 'empty tray app'

const rows: readonly RowDefinition[] = [
  { id: 'tray-memory', title: 'tray only, PSS of Electron’s processes', unit: 'MB', target: 1.08, against: PEER },
  { id: 'tray-icon', title: 'icon registered later than an empty tray app’s', unit: 'ms', target: 40, against: null },
  { id: 'tray-cpu', title: 'CPU a minute, idle, above an empty tray app', unit: 'ms CPU', target: 20, against: null },
]

type Figures = { pssMb: number[]; cpuMs: number[]; iconMs: number[] }

export const trayApp: BenchCase = {
  id: 'tray-app',
  rows,
  run: ({ rounds, say }) =>
    inDesktop(async ({ env }) => {
      const ours: Figures = { pssMb: [], cpuMs: [], iconMs: [] }
      const empty: Figures = { pssMb: [], cpuMs: [], iconMs: [] }
      const pairs = [
        { name: 'ours', make: () => ourApp(env), figures: ours },
        { name: PEER, make: () => emptyApp(env), figures: empty },
      ]
      const idleRounds = rounds ?? ROUNDS
      for (let round = 0; round < Math.max(STARTS, idleRounds); round++) {
        // The other one first every second time: who starts first finds colder caches.
        for (const { name, make, figures } of round % 2 === 0 ? pairs : pairs.toReversed())
          await measureOne(make(), figures, { env, isIdle: round < idleRounds, say: (text) => say(`${name}: ${text}`) })
      }
      const parts = (of: 'iconMs' | 'cpuMs') => ({ ours: ours[of], empty: empty[of] })
      const above = (of: 'iconMs' | 'cpuMs') => [median(ours[of]) - median(empty[of])]
      return [
        measuredRow(definitionOf(rows, 'tray-memory'), { ours: ours.pssMb, peers: { [PEER]: empty.pssMb } }),
        measuredRow(definitionOf(rows, 'tray-icon'), { ours: above('iconMs'), parts: parts('iconMs') }),
        measuredRow(definitionOf(rows, 'tray-cpu'), { ours: above('cpuMs'), parts: parts('cpuMs') }),
      ]
    }),
}

async function measureOne(
  app: TrayApp,
  figures: Figures,
  { env, isIdle, say }: { env: NodeJS.ProcessEnv; isIdle: boolean; say: BenchContext['say'] },
): Promise<void> {
  const registered = await watchSignal(env, 'org.kde.StatusNotifierWatcher', 'StatusNotifierItemRegistered')
  try {
    const next = registered.next(START_TIMEOUT_MS)
    const startMs = performance.now()
    app.start()
    figures.iconMs.push((await next) - startMs)
    if (!isIdle) return
    await wait(SETTLE_MS)
    figures.pssMb.push(memoryOf(app.pids()).pssMb)
    const before = cpuMarks(app.pids())
    await wait(IDLE_MS)
    figures.cpuMs.push((cpuMsOfAll(before, cpuMarks(app.pids())) * 60_000) / IDLE_MS)
    const [iconMs, pssMb, cpuMs] = [figures.iconMs, figures.pssMb, figures.cpuMs].map((values) => values.at(-1) ?? 0)
    say(`icon after ${iconMs?.toFixed(0)} ms, ${pssMb?.toFixed(1)} MB, ${cpuMs?.toFixed(1)} ms CPU a minute`)
  } finally {
    await registered.end()
    await app.end()
  }
}
