import { useCallback, useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from 'react'
import type { AppContract, Bridge } from '../contract/app.ts'
import type { EventName, InputOf, MethodName, OutputOf, PayloadOf, ProblemOf } from '../contract/define.ts'
import type { Contract } from '../contract/index.ts'
import type { Problem, Result } from '../contract/result.ts'

export type Both = Contract & AppContract
export type Output<K extends MethodName<Both>> = OutputOf<Both[K]>

/** The state of a question: its newest answer, and what went wrong since, if anything did. */
export type Asked<T> = {
  readonly value: T | null
  readonly problem: Problem | null
  /** When `value` was answered, ms of `performance.now()`. */
  readonly answeredMs: number | null
  /** Asks once more; the old answer stays until the new one is there. */
  readonly again: () => void
  /** Puts in what another call answered with (a change that returns the whole). */
  readonly replace: (value: T) => void
}

export function bridge(): Bridge {
  return window.perwatt
}

/** A call that never throws: a bridge that breaks is a `Problem` like any other. */
export async function call<K extends MethodName<Both>>(
  name: K,
  input: InputOf<Both[K]>,
): Promise<Result<Output<K>, ProblemOf<Both[K]> | 'failed'>> {
  try {
    return await bridge().call(name, input)
  } catch (error) {
    return { ok: false, code: 'failed', reason: `The app did not answer: ${String(error)}`, remedy: null }
  }
}

/** Asks when the view appears, when `input` changes, and again at each of `askAgainOn` and whenever the engine comes back. */
export function useContract<K extends MethodName<Both>>(
  name: K,
  input: InputOf<Both[K]>,
  askAgainOn?: EventName<Both>,
): Asked<Output<K>> {
  type State = Pick<Asked<Output<K>>, 'value' | 'problem' | 'answeredMs'>
  const [state, setState] = useState<State>({ value: null, problem: null, answeredMs: null })
  const newest = useRef(0)
  const inputKey = JSON.stringify(input)
  const ask = useEffectEvent(async () => {
    newest.current += 1
    const turn = newest.current
    const answer = await call(name, input)
    if (turn !== newest.current) return
    setState((old) =>
      answer.ok
        ? { value: answer.value, problem: null, answeredMs: performance.now() }
        : { ...old, problem: { ok: false, code: answer.code, reason: answer.reason, remedy: answer.remedy } },
    )
  })
  const [asks, setAsks] = useState(0)
  const again = useCallback(() => setAsks((count) => count + 1), [])
  const replace = useCallback((value: Output<K>) => {
    newest.current += 1
    setState({ value, problem: null, answeredMs: performance.now() })
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are the moments to ask, not what the question reads
  useEffect(() => {
    void ask()
  }, [name, inputKey, asks])
  useEvent('engineState', ({ state }) => state === 'running' && again())
  useEffect(() => (askAgainOn === undefined ? undefined : bridge().on(askAgainOn, again)), [askAgainOn, again])
  useEffect(
    () => () => {
      newest.current += 1
    },
    [],
  )
  return { ...state, again, replace }
}

/** Hears an event while the view stands; the handler may change without a new subscription. */
export function useEvent<K extends EventName<Both>>(name: K, handler: (payload: PayloadOf<Both[K]>) => void): void {
  const newest = useEffectEvent(handler)
  useEffect(() => bridge().on(name, (payload) => newest(payload)), [name])
}

/** Whether anybody can see this window: nothing is heard, redrawn or aged while it is hidden. */
export function useVisible(): boolean {
  return useSyncExternalStore(onVisibility, isVisible)
}

export function isVisible(): boolean {
  return document.visibilityState === 'visible'
}

export function onVisibility(changed: () => void): () => void {
  document.addEventListener('visibilitychange', changed)
  return () => document.removeEventListener('visibilitychange', changed)
}
