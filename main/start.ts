import { app } from 'electron'
import type { Options } from './options.ts'
import type { Shell } from './shell.ts'
import { PerwattTray } from './tray/tray.ts'

/** A panel takes an icon within some twenty milliseconds, and later where Electron is kept busy meanwhile. */
const ICON_FIRST_MS = 60

/**
 * Once Electron is ready: the icon before all else. The rest of the app takes longer to load than the icon takes to show, so it is loaded
 * afterwards; what is asked of it before then is done as soon as it is there.
 */
export async function start(options: Options): Promise<void> {
  let isThere: (shell: Shell) => void = () => {}
  const loaded = new Promise<Shell>((resolve) => {
    isThere = resolve
  })
  const ask = (order: (shell: Shell) => void) => void loaded.then(order)
  app.on('second-instance', () => ask(({ orders }) => orders.open()))
  app.on('window-all-closed', () => {}) // The tray stays; without a listener Electron would quit.
  const tray = new PerwattTray(
    {
      open: () => ask(({ orders }) => orders.open()),
      openSettings: () => ask(({ orders }) => orders.openSettings()),
      pause: (forS) => ask(({ orders }) => orders.pause(forS)),
      resume: () => ask(({ orders }) => orders.resume()),
      restartEngine: () => ask(({ orders }) => orders.restartEngine()),
      quit: () => app.quit(),
    },
    (icon) => ask((shell) => shell.togglePopover(icon)),
  )
  await new Promise((resolve) => setTimeout(resolve, ICON_FIRST_MS))
  const { Shell } = await import('./shell.ts')
  const shell = new Shell(options, tray)
  shell.start()
  isThere(shell)
}
