/** Colours of the palette (style/tokens.css `--series-0` …). More than eight cannot be told apart. */
export const SLOTS = 8

export type Slots = ReadonlyMap<string, number>

/**
 * Gives the first eight of `ranked` a colour. An app that had one gets it back unless a heavier app now holds it; a new one
 * takes a colour that nobody had, else the lowest that is free. So colours stay with their apps while ranks change.
 */
export function assignSlots(remembered: Slots, ranked: readonly string[]): Slots {
  const wanted = ranked.slice(0, SLOTS)
  const given = new Map<string, number>()
  const taken = new Set<number>()
  const give = (key: string, slot: number) => {
    given.set(key, slot)
    taken.add(slot)
  }
  for (const key of wanted) {
    const slot = remembered.get(key)
    if (slot !== undefined && !taken.has(slot)) give(key, slot)
  }
  const everHeld = new Set(remembered.values())
  for (const key of wanted) {
    if (given.has(key)) continue
    const free = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => !taken.has(slot))
    const slot = free.find((candidate) => !everHeld.has(candidate)) ?? free[0]
    if (slot !== undefined) give(key, slot)
  }
  return given
}

/** What to remember after `given` was given: who held one of these colours before has lost it. */
export function rememberSlots(remembered: Slots, given: Slots): Slots {
  const taken = new Set(given.values())
  const kept = [...remembered].filter(([key, slot]) => given.has(key) || !taken.has(slot))
  return new Map([...kept, ...given])
}
