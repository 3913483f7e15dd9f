import { BrowserWindow, nativeTheme, screen, type WebPreferences } from 'electron'
import type { ScreenId } from '../../contract/app.ts'
import { ORIGIN } from '../security.ts'
import { windowIcon } from '../tray/image.ts'
import type { AppMemory } from './memory.ts'
import { isInside } from './placement.ts'

const LEAST = { minWidth: 900, minHeight: 600 }
const FIRST = { width: 1080, height: 720 }
/** The page's own background (renderer/style/tokens.css), so that an opening window does not flash. */
const BACKGROUND = { light: '#ffffff', dark: '#14171c' }

/** The main window: exists while it is open, remembers where it was. */
export class Dashboard {
  readonly #preferences: () => WebPreferences
  readonly #memory: AppMemory
  readonly #onWindow: (window: BrowserWindow) => void
  #window: BrowserWindow | null = null

  constructor(preferences: () => WebPreferences, memory: AppMemory, onWindow: (window: BrowserWindow) => void) {
    this.#preferences = preferences
    this.#memory = memory
    this.#onWindow = onWindow
  }

  /** True where the window was open already, so that it can be told to show another screen. */
  open(firstScreen: ScreenId = 'now'): boolean {
    const window = this.#window
    if (window === null) {
      this.#create(firstScreen)
      return false
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
    return true
  }

  #create(firstScreen: ScreenId): void {
    const window = new BrowserWindow({
      ...FIRST,
      ...this.#rememberedPlace(),
      ...LEAST,
      show: false,
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      icon: windowIcon(),
      title: 'Perwatt',
      webPreferences: this.#preferences(),
    })
    this.#window = window
    this.#onWindow(window)
    window.once('ready-to-show', () => {
      if (this.#memory.read().dashboard?.isMaximized === true) window.maximize()
      window.show()
    })
    window.on('close', () => {
      this.#memory.change({ dashboard: { ...window.getNormalBounds(), isMaximized: window.isMaximized() } })
    })
    window.once('closed', () => {
      this.#window = null
    })
    void window.loadURL(`${ORIGIN}/index.html#${firstScreen}`)
  }

  /** Only where its title bar can still be reached: screens come and go. */
  #rememberedPlace(): Partial<Electron.Rectangle> {
    const place = this.#memory.read().dashboard
    if (place === null) return {}
    const { isMaximized: _, ...bounds } = place
    const grip = { x: bounds.x + bounds.width / 2, y: bounds.y + 8 }
    const isReachable = screen.getAllDisplays().some(({ workArea }) => isInside(workArea, grip))
    return isReachable ? bounds : { width: bounds.width, height: bounds.height }
  }
}
