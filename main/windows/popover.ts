import { BrowserWindow, screen, type WebPreferences } from 'electron'
import { ORIGIN } from '../security.ts'
import { type Box, placePopover } from './placement.ts'

const SIZE = { width: 340, height: 420 }
/** Kept for a moment, so that a second look costs nothing, then let go with its renderer. */
const KEEP_MS = 30_000
/** A click on the icon takes the focus away first; it then means "close", not "open again". */
const SAME_CLICK_MS = 300

/** The small window at the tray: made on first use, hidden on blur, destroyed when it was not wanted for a while. */
export class Popover {
  readonly #preferences: () => WebPreferences
  readonly #onWindow: (window: BrowserWindow) => void
  #window: BrowserWindow | null = null
  #letGo: NodeJS.Timeout | null = null
  #hiddenMs = Number.NEGATIVE_INFINITY

  constructor(preferences: () => WebPreferences, onWindow: (window: BrowserWindow) => void) {
    this.#preferences = preferences
    this.#onWindow = onWindow
  }

  toggle(icon: Box): void {
    if (this.#window?.isVisible()) this.hide()
    else if (performance.now() - this.#hiddenMs > SAME_CLICK_MS) this.show(icon)
  }

  show(icon: Box): void {
    if (this.#letGo !== null) clearTimeout(this.#letGo)
    const pointer = screen.getCursorScreenPoint()
    const display = screen.getDisplayNearestPoint(icon.width > 0 ? icon : pointer)
    const { x, y } = placePopover(SIZE, icon, pointer, display)
    const open = (window: BrowserWindow) => {
      window.setPosition(x, y)
      window.show()
      window.focus()
    }
    if (this.#window !== null) open(this.#window)
    else this.#create().once('ready-to-show', () => this.#window !== null && open(this.#window))
  }

  hide(): void {
    const window = this.#window
    if (window === null || !window.isVisible()) return
    this.#hiddenMs = performance.now()
    window.hide()
    this.#letGo = setTimeout(() => window.destroy(), KEEP_MS)
  }

  #create(): BrowserWindow {
    const window = new BrowserWindow({
      ...SIZE,
      show: false,
      frame: false,
      resizable: false,
      maximizable: false,
      fullscreenable: false,
      skipTaskbar: true,
      // Xfce's task bar lists an ordinary window whatever it says of itself.
      ...(process.platform === 'linux' ? { type: 'toolbar' } : {}),
      alwaysOnTop: true,
      title: 'Perwatt at a glance',
      webPreferences: this.#preferences(),
    })
    this.#window = window
    this.#onWindow(window)
    window.on('blur', () => this.hide())
    window.once('closed', () => {
      if (this.#letGo !== null) clearTimeout(this.#letGo)
      this.#window = null
    })
    void window.loadURL(`${ORIGIN}/popover.html`)
    return window
  }
}
