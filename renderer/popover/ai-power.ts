import type { Live } from '../../contract/now.ts'

/** Sum of the apps at each moment, without Perwatt itself; `null` where the machine has no figure. */
export function aiPowerW(live: Live, selfIds: ReadonlySet<string>): (number | null)[] {
  const apps = live.apps.filter((app) => !selfIds.has(app.key))
  return live.at.map((_, index) =>
    live.machineW[index] == null ? null : apps.reduce((total, app) => total + (app.powerW[index] ?? 0), 0),
  )
}
