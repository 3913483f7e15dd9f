import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'
import { applySchemes, applySwitches } from './before-ready.ts'
import { parseOptions } from './options.ts'
import { Shell } from './shell.ts'

/** Entry of the app: what must be decided before Electron is ready, then the shell. */

const options = parseOptions(process.argv.slice(1), {
  env: process.env,
  platform: process.platform,
  home: homedir(),
  cwd: process.cwd(),
})

// Everything that we or Chromium write is the owner's alone.
process.umask(0o077)
const profile = join(options.dataDir, 'app')
mkdirSync(profile, { recursive: true, mode: 0o700 })
// Chromium's profile and the lock of the single instance go with the data: another data directory is another app.
app.setPath('userData', profile)
app.setPath('sessionData', profile)
applySwitches(app)
applySchemes()

if (app.requestSingleInstanceLock()) void app.whenReady().then(() => new Shell(options).start())
else app.quit()
