import { join } from 'node:path'
import { app } from 'electron'
import { startEngineChild } from '../../../main/engine-child.ts'

/** An app of nothing but an engine in a utility process (engine.ts), which has its vendor process (vendor.ts) started. */
app.disableHardwareAcceleration()
app.setPath('userData', join(__dirname, 'profile'))
void app.whenReady().then(() => {
  startEngineChild(join(__dirname, 'engine.cjs'), [], {
    onAnnouncement() {},
    onExit: () => app.quit(),
  })
})
