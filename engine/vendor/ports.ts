/**
 * Message ports as Electron gives them to a utility process (electronjs.org, `MessagePortMain`, `process.parentPort`): what comes stands in
 * `data` of an event, and is queued until `start`. Nothing here is imported from Electron, of which the engine knows nothing else.
 */
export interface MessagePort {
  postMessage(message: unknown): void
  on(event: 'message', take: (event: PortEvent) => void): unknown
  /** The other end closed it, or its process ended. */
  on(event: 'close', take: () => void): unknown
  start(): void
  close(): void
}

export type PortEvent = { readonly data: unknown; readonly ports: readonly MessagePort[] }

/** To the app's main process. It is open from the start, and ends with the process itself. */
export interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', take: (event: PortEvent) => void): unknown
}

/** `null` in a process that is no utility process. */
export function parentPort(): ParentPort | null {
  // Electron puts it on the process; Node's types know nothing of it.
  return (process as unknown as { parentPort?: ParentPort }).parentPort ?? null
}
