import { app, type BrowserWindow, type WebContents } from 'electron'
import { channels } from '../../contract/names.ts'
import { refuseNavigation, refuseNewWindows, refuseWebviews } from '../security.ts'
import type { Listener, Subscriptions } from '../subscriptions.ts'

/** Every web contents that comes to be, however it does, is held to the same rules. */
export function guardAllContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    refuseWebviews(contents)
    refuseNavigation(contents)
    refuseNewWindows(contents)
  })
}

/** The windows that may ask and listen, from their making to their end. */
export class OpenWindows {
  readonly #listeners = new Map<WebContents, Listener>()
  readonly #subscriptions: Subscriptions

  constructor(subscriptions: Subscriptions) {
    this.#subscriptions = subscriptions
  }

  listenerOf(contents: WebContents): Listener | null {
    return this.#listeners.get(contents) ?? null
  }

  add(window: BrowserWindow): void {
    const contents = window.webContents
    const listener: Listener = {
      send: (name, payload) => contents.send(channels.event, name, payload),
      isVisible: () => window.isVisible() && !window.isMinimized(),
    }
    this.#listeners.set(contents, listener)
    const forget = () => this.#subscriptions.forget(listener)
    // A page that is loaded again, or whose renderer died, subscribes anew; one that only moves to another `#screen` does not.
    contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument) forget()
    })
    contents.on('render-process-gone', forget)
    const follow = () => this.#subscriptions.visibilityChanged()
    window.on('show', follow)
    window.on('hide', follow)
    window.on('minimize', follow)
    window.on('restore', follow)
    window.once('closed', () => {
      this.#listeners.delete(contents)
      forget()
    })
  }
}
