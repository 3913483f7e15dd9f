import { Menu } from 'electron'

/** The shortcuts that every window has. On Linux and Windows the bar itself stays hidden until Alt is pressed. */
export function setAppMenu(quit: () => void): void {
  const isMac = process.platform === 'darwin'
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu' } as const] : []),
      {
        label: isMac ? 'File' : 'Perwatt',
        submenu: [
          { role: 'close', accelerator: 'CmdOrCtrl+W' },
          ...(isMac ? [] : [{ label: 'Quit Perwatt', accelerator: 'Ctrl+Q', click: quit }]),
        ],
      },
      { role: 'editMenu' },
      ...(isMac ? [{ role: 'windowMenu' } as const] : []),
    ]),
  )
}
