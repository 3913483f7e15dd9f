type Ranked = { readonly id: string; readonly powerW: number }

/** An app climbs over the one above it when it draws a fifth and 0.2 W more. */
const CLEARLY_MORE_RATIO = 1.2
const CLEARLY_MORE_W = 0.2

/**
 * Heaviest first, but rows that draw nearly alike keep their places: a table that swaps rows every second cannot be read.
 * New apps come in where they belong.
 */
export function settleOrder<T extends Ranked>(previous: readonly string[], apps: readonly T[]): readonly T[] {
  const place = new Map(previous.map((id, index) => [id, index]))
  const known = apps.filter((app) => place.has(app.id)).sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0))
  const fresh = apps.filter((app) => !place.has(app.id)).sort((a, b) => b.powerW - a.powerW || (a.id < b.id ? -1 : 1))
  const order: T[] = []
  for (const app of known) insert(order, app, isClearlyMore)
  for (const app of fresh) insert(order, app, (a, b) => a.powerW > b.powerW)
  return order
}

function insert<T extends Ranked>(order: T[], app: T, isAbove: (a: T, b: T) => boolean): void {
  let at = order.length
  for (let above = order[at - 1]; above !== undefined && isAbove(app, above); above = order[at - 1]) at -= 1
  order.splice(at, 0, app)
}

function isClearlyMore(a: Ranked, b: Ranked): boolean {
  return a.powerW > b.powerW * CLEARLY_MORE_RATIO + CLEARLY_MORE_W
}
