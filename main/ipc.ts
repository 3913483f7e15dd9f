import { ipcMain, type WebContents } from 'electron'
import { channels } from '../contract/names.ts'
import { problem } from '../contract/result.ts'
import type { CallHandler } from './calls.ts'
import { isOwnFrame } from './security.ts'
import type { Listener, Subscriptions } from './subscriptions.ts'

/** `listenerOf` is `null` for web contents that are no window of ours. */
export function serveWindows(
  handle: CallHandler,
  subscriptions: Subscriptions,
  listenerOf: (contents: WebContents) => Listener | null,
): void {
  ipcMain.handle(channels.call, (event, name: unknown, input: unknown) => {
    if (isOwnFrame(event) && listenerOf(event.sender) !== null) return handle(name, input)
    return problem('failed', 'Only a window of Perwatt may ask.')
  })
  ipcMain.on(channels.subscribe, (event, name: unknown) => {
    const listener = isOwnFrame(event) ? listenerOf(event.sender) : null
    if (listener !== null && typeof name === 'string') subscriptions.add(name, listener)
  })
  ipcMain.on(channels.unsubscribe, (event, name: unknown) => {
    const listener = isOwnFrame(event) ? listenerOf(event.sender) : null
    if (listener !== null && typeof name === 'string') subscriptions.remove(name, listener)
  })
}
