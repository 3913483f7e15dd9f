/** Everything between a fresh clone and a running Perwatt. What is already so costs a few milliseconds. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBuilt, TARGETS } from './lib/build.mjs'
import { ensureDependencies } from './lib/dependencies.mjs'
import { oneAtATime } from './lib/one-at-a-time.mjs'
import { ensureRuntime } from './lib/runtime.mjs'
import { runMain, say } from './lib/say.mjs'
import { ensureSystemPackages } from './lib/system-packages.mjs'

/** For the app: packages, system libraries, Electron, all bundles. With `tests`, also the desktop that the tests use. */
export function setUpApp({ tests = false } = {}) {
  return oneAtATime(async () => {
    await ensureDependencies()
    await ensureSystemPackages({ tests })
    const runtime = await ensureRuntime()
    await ensureBuilt([TARGETS.engine, TARGETS.app])
    return runtime
  })
}

/** For the command line alone, on a server without a screen: no Electron, no system library. */
export function setUpCommandLine() {
  return oneAtATime(async () => {
    await ensureDependencies()
    await ensureBuilt([TARGETS.engine])
  })
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runMain(async () => {
    const runtime = await setUpApp()
    say(`Perwatt is set up, on Electron ${runtime.version}. Start it with \`npm start\`.`)
    return 0
  })
}
