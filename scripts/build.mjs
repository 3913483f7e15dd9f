/** `npm run build`: all bundles into out/, those whose sources did not change left alone. */
import { ensureBuilt, TARGETS } from './lib/build.mjs'
import { ensureDependencies } from './lib/dependencies.mjs'
import { runMain } from './lib/say.mjs'

await runMain(async () => {
  await ensureDependencies()
  await ensureBuilt([TARGETS.engine, TARGETS.app])
  return 0
})
