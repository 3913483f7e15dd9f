import type { Live, Now } from '../../contract/now.ts'

/** Minutes of the live chart, in seconds; the engine keeps no more. */
export const KEEP_S = 900

/**
 * `live` with one more tick, and without what has become too old. A tick that is not newer changes nothing. Where ticks
 * are missing, a column of `null` comes before the new one: a line must not be drawn across a gap.
 */
export function appendNow(live: Live, now: Now, keepS = KEEP_S): Live {
  const lastS = live.at.at(-1)
  if (lastS !== undefined && now.at <= lastS) return live
  const stepS = Math.max(1, now.intervalMs / 1_000)
  const isGap = lastS !== undefined && now.at - lastS > stepS * 1.5 + 1
  const at = isGap ? [...live.at, lastS + 1, now.at] : [...live.at, now.at]
  const from = firstIndexFrom(at, now.at - keepS)
  const filled = isGap ? [null] : []
  const extend = (values: readonly (number | null)[], value: number | null) => [...values, ...filled, value].slice(from)

  const before = new Map(live.apps.map((app) => [app.key, app]))
  const drawing = new Map(now.apps.map((app) => [String(app.id), app]))
  const keys = new Set([...before.keys(), ...drawing.keys()])
  const isKnown = now.machine.powerW !== null
  const apps = [...keys].flatMap((key) => {
    const old = before.get(key)
    const app = drawing.get(key)
    const earlier = old?.powerW ?? live.at.map((_, index) => (live.machineW[index] == null ? null : 0))
    const powerW = extend(earlier, isKnown ? (app?.powerW ?? 0) : null)
    const isGone = app === undefined && powerW.every((value) => value === null || value === 0)
    return isGone ? [] : [{ key, name: app?.name ?? old?.name ?? key, powerW }]
  })
  return {
    at: at.slice(from),
    machineW: extend(live.machineW, now.machine.powerW),
    idleW: extend(live.idleW, isKnown ? now.machine.idlePowerW : null),
    otherW: extend(live.otherW, isKnown ? now.machine.otherPowerW : null),
    estimated: isKnown ? now.machine.provenance === 'estimate' : live.estimated,
    apps,
  }
}

function firstIndexFrom(at: readonly number[], fromS: number): number {
  const index = at.findIndex((s) => s >= fromS)
  return index < 0 ? at.length : index
}
