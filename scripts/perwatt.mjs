#!/usr/bin/env node
/** The `perwatt` command from a clone: sets up what is missing (said on stderr), then is the command itself. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { node24, outDir } from './lib/paths.mjs'
import { runInOurPlace } from './lib/run.mjs'
import { runMain } from './lib/say.mjs'
import { setUpCommandLine } from './setup.mjs'

/** The Node-API version that the native modules are built against; a Node that has it can be the command itself. */
const NODE_API = 10

await runMain(async () => {
  await setUpCommandLine()
  const command = join(outDir, 'cli', 'index.mjs')
  if (Number(process.versions.napi) < NODE_API) {
    return runInOurPlace(node24, [command, ...process.argv.slice(2)], process.env)
  }
  process.argv[1] = command
  await import(pathToFileURL(command).href)
  return Number(process.exitCode ?? 0)
})
