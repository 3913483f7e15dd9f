import { useEffect, useState } from 'react'
import { useVisible } from '../client.ts'
import { Choice } from './setting-row.tsx'

/** How far back a screen looks. */
export type RangeId = 'day' | 'week' | 'month'

const DAY_S = 86_400
/** Histories are cut in whole hours; the newest figures of the present one come in as it goes on. */
const ASK_EVERY_S = 60

const ranges: readonly { readonly value: RangeId; readonly title: string; readonly days: number }[] = [
  { value: 'day', title: '24 h', days: 1 },
  { value: 'week', title: '7 days', days: 7 },
  { value: 'month', title: '30 days', days: 30 },
]

/** The choice outlives the screen: whoever goes from *Apps* to *Models* looks at the same days. */
let chosen: RangeId = 'day'

export type Range = {
  readonly id: RangeId
  readonly days: number
  readonly fromS: number
  readonly toS: number
  readonly choose: (id: RangeId) => void
}

/** A stretch of time that ends now, and moves on while somebody looks. */
export function useRange(): Range {
  const [id, setId] = useState(chosen)
  const [toS, setToS] = useState(nextBeatS)
  const isVisible = useVisible()
  useEffect(() => {
    if (!isVisible) return
    setToS(nextBeatS())
    const timer = setInterval(() => setToS(nextBeatS()), ASK_EVERY_S * 1_000)
    return () => clearInterval(timer)
  }, [isVisible])
  const days = ranges.find(({ value }) => value === id)?.days ?? 1
  return {
    id,
    days,
    fromS: toS - days * DAY_S,
    toS,
    choose: (next) => {
      chosen = next
      setId(next)
    },
  }
}

function nextBeatS(): number {
  return Math.ceil(Date.now() / 1_000 / ASK_EVERY_S) * ASK_EVERY_S
}

export function RangeChoice(props: { of: Range }) {
  return <Choice name="range" label="How far back" value={props.of.id} options={ranges} onChoose={props.of.choose} />
}

/** How many days figures cover that are those of whole hours, the present one so far. */
export function daysOf(answer: { readonly fromS: number; readonly toS: number }, nowS = Date.now() / 1_000): number {
  return Math.max(60, Math.min(answer.toS, nowS) - answer.fromS) / DAY_S
}

/** "the last 24 hours", for sentences. */
export function rangeWords(id: RangeId): string {
  return { day: 'the last 24 hours', week: 'the last 7 days', month: 'the last 30 days' }[id]
}
