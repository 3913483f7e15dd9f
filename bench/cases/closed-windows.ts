import { setTimeout as wait } from 'node:timers/promises'
import { waitFor } from '../../test/support/app.ts'
import { choose, click, trayItem } from '../../test/support/tray.ts'
import { pressKeys, windowsOf } from '../../test/support/windows.ts'
import { type BenchCase, definitionOf } from '../case.ts'
import { memoryOf } from '../measure.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { inDesktop } from '../support/in-desktop.ts'
import { ourApp } from '../support/tray-apps.ts'

const ROUNDS = 3
const SETTLE_MS = 10_000
const LOOK_MS = 3_000
/** Half a minute, and a moment for the processes to end. */
const CLOSED_MS = 32_000
const PEER = 'tray only'

const rows: readonly RowDefinition[] = [
  {
    id: 'closed-windows',
    title: '30 s after popover and dashboard were closed, PSS',
    unit: 'MB',
    target: 1.16,
    against: PEER,
  },
]

export const closedWindows: BenchCase = {
  id: 'closed-windows',
  rows,
  run: ({ rounds, say }) =>
    inDesktop(async ({ env }) => {
      const after: number[] = []
      const before: number[] = []
      const open: number[] = []
      for (let round = 0; round < (rounds ?? ROUNDS); round++) {
        const app = ourApp(env)
        const pssMb = () => memoryOf(app.pids()).pssMb
        try {
          app.start()
          await waitFor('the icon', () => trayItem(app.installed))
          await wait(SETTLE_MS)
          before.push(pssMb())
          open.push(await lookAtBoth(app.installed, pssMb))
          await wait(CLOSED_MS)
          after.push(pssMb())
        } finally {
          await app.end()
        }
        say(
          `tray only ${before.at(-1)?.toFixed(1)}, open ${open.at(-1)?.toFixed(1)}, closed ${after.at(-1)?.toFixed(1)} MB`,
        )
      }
      return [
        measuredRow(definitionOf(rows, 'closed-windows'), { ours: after, peers: { [PEER]: before }, parts: { open } }),
      ]
    }),
}

/** Opens popover and dashboard, looks for a while, closes both; returns the memory while the dashboard was open. */
async function lookAtBoth(app: ReturnType<typeof ourApp>['installed'], pssMb: () => number): Promise<number> {
  const item = await waitFor('the icon', () => trayItem(app))
  click(item)
  await waitFor('the popover', () => windowsOf(app).length === 1)
  await wait(LOOK_MS)
  click(item)
  await waitFor('the popover to go', () => windowsOf(app).length === 0)
  choose(item, 'Open Perwatt')
  const [dashboard = ''] = await waitFor('the dashboard', () => (windowsOf(app).length === 1 ? windowsOf(app) : null))
  await wait(LOOK_MS)
  const openMb = pssMb()
  pressKeys(app, dashboard, 'ctrl+w')
  await waitFor('the dashboard to go', () => windowsOf(app).length === 0)
  return openMb
}
