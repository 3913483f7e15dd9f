import { type ReactNode, useEffect, useState } from 'react'
import { formatLength } from '../../contract/format.ts'
import { type Problem, remedyText } from '../../contract/result.ts'
import { type Asked, useVisible } from '../client.ts'
import { Command } from './copy-button.tsx'

const SKELETON_AFTER_MS = 300

/**
 * Shows what was asked for in each of its states. Loading shows nothing for 300 ms, then a skeleton of the size of what
 * comes. After a failure the last answer stays, dimmed, with its age and what went wrong.
 */
export function View<T>(props: {
  of: Pick<Asked<T>, 'value' | 'problem' | 'answeredMs'> & { readonly again?: () => void }
  skeleton: ReactNode
  /** Older than this, an answer is stale; left out where an answer does not age. */
  staleAfterMs?: number
  /** What to show instead of an old answer; `null` keeps the old one. */
  empty?: (value: T) => ReactNode | null
  children: (value: T) => ReactNode
}) {
  const { of: asked, skeleton, staleAfterMs, empty, children } = props
  const ageMs = useAge(asked.answeredMs, staleAfterMs)
  const { value, problem } = asked
  if (value === null) {
    if (problem !== null) return <Failed problem={problem} {...(asked.again && { onRetry: asked.again })} />
    return <Late>{skeleton}</Late>
  }
  const isStale = staleAfterMs !== undefined && ageMs >= staleAfterMs
  return (
    <>
      {(problem !== null || isStale) && <Stale problem={problem} ageMs={ageMs} />}
      <div className={problem !== null || isStale ? 'view is-stale' : 'view'}>{empty?.(value) ?? children(value)}</div>
    </>
  )
}

export function Failed(props: { problem: Problem; onRetry?: () => void }) {
  const { problem, onRetry } = props
  // Why it is down, and what to do, is in the banner above every screen.
  if (problem.code === 'engineDown') {
    return (
      <Empty title="Nothing to show without the engine">
        <p>This comes back by itself as soon as it runs.</p>
      </Empty>
    )
  }
  return (
    <section className="state state-failed" role="alert">
      <h2>{titles[problem.code] ?? 'This could not be shown'}</h2>
      <p>{problem.reason}</p>
      {problem.remedy?.kind === 'command' && <Command text={remedyText(problem.remedy)} />}
      {problem.remedy?.kind === 'setting' && <p>{remedyText(problem.remedy)}</p>}
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </section>
  )
}

const titles: Readonly<Record<string, string>> = {
  unknownMethod: 'App and engine are of different versions',
}

export function Empty(props: { title: string; children: ReactNode }) {
  return (
    <section className="state">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  )
}

export function Skeleton(props: { heightPx: number; label?: string }) {
  return (
    <div className="skeleton" style={{ height: props.heightPx }} role="status">
      <span className="sr-only">{props.label ?? 'Loading'}</span>
    </div>
  )
}

function Stale(props: { problem: Problem | null; ageMs: number }) {
  const age = formatLength(props.ageMs)
  return (
    <p className="stale-note" role="status">
      {props.problem === null ? `No new figures for ${age}.` : `${props.problem.reason} These figures are ${age} old.`}
    </p>
  )
}

function Late(props: { children: ReactNode }) {
  const [isDue, setDue] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), SKELETON_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return isDue ? props.children : null
}

/** Age of an answer, counted on only from when it is stale and while somebody looks. */
function useAge(answeredMs: number | null, staleAfterMs: number | undefined): number {
  const [nowMs, setNowMs] = useState(() => performance.now())
  const visible = useVisible()
  useEffect(() => {
    setNowMs(performance.now())
    if (answeredMs === null || staleAfterMs === undefined || !visible) return
    let timer = setTimeout(look, Math.max(0, answeredMs + staleAfterMs - performance.now()))
    function look() {
      setNowMs(performance.now())
      timer = setTimeout(look, 1_000)
    }
    return () => clearTimeout(timer)
  }, [answeredMs, staleAfterMs, visible])
  return answeredMs === null ? 0 : Math.max(0, nowMs - answeredMs)
}
