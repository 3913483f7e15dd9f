import { Menu, nativeTheme, Tray } from 'electron'
import type { EngineState } from '../../contract/app.ts'
import type { Now } from '../../contract/now.ts'
import type { Settings } from '../../contract/settings.ts'
import type { Box } from '../windows/placement.ts'
import { Bars, faceOf } from './face.ts'
import type { Face, Panel } from './icon.ts'
import { trayImage } from './image.ts'
import { type MenuModel, type MenuOrders, menuModelOf, menuTemplate } from './menu.ts'
import { Paced } from './paced.ts'
import { tooltipOf, wordsOf } from './words.ts'

/** Each change costs a millisecond in the app and more in the panel, and nobody reads a tray faster than this. */
const PACE_MS = 2_000
/** Figures that are only seen by whoever points at the icon; a change of state is not made to wait for them. */
const FIGURES_PACE_MS = 10_000

export type TraySettings = Pick<Settings, 'trayStyle' | 'trayTitle' | 'currency' | 'pricePerKwh'>

/**
 * The icon in the tray with its tooltip and menu. It is told what is so; what changes nothing that can be seen makes no
 * call. On Linux the menu lives in the panel, so it is exported anew when its words change, not when it opens.
 */
export class PerwattTray {
  #tray: Tray
  readonly #orders: MenuOrders
  readonly #onClick: (icon: Box) => void
  readonly #bars = new Bars()
  #now: Now | null = null
  #engine: EngineState = { state: 'starting', reason: null, attempts: 0 }
  #settings: TraySettings = { trayStyle: 'ring', trayTitle: false, currency: 'EUR', pricePerKwh: null }
  #menu: Menu | null = null
  #shownState = ''

  readonly #face = new Paced<{ face: Face; panel: Panel }>(({ face, panel }) => {
    this.#tray.setImage(trayImage(face, panel))
  })
  readonly #tooltip = new Paced<string>((text) => this.#tray.setToolTip(text))
  readonly #menuModel = new Paced<MenuModel>((model) => this.#setMenu(model))
  readonly #title = new Paced<string>((text) => this.#tray.setTitle(text))

  constructor(orders: MenuOrders, onClick: (icon: Box) => void) {
    this.#orders = orders
    this.#onClick = onClick
    this.#tray = this.#create()
    nativeTheme.on('updated', () => this.#show())
    this.#show()
  }

  get bounds(): Box {
    return this.#tray.getBounds()
  }

  showNow(now: Now | null): void {
    this.#now = now
    const aiW = now?.machine.aiPowerW ?? null
    if (aiW !== null && now !== null) this.#bars.add(aiW, now.at * 1_000)
    this.#show()
  }

  showEngine(engine: EngineState): void {
    this.#engine = engine
    if (engine.state !== 'running') this.#now = null
    this.#show()
  }

  applySettings(settings: TraySettings): void {
    this.#settings = settings
    this.#show()
  }

  /** A new item on the bus: Electron registers an icon once, and never if there was no tray host at that moment. */
  registerAgain(): void {
    this.#tray.destroy()
    for (const paced of [this.#face, this.#tooltip, this.#menuModel, this.#title]) paced.forget()
    this.#tray = this.#create()
    this.#show()
  }

  #create(): Tray {
    const first = { face: this.#faceNow(), panel: panelOf() }
    const tray = new Tray(trayImage(first.face, first.panel))
    this.#face.note(first)
    tray.on('click', () => this.#onClick(tray.getBounds()))
    // A menu that is set opens on any click on macOS, where a click is to open the popover.
    if (process.platform === 'darwin') tray.on('right-click', () => tray.popUpContextMenu(this.#menu ?? undefined))
    return tray
  }

  #faceNow(): Face {
    const { trayStyle } = this.#settings
    return faceOf(this.#now, this.#engine.state, trayStyle, this.#bars.steps(this.#now?.gaugeFullW ?? 0))
  }

  #show(): void {
    const words = wordsOf(this.#now, this.#engine, this.#settings)
    const state = `${this.#engine.state} ${this.#now?.state}`
    const figuresMs = state === this.#shownState ? FIGURES_PACE_MS : PACE_MS
    this.#shownState = state
    this.#face.set({ face: this.#faceNow(), panel: panelOf() }, PACE_MS)
    this.#tooltip.set(tooltipOf(words), figuresMs)
    this.#menuModel.set(menuModelOf(words, this.#now?.state ?? null, this.#engine.state), figuresMs)
    if (process.platform === 'darwin') this.#title.set(this.#settings.trayTitle ? words.short : '', PACE_MS)
  }

  #setMenu(model: MenuModel): void {
    this.#menu = Menu.buildFromTemplate(menuTemplate(model, this.#orders))
    if (process.platform !== 'darwin') this.#tray.setContextMenu(this.#menu)
  }
}

/** GNOME's and Unity's bars are dark whatever the windows are; other panels follow the theme. */
function panelOf(): Panel {
  if (process.platform === 'darwin') return 'template'
  const desktop = process.env.XDG_CURRENT_DESKTOP ?? ''
  return /GNOME|Unity/i.test(desktop) || nativeTheme.shouldUseDarkColors ? 'dark' : 'light'
}
