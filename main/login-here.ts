import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'
import { type LoginItem, type Restart, systemLoginItem, xdgLoginItem } from './login.ts'
import type { Options } from './options.ts'

/** The login item of this system for this very installation. */
export function loginItemHere(options: Options): LoginItem {
  const restart = restartOf(options)
  if (process.platform !== 'linux') return systemLoginItem(app, restart)
  const configHome = process.env.XDG_CONFIG_HOME
  return xdgLoginItem(configHome?.startsWith('/') ? configHome : join(homedir(), '.config'), restart)
}

/** An AppImage runs from a mount that is gone tomorrow; a clone is a folder that its Electron has to be told. */
function restartOf({ dataDir, isDataDirChosen }: Options): Restart {
  const node = process.env.PERWATT_NODE
  return {
    argv: [
      process.env.APPIMAGE ?? process.execPath,
      ...(app.commandLine.hasSwitch('no-sandbox') ? ['--no-sandbox'] : []),
      ...(app.isPackaged ? [] : [app.getAppPath()]),
      '--hidden',
      ...(isDataDirChosen ? ['--data-dir', dataDir] : []),
    ],
    env: node === undefined ? {} : { PERWATT_NODE: node },
  }
}
