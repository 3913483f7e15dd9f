import { join } from 'node:path'
import { app, BrowserWindow, Notification, nativeTheme, session } from 'electron'
import type { EngineState, ScreenId } from '../contract/app.ts'
import { appHandlers } from './app-handlers.ts'
import { setAppMenu } from './app-menu.ts'
import { callHandler } from './calls.ts'
import { startEngineChild } from './engine-child.ts'
import { EngineClient } from './engine-client.ts'
import { EngineProcess } from './engine-process.ts'
import { serveWindows } from './ipc.ts'
import { loginItemHere } from './login-here.ts'
import type { Options } from './options.ts'
import { forwardPowerEvents } from './power.ts'
import { denyPermissions, refuseNetwork, serveFolder, windowPreferences } from './security.ts'
import { Subscriptions } from './subscriptions.ts'
import { TrayFeed } from './tray/feed.ts'
import type { MenuOrders } from './tray/menu.ts'
import { TrayPresence } from './tray/presence.ts'
import type { PerwattTray } from './tray/tray.ts'
import { Dashboard } from './windows/dashboard.ts'
import { AppMemory } from './windows/memory.ts'
import type { Box } from './windows/placement.ts'
import { Popover } from './windows/popover.ts'
import { guardAllContents, OpenWindows } from './windows/windows.ts'

/** The app behind its icon: the engine, and a window only where a person started it. */
export class Shell {
  readonly #options: Options
  readonly #memory: AppMemory
  readonly #client = new EngineClient()
  readonly #engine: EngineProcess
  readonly #subscriptions = new Subscriptions(this.#client.wire)
  readonly #dashboard: Dashboard
  readonly #popover: Popover
  readonly #tray: PerwattTray
  readonly #feed: TrayFeed
  readonly #presence: TrayPresence

  constructor(options: Options, tray: PerwattTray) {
    this.#options = options
    this.#tray = tray
    this.#memory = new AppMemory(join(app.getPath('userData'), 'window.json'))
    const windows = new OpenWindows(this.#subscriptions)
    const preferences = ownPreferences()
    this.#dashboard = new Dashboard(preferences, this.#memory, (window) => windows.add(window))
    this.#popover = new Popover(preferences, (window) => windows.add(window))
    this.#feed = new TrayFeed(this.#client.wire, this.#tray)
    this.#presence = new TrayPresence({
      registerAgain: () => this.#tray.registerAgain(),
      onMissing: () => this.#offerWindowInstead(),
    })
    this.#engine = new EngineProcess(this.#client, {
      dataDir: options.dataDir,
      startChild: (events) => startEngineChild(engineScript(), options.engineArgs, events),
      onState: (state) => this.#engineChanged(state),
    })
    serveWindows(callHandler(this.#handlers(), this.#client.wire), this.#subscriptions, (contents) =>
      windows.listenerOf(contents),
    )
  }

  start(): void {
    guardAllContents()
    setAppMenu(() => app.quit())
    forwardPowerEvents(this.#client)
    nativeTheme.on('updated', () => this.#subscriptions.tell('themeChanged', { dark: nativeTheme.shouldUseDarkColors }))
    app.on('activate', () => this.#openDashboard())
    this.#stopEngineBeforeQuit()
    void this.#engine.start()
    void this.#presence.start(this.#options.isHidden)
    if (!this.#options.isHidden) this.#openDashboard()
  }

  #openDashboard(screen?: ScreenId): void {
    this.#popover.hide()
    const wasOpen = this.#dashboard.open(screen)
    if (wasOpen && screen !== undefined) this.#subscriptions.tell('navigate', { screen })
  }

  #engineChanged(state: EngineState): void {
    this.#tray.showEngine(state)
    this.#subscriptions.tell('engineState', state)
    if (state.state === 'running') this.#feed.start()
    else this.#feed.stop()
  }

  /** What the menu asks for. */
  get orders(): MenuOrders {
    const order = (done: Promise<unknown>) => void done.then(() => this.#feed.refresh())
    return {
      open: () => this.#openDashboard(),
      openSettings: () => this.#openDashboard('settings'),
      pause: (forS) => order(this.#client.wire.call('pause', { forS })),
      resume: () => order(this.#client.wire.call('resume', {})),
      restartEngine: () => void this.#engine.restartNow(),
      quit: () => app.quit(),
    }
  }

  #handlers() {
    return appHandlers({
      client: this.#client,
      engine: this.#engine,
      loginItem: loginItemHere(this.#options),
      trayState: () => this.#presence.state,
      openDashboard: (screen) => this.#openDashboard(screen),
      hidePopover: () => this.#popover.hide(),
    })
  }

  togglePopover(icon: Box): void {
    this.#popover.toggle(icon)
  }

  /** The window carries the explanation (and the dashboard's banner repeats it); a login every day is told once. */
  #offerWindowInstead(): void {
    if (this.#options.isHidden && this.#memory.read().toldOfMissingTray) return
    this.#memory.change({ toldOfMissingTray: true })
    this.#openDashboard()
    new Notification({
      title: 'Perwatt runs without a tray icon',
      body: 'This desktop shows no tray icons. Perwatt keeps measuring; start it again to open its window.',
    }).show()
  }

  /** Quitting waits for the last flush; windows go at once. */
  #stopEngineBeforeQuit(): void {
    let stage: 'running' | 'stopping' | 'stopped' = 'running'
    app.on('before-quit', (event) => {
      if (stage === 'stopped') return
      event.preventDefault()
      if (stage === 'stopping') return
      stage = 'stopping'
      for (const window of BrowserWindow.getAllWindows()) window.close()
      this.#feed.stop()
      void this.#engine.stop().then(() => {
        stage = 'stopped'
        app.quit()
      })
    })
  }
}

/**
 * The session of our windows, made with the first of them. In memory only: no cookies, no cache, nothing of a page is
 * left on the disk.
 */
function ownPreferences(): () => Electron.WebPreferences {
  let preferences: Electron.WebPreferences | null = null
  return () => {
    preferences ??= preferencesOf(ownSession())
    return preferences
  }
}

function ownSession(): Electron.Session {
  const own = session.fromPartition('perwatt', { cache: false })
  refuseNetwork(own)
  denyPermissions(own)
  own.setSpellCheckerEnabled(false)
  serveFolder(own, join(app.getAppPath(), 'out', 'renderer'))
  return own
}

function preferencesOf(own: Electron.Session): Electron.WebPreferences {
  return windowPreferences(own, join(app.getAppPath(), 'out', 'preload', 'index.cjs'))
}

/** Unpacked beside the archive in a packaged app: it is a program of its own. */
function engineScript(): string {
  return join(app.getAppPath().replace(/app\.asar$/, 'app.asar.unpacked'), 'out', 'engine', 'child.mjs')
}
