import { useEffect, useMemo, useRef, useState } from 'react'
import type { Live, Now } from '../../contract/now.ts'
import type { Problem } from '../../contract/result.ts'
import { useContract, useVisible } from '../client.ts'
import { appendNow } from './buffer.ts'
import { assignSlots, rememberSlots, type Slots } from './slots.ts'
import { rankApps } from './stack.ts'

/** The last `forS` seconds: asked for once and whenever the window is seen again, then grown by each tick. */
export function useLive(now: Now | null, forS: number): { live: Live | null; problem: Problem | null } {
  const asked = useContract('live', { forS })
  const [live, setLive] = useState<Live | null>(null)
  const visible = useVisible()
  const { value, again } = asked
  const isFirst = useRef(true)
  useEffect(() => {
    if (isFirst.current) isFirst.current = false
    else if (visible) again()
  }, [visible, again])
  useEffect(() => setLive(value), [value])
  useEffect(() => {
    if (now !== null) setLive((old) => (old === null ? old : appendNow(old, now, forS)))
  }, [now, forS])
  return { live, problem: live === null ? asked.problem : null }
}

/** Colours given in this window so far. Giving them again for the same ranks changes nothing, so a render may do it. */
let remembered: Slots = new Map()

/** Which app has which colour now. The first ones go by today's energy, so that window and memory of it agree. */
export function useSlots(now: Now | null, live: Live | null): Slots {
  const ranked = live === null ? [] : rankApps(live)
  const rankKey = ranked.slice(0, 8).join('\n')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the eight heaviest decide, not each tick
  return useMemo(() => {
    if (remembered.size === 0 && now !== null) {
      const byToday = [...now.apps].sort((a, b) => b.todayMj - a.todayMj || (a.id < b.id ? -1 : 1))
      const drawing = new Set(ranked)
      remembered = assignSlots(
        remembered,
        byToday.map((app) => String(app.id)).filter((id) => drawing.has(id)),
      )
    }
    const given = assignSlots(remembered, ranked)
    remembered = rememberSlots(remembered, given)
    return given
  }, [rankKey, now === null])
}
