import { useSyncExternalStore } from 'react'
import type { Now } from '../contract/now.ts'
import type { Problem } from '../contract/result.ts'
import { bridge, call, isVisible, onVisibility } from './client.ts'

/** The newest tick, heard once for all views of a window. */
export type NowState = {
  readonly now: Now | null
  /** When `now` came, ms of `performance.now()`. */
  readonly answeredMs: number | null
  readonly problem: Problem | null
}

let state: NowState = { now: null, answeredMs: null, problem: null }
const listeners = new Set<() => void>()
let stopHearing: (() => void) | null = null

/** Listens to ticks while a view uses it and the window can be seen; otherwise the engine has nobody to tell. */
export function useNow(): NowState {
  return useSyncExternalStore(subscribe, () => state)
}

/** Asks for the present state at once, after pausing or resuming. */
export async function refreshNow(): Promise<void> {
  const answer = await call('now', {})
  publish(
    answer.ok
      ? { now: answer.value, answeredMs: performance.now(), problem: null }
      : { ...state, problem: { ok: false, code: answer.code, reason: answer.reason, remedy: answer.remedy } },
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (listeners.size === 1) stopHearing = hearWhileVisible()
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    stopHearing?.()
    stopHearing = null
  }
}

function hearWhileVisible(): () => void {
  let stopTicks: (() => void) | null = null
  const follow = () => {
    if (isVisible() && stopTicks === null) {
      void refreshNow()
      stopTicks = bridge().on('tick', (now) => publish({ now, answeredMs: performance.now(), problem: null }))
    } else if (!isVisible() && stopTicks !== null) {
      stopTicks()
      stopTicks = null
    }
  }
  follow()
  const stopVisibility = onVisibility(follow)
  const stopEngine = bridge().on('engineState', ({ state: engine }) => {
    if (engine === 'running' && isVisible()) void refreshNow()
  })
  return () => {
    stopTicks?.()
    stopVisibility()
    stopEngine()
  }
}

function publish(next: NowState): void {
  state = next
  for (const listener of [...listeners]) listener()
}
