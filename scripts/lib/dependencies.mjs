import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { modulesDir, node24, projectDir } from './paths.mjs'
import { run } from './run.mjs'
import { Stop, say } from './say.mjs'

const OLDEST_NODE = 20

/** node_modules as package-lock.json has it; costs one small hash where that is already so. */
export async function ensureDependencies() {
  const major = Number.parseInt(process.versions.node, 10)
  if (major < OLDEST_NODE)
    throw new Stop(`Perwatt needs Node ${OLDEST_NODE} or newer to set itself up; this is ${major}.`)
  if (dependenciesAreCurrent(projectDir)) return
  say('Installing packages with npm ci; this takes about half a minute …')
  // Without scripts: npm would compile better-sqlite3, which has a binding.gyp beside its prebuilt binaries, and that takes a compiler and headers
  // from the network. Two packages have scripts that are needed.
  await npm(['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  await npm(['rebuild', '--ignore-scripts=false', '--loglevel=error', 'node', 'koffi'])
  if (!existsSync(node24)) {
    throw new Stop(
      'npm did not run the install script that puts Node 24 into node_modules.\n' +
        'Run that one script:  npm rebuild --ignore-scripts=false node',
    )
  }
  writeStamp(projectDir)
}

/** @param {string[]} args */
async function npm(args) {
  const { code, output } = await run('npm', args, { env: envWithoutOwnNode() })
  if (code !== 0)
    throw new Stop(
      `${output.trim()}\nnpm ${args[0]} failed, see above. Once that is mended, run the same command again.`,
    )
}

/**
 * Whether node_modules holds what the lock file says. Without a stamp of ours (somebody ran `npm ci` by hand) npm's own
 * record must be newer than the lock file.
 * @param {string} dir the project
 */
export function dependenciesAreCurrent(dir) {
  const modules = join(dir, 'node_modules')
  const npmRecord = join(modules, '.package-lock.json')
  if (!existsSync(npmRecord) || !existsSync(node24.replace(modulesDir, modules))) return false
  const stamp = readText(stampFile(dir))
  if (stamp !== null) return stamp === lockStamp(dir)
  if (statSync(npmRecord).mtimeMs < statSync(join(dir, 'package-lock.json')).mtimeMs) return false
  writeStamp(dir)
  return true
}

/** @param {string} dir */
function writeStamp(dir) {
  writeFileSync(stampFile(dir), lockStamp(dir))
}

/** @param {string} dir */
const stampFile = (dir) => join(dir, 'node_modules', '.perwatt-setup.json')

/**
 * The platform belongs to it: a folder shared between two machines holds the binaries of one of them.
 * @param {string} dir
 */
function lockStamp(dir) {
  const lock = createHash('sha256')
    .update(readFileSync(join(dir, 'package-lock.json')))
    .digest('hex')
  return `${JSON.stringify({ lock, platform: process.platform, arch: process.arch })}\n`
}

/** npm must not run on the Node that it is about to delete: npm scripts put node_modules/.bin first in PATH. */
function envWithoutOwnNode() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modulesDir))
  return { ...process.env, PATH: path.join(delimiter) }
}

/** @param {string} file */
function readText(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}
