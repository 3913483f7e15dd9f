import type { Live } from '../../contract/now.ts'
import { SLOTS, type Slots } from './slots.ts'

/** `idle`: the machine's floor; `app`: one AI app; `more`: the apps without a colour; `other`: no AI app, not idle. */
export type Layer = {
  readonly key: string
  readonly name: string
  readonly kind: 'idle' | 'app' | 'more' | 'other'
  readonly slot: number | null
  readonly powerW: readonly (number | null)[]
  /** Upper edge: this layer on top of those below it. */
  readonly topW: readonly (number | null)[]
}

export type Stack = {
  readonly at: readonly number[]
  readonly machineW: readonly (number | null)[]
  /** From the axis upwards. */
  readonly layers: readonly Layer[]
}

/**
 * The live series as layers on the machine's floor: idle, apps in the order of their colours, the rest of the apps, other.
 * The order never follows the ranks, so that layers do not jump over one another. A moment without a machine figure is a
 * gap in every layer.
 */
export function stackLive(live: Live, slots: Slots): Stack {
  const coloured = live.apps
    .filter((app) => slots.has(app.key))
    .sort((a, b) => (slots.get(a.key) ?? SLOTS) - (slots.get(b.key) ?? SLOTS))
  const rest = live.apps.filter((app) => !slots.has(app.key) && app.powerW.some((value) => value !== null && value > 0))
  const flat: Omit<Layer, 'topW'>[] = [
    { key: 'idle', name: 'Idle', kind: 'idle', slot: null, powerW: live.idleW },
    ...coloured.map((app) => ({ ...app, kind: 'app' as const, slot: slots.get(app.key) ?? null })),
    ...(rest.length === 0
      ? []
      : [{ key: 'more', name: `${rest.length} more`, kind: 'more' as const, slot: null, powerW: sum(rest, live.at) }]),
    { key: 'other', name: 'Other', kind: 'other', slot: null, powerW: live.otherW },
  ]
  const floor = live.at.map(() => 0)
  const layers = flat.map((layer) => {
    const topW = layer.powerW.map((value, index) => {
      if (live.machineW[index] == null) return null
      floor[index] = (floor[index] ?? 0) + Math.max(0, value ?? 0)
      return floor[index] ?? null
    })
    return { ...layer, topW }
  })
  return { at: live.at, machineW: live.machineW, layers }
}

/** Apps that drew anything in the window, heaviest first; ties by name, so that the order is always the same. */
export function rankApps(live: Live): readonly string[] {
  const totals = live.apps.map((app) => ({
    key: app.key,
    totalW: app.powerW.reduce<number>((total, value) => total + (value ?? 0), 0),
  }))
  return totals
    .filter(({ totalW }) => totalW > 0)
    .sort((a, b) => b.totalW - a.totalW || (a.key < b.key ? -1 : 1))
    .map(({ key }) => key)
}

/** Stretches without a machine figure, between figures: what comes before the first one is not a gap, it was not yet asked. */
export function gapsOf(
  at: readonly number[],
  machineW: readonly (number | null)[],
): readonly { fromS: number; toS: number }[] {
  const gaps: { fromS: number; toS: number }[] = []
  let lastKnownS: number | null = null
  let isOpen = false
  at.forEach((s, index) => {
    if (machineW[index] == null) {
      isOpen = lastKnownS !== null
      return
    }
    if (isOpen && lastKnownS !== null) gaps.push({ fromS: lastKnownS, toS: s })
    lastKnownS = s
    isOpen = false
  })
  const lastS = at.at(-1)
  if (isOpen && lastKnownS !== null && lastS !== undefined) gaps.push({ fromS: lastKnownS, toS: lastS })
  return gaps
}

/** Full scale of the power axis: the next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 × 10ⁿ, so that it seldom moves. At least 2 W. */
export function fullScaleW(largestW: number): number {
  const size = Math.max(2, largestW)
  const decade = 10 ** Math.floor(Math.log10(size))
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * decade >= size * (1 - 1e-9)) ?? 10
  return step * decade
}

function sum(apps: Live['apps'], at: readonly number[]): (number | null)[] {
  return at.map((_, index) => {
    const values = apps.map((app) => app.powerW[index]).filter((value) => value != null)
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0)
  })
}
