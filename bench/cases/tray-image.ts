import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Now } from '../../contract/now.ts'
import { appWith, nowWith } from '../../test/main/now.ts'
import { installApp, type TestApp, waitFor } from '../../test/support/app.ts'
import { trayItem } from '../../test/support/tray.ts'
import { type BenchCase, definitionOf } from '../case.ts'
import { cpuMarks, cpuMsOfAll } from '../measure.ts'
import { measuredRow, type RowDefinition, unmeasuredRow } from '../row.ts'
import { median } from '../statistics.ts'
import { type SignalWatch, watchSignal } from '../support/bus.ts'
import { inDesktop } from '../support/in-desktop.ts'

const ROUNDS = 3
const SETTLE_MS = 15_000
/** Changes before any that count: the code that draws is compiled by then. */
const WARM_WINDOWS = 2
const WINDOW_MS = 20_000
/** How often the tray asks while AI is at work; and how often the answer is written, which is faster than it may follow. */
const ASKED_MS = 2_000
const CHANGE_MS = 500

const rows: readonly RowDefinition[] = [
  { id: 'tray-image', title: 'tray image, one change, Electron’s processes', unit: 'ms CPU', target: 1, against: null },
  {
    id: 'tray-image-rate',
    title: 'changes a second, while the gauge changes at every look',
    unit: '/s',
    target: 0.5,
    against: null,
  },
  { id: 'tray-image-still', title: 'changes while nothing visible changes', unit: 'changes', target: 0, against: null },
]

/** AI at work, so that the tray asks as often as it ever does. Only the gauge's scale changes: no word of tooltip or menu does. */
const AT_WORK = { apps: [appWith({ name: 'Ollama' })] }
const HALF_FULL = nowWith({ ...AT_WORK, gaugeFullW: 76 })
const ALL_FULL = nowWith({ ...AT_WORK, gaugeFullW: 38 })

type Figures = { readonly perChangeMs: number[]; readonly perS: number[]; readonly still: number[] }

export const trayImage: BenchCase = {
  id: 'tray-image',
  rows,
  run: ({ rounds, say }) =>
    inDesktop(async ({ env }) => {
      const figures: Figures = { perChangeMs: [], perS: [], still: [] }
      const app = installApp('fake', env)
      const icons = await watchSignal(env, 'org.kde.StatusNotifierItem', 'NewIcon')
      try {
        tell(app, HALF_FULL)
        app.start(['--hidden'])
        await waitFor('the figures', () => trayItem(app)?.tooltip.includes('38'))
        await wait(SETTLE_MS)
        for (let warm = 0; warm < WARM_WINDOWS; warm++) await measureWindow(app, icons, [HALF_FULL, ALL_FULL])
        for (let round = 0; round < (rounds ?? ROUNDS); round++) {
          await measureRound(app, icons, figures)
          say(`${figures.perChangeMs.at(-1)?.toFixed(2)} ms a change, ${figures.perS.at(-1)?.toFixed(2)} a second`)
        }
      } finally {
        await icons.end()
        await app.dispose()
      }
      return [
        costRow(figures.perChangeMs),
        measuredRow(definitionOf(rows, 'tray-image-rate'), { ours: figures.perS }),
        measuredRow(definitionOf(rows, 'tray-image-still'), { ours: figures.still }),
      ]
    }),
}

/** It is a small difference of two large figures: one that came out below nothing says only how noisy the machine is. */
function costRow(perChangeMs: readonly number[]) {
  const definition = definitionOf(rows, 'tray-image')
  return median(perChangeMs) > 0
    ? measuredRow(definition, { ours: perChangeMs })
    : unmeasuredRow(definition, `lost in the noise: ${perChangeMs.map((ms) => ms.toFixed(2)).join(', ')} ms`)
}

/** Still, changing, changing, still: what drifts with time cancels out. */
async function measureRound(app: TestApp, icons: SignalWatch, figures: Figures): Promise<void> {
  const still = [HALF_FULL, { ...HALF_FULL, at: HALF_FULL.at + 1 }]
  const changing = [HALF_FULL, ALL_FULL]
  const sum = { still: { cpuMs: 0, changes: 0 }, changing: { cpuMs: 0, changes: 0 } }
  for (const kind of ['still', 'changing', 'changing', 'still'] as const) {
    tell(app, HALF_FULL)
    await wait(3 * ASKED_MS)
    const { cpuMs, changes } = await measureWindow(app, icons, kind === 'still' ? still : changing)
    sum[kind].cpuMs += cpuMs
    sum[kind].changes += changes
  }
  if (sum.changing.changes === 0) throw new Error('the tray image did not change though the power did')
  figures.still.push(sum.still.changes)
  figures.perS.push((sum.changing.changes * 1_000) / (2 * WINDOW_MS))
  figures.perChangeMs.push((sum.changing.cpuMs - sum.still.cpuMs) / sum.changing.changes)
}

async function measureWindow(app: TestApp, icons: SignalWatch, states: readonly Now[]) {
  const electron = () =>
    app
      .processes()
      .filter(({ kind }) => kind !== 'engine')
      .map(({ pid }) => pid)
  const [before, changesBefore] = [cpuMarks(electron()), icons.heardMs.length]
  const endMs = performance.now() + WINDOW_MS
  for (let turn = 0; performance.now() < endMs; turn++) {
    // What the tray is answered has to differ from one time to the next.
    const state = states[Math.floor(turn / (ASKED_MS / CHANGE_MS)) % states.length]
    if (state !== undefined) tell(app, state)
    await wait(CHANGE_MS)
  }
  return { cpuMs: cpuMsOfAll(before, cpuMarks(electron())), changes: icons.heardMs.length - changesBefore }
}

/** In one step: the scripted engine must not read half of it. */
function tell(app: TestApp, now: Now): void {
  const file = join(app.dataDir, 'fake-now.json')
  writeFileSync(`${file}.new`, JSON.stringify(now))
  renameSync(`${file}.new`, file)
}
