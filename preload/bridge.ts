import { channels, eventNames, methodNames } from '../contract/names.ts'

/** The four things of `ipcRenderer` that the bridge needs. */
export type Ipc = {
  invoke(channel: string, name: string, input: unknown): Promise<unknown>
  send(channel: string, name: string): void
  onEvent(channel: string, listener: (name: unknown, payload: unknown) => void): void
}

type Handler = (payload: unknown) => void

/**
 * One `call`, one `on`. Names are checked here, so that a window cannot reach any other channel; shapes are checked by main.
 * Main hears of the first handler of an event and of the loss of the last one: nobody listening costs nothing.
 */
export function createBridge(ipc: Ipc) {
  const handlersByEvent = new Map<string, Set<Handler>>()

  ipc.onEvent(channels.event, (name, payload) => {
    if (typeof name !== 'string') return
    for (const handler of [...(handlersByEvent.get(name) ?? [])]) handler(payload)
  })

  return {
    call(name: string, input: unknown): Promise<unknown> {
      if (includes(methodNames, name)) return ipc.invoke(channels.call, name, input)
      return Promise.resolve({
        ok: false,
        code: 'unknownMethod',
        reason: `A window may not call “${String(name)}”.`,
        remedy: null,
      })
    },
    on(name: string, handler: Handler): () => void {
      if (!includes(eventNames, name)) throw new Error(`A window may not listen to “${String(name)}”.`)
      // A handler of its own for each call: the same function given twice is called twice and taken off once each.
      const own: Handler = (payload) => handler(payload)
      const handlers = handlersByEvent.get(name) ?? new Set()
      handlersByEvent.set(name, handlers)
      handlers.add(own)
      if (handlers.size === 1) ipc.send(channels.subscribe, name)
      return () => {
        if (handlers.delete(own) && handlers.size === 0) ipc.send(channels.unsubscribe, name)
      }
    },
  }
}

function includes(names: readonly string[], name: string): boolean {
  return names.includes(name)
}
