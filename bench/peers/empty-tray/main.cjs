// The least Electron app with a tray icon: what the tray-only app is measured against.
const { app, Menu, nativeImage, Tray } = require('electron')

const SIZE_PX = 22
const pixels = Buffer.alloc(SIZE_PX * SIZE_PX * 4, 0x80)
/** @type {Electron.Tray | undefined} Held, or it would be collected. */
let tray

app.setPath('userData', process.env.EMPTY_TRAY_PROFILE ?? '')
app.on('window-all-closed', () => {})
void app.whenReady().then(() => {
  tray = new Tray(nativeImage.createFromBitmap(pixels, { width: SIZE_PX, height: SIZE_PX }))
  tray.setToolTip('empty')
  tray.setContextMenu(Menu.buildFromTemplate([{ label: 'Quit', role: 'quit' }]))
})
