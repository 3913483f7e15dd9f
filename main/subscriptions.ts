import { type Contract, contract, type PerwattEvent } from '../contract/index.ts'
import { eventNames } from '../contract/names.ts'
import type { WireClient } from '../contract/wire.ts'

/** A window, as far as telling it things goes. */
export type Listener = {
  send(name: string, payload: unknown): void
  /** Nobody looks at a hidden or minimised window: it is told of states, not of every tick. */
  isVisible(): boolean
}

/**
 * Who listens to what. The engine is subscribed to an event while a window wants it, and to `tick` only while such a
 * window can be seen.
 */
export class Subscriptions {
  readonly #engine: Pick<WireClient<Contract>, 'on'>
  readonly #listenersByEvent = new Map<string, Set<Listener>>()
  readonly #unsubscribeByEvent = new Map<string, () => void>()

  constructor(engine: Pick<WireClient<Contract>, 'on'>) {
    this.#engine = engine
  }

  add(name: string, listener: Listener): void {
    if (!eventNames.some((known) => known === name)) return
    const listeners = this.#listenersByEvent.get(name) ?? new Set()
    this.#listenersByEvent.set(name, listeners.add(listener))
    this.#follow(name)
  }

  remove(name: string, listener: Listener): void {
    this.#listenersByEvent.get(name)?.delete(listener)
    this.#follow(name)
  }

  forget(listener: Listener): void {
    for (const name of this.#listenersByEvent.keys()) this.remove(name, listener)
  }

  visibilityChanged(): void {
    this.#follow('tick')
  }

  /** An event of main's own, or one that the engine told. */
  tell(name: string, payload: unknown): void {
    for (const listener of this.#wanting(name)) listener.send(name, payload)
  }

  #wanting(name: string): Listener[] {
    const listeners = [...(this.#listenersByEvent.get(name) ?? [])]
    return name === 'tick' ? listeners.filter((listener) => listener.isVisible()) : listeners
  }

  #follow(name: string): void {
    if (!isEngineEvent(name)) return
    const isWanted = this.#wanting(name).length > 0
    const unsubscribe = this.#unsubscribeByEvent.get(name)
    if (isWanted && unsubscribe === undefined) {
      this.#unsubscribeByEvent.set(
        name,
        this.#engine.on(name, (payload: unknown) => this.tell(name, payload)),
      )
    } else if (!isWanted && unsubscribe !== undefined) {
      this.#unsubscribeByEvent.delete(name)
      unsubscribe()
    }
  }
}

function isEngineEvent(name: string): name is PerwattEvent {
  return Object.hasOwn(contract, name)
}
