import type { PayloadOf } from '../contract/define.ts'
import type { Contract, PerwattEvent } from '../contract/index.ts'

/** The engine's events; whoever makes costly detail asks first whether anybody listens. */
export interface Events {
  on<K extends PerwattEvent>(name: K, handler: (payload: PayloadOf<Contract[K]>) => void): () => void
  emit<K extends PerwattEvent>(name: K, payload: PayloadOf<Contract[K]>): void
  hasListeners(name: PerwattEvent): boolean
}

export function createEvents(): Events {
  const handlers = new Map<PerwattEvent, Set<(payload: never) => void>>()
  return {
    on(name, handler) {
      const listeners = handlers.get(name) ?? new Set()
      handlers.set(name, listeners)
      listeners.add(handler)
      return () => void listeners.delete(handler)
    },
    emit(name, payload) {
      // The set of `name` only ever holds handlers that `on` took for the same name.
      for (const handler of handlers.get(name) ?? []) (handler as (given: typeof payload) => void)(payload)
    },
    hasListeners: (name) => (handlers.get(name)?.size ?? 0) > 0,
  }
}
