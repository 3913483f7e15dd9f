/** `npm run package [-- TARGET…]`: the app for this platform in dist/, as a folder or as electron-builder's targets. */
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { projectDir } from './lib/paths.mjs'
import { runTool } from './lib/run.mjs'
import { runMain, Stop, say } from './lib/say.mjs'
import { setUpApp } from './setup.mjs'

/**
 * electron-builder hard-links files of the runtime where it thinks that nobody minds (VITEST is enough for that), and then
 * writes fuses into the packaged executable: the runtime itself would be changed with it.
 */
const COPIES = { USE_HARD_LINKS: 'false', VITEST: undefined }

/** @type {Readonly<Partial<Record<NodeJS.Platform, string>>>} */
const PLATFORM_FLAG = { linux: '--linux', darwin: '--mac', win32: '--win' }

await runMain(async () => {
  const runtime = await setUpApp()
  say(`Packaging for ${process.platform}-${process.arch} with Electron ${runtime.version} …`)
  const targets = process.argv.slice(2)
  const args = [
    ...(targets.length === 0 ? ['--dir'] : [PLATFORM_FLAG[process.platform] ?? '', ...targets]),
    `--config=${runtime.kind === 'official' ? 'electron-builder.yml' : 'scripts/lib/fallback-package.cjs'}`,
    '--publish=never',
    `-c.electronDist=${runtime.dist}`,
    `-c.electronVersion=${runtime.version}`,
  ]
  const { code, output } = await runTool('electron-builder/cli.js', args, { env: COPIES })
  if (code !== 0) throw new Stop(`${output.trim()}\nelectron-builder failed, see above.`)
  const dir = targets.length === 0 ? packagedDir() : join(projectDir, 'dist')
  say(`Packaged: ${relative(process.cwd(), dir) || '.'} (${Math.round(bytesUnder(dir) / 1e6)} MB).`)
  if (runtime.kind === 'fallback' && targets.length === 0) {
    say(
      'It is built on the fallback runtime: good for trying out, not for release. Its Node is too old for the engine, so\n' +
        `start it with another one:  PERWATT_NODE='${runtime.env.PERWATT_NODE}' '${join(dir, 'perwatt-app')}'`,
    )
  }
  return 0
})

/** electron-builder names the folder after platform and architecture, the usual ones left out. */
function packagedDir() {
  const dist = join(projectDir, 'dist')
  const names = readdirSync(dist, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const newest = names
    .map(({ name }) => join(dist, name))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs)[0]
  if (newest === undefined) throw new Stop('electron-builder reported success but left nothing in dist/.')
  return newest
}

/**
 * @param {string} path
 * @returns {number}
 */
function bytesUnder(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.size
  return readdirSync(path).reduce((sum, name) => sum + bytesUnder(join(path, name)), 0)
}
