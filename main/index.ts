import { homedir } from 'node:os'
import { app } from 'electron'
import { applySchemes, applySwitches } from './before-ready.ts'
import { parseOptions } from './options.ts'
import { endUnusable, makeProfile } from './profile.ts'
import { start } from './start.ts'

/** Entry of the app: what must be decided before Electron is ready, then the shell. */

const options = parseOptions(process.argv.slice(1), {
  env: process.env,
  platform: process.platform,
  home: homedir(),
  cwd: process.cwd(),
})

// Everything that we or Chromium write is the owner's alone.
process.umask(0o077)
const profile = makeProfile(options.dataDir)
if (profile.ok) open(profile.value)
else void endUnusable(profile)

function open(folder: string): void {
  app.setPath('userData', folder)
  app.setPath('sessionData', folder)
  applySwitches(app)
  applySchemes()
  if (app.requestSingleInstanceLock()) void app.whenReady().then(() => start(options))
  else app.quit()
}
