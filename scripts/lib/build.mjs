import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outDir, projectDir } from './paths.mjs'
import { runTool } from './run.mjs'
import { Stop, say } from './say.mjs'

/**
 * What is built together, from what. The engine (with the CLI) stands alone, so that `perwatt` on a server builds no window.
 * @typedef {{ name: string, sources: readonly string[], outputs: readonly string[], folders: readonly string[], tool: string, args: readonly string[] }} Target
 * @type {Readonly<Record<'engine' | 'app', Target>>}
 */
export const TARGETS = {
  engine: {
    name: 'engine and command line',
    sources: ['contract', 'engine', 'cli', 'package.json', 'vite.engine.config.ts'],
    outputs: ['engine/child.mjs', 'cli/index.mjs'],
    folders: ['engine', 'cli'],
    tool: 'vite/bin/vite.js',
    args: ['build', '--config', 'vite.engine.config.ts', '--logLevel', 'warn'],
  },
  app: {
    name: 'app',
    sources: ['contract', 'main', 'preload', 'renderer', 'assets', 'package.json', 'electron.vite.config.ts'],
    outputs: ['main/index.cjs', 'preload/index.cjs', 'renderer/index.html', 'renderer/popover.html'],
    folders: ['main', 'preload', 'renderer'],
    tool: 'electron-vite/bin/electron-vite.js',
    args: ['build', '--logLevel', 'warn'],
  },
}

/**
 * Builds the targets whose sources changed since they were last built, side by side.
 * @param {readonly Target[]} targets
 */
export async function ensureBuilt(targets) {
  await Promise.all(
    targets.map(async (target) => {
      const state = fingerprint(projectDir, target.sources)
      if (isBuilt(target, state)) return
      say(`Building ${target.name} …`)
      const startedMs = Date.now() - 1_000 // file times are up to a clock tick old
      const { code, output } = await runTool(target.tool, target.args)
      const missing = target.outputs.filter((file) => !existsSync(join(outDir, file)))
      if (code !== 0 || missing.length > 0) {
        throw new Stop(
          `${output.trim()}\nBuilding ${target.name} failed, see above. ${missing.map((file) => `out/${file} is missing.`).join(' ')}`,
        )
      }
      for (const folder of target.folders) dropOlder(join(outDir, folder), startedMs)
      writeFileSync(stampFile(target), state)
    }),
  )
}

/**
 * Chunks are named by what is in them, so those of earlier builds would pile up, and be packaged.
 * @param {string} dir
 * @param {number} beforeMs
 */
function dropOlder(dir, beforeMs) {
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && statSync(file).mtimeMs < beforeMs) rmSync(file)
  }
}

/**
 * @param {Target} target
 * @param {string} state
 */
function isBuilt(target, state) {
  const stamp = stampFile(target)
  return (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === state &&
    target.outputs.every((file) => existsSync(join(outDir, file)))
  )
}

/** @param {Target} target */
function stampFile(target) {
  mkdirSync(outDir, { recursive: true })
  return join(outDir, `.built-from.${target.tool.split('/')[0]}`)
}

/**
 * Names, sizes and times of all source files: changes when one is edited, added, renamed or removed,
 * and costs one `stat` a file, which a start in under three seconds can afford.
 * @param {string} dir
 * @param {readonly string[]} sources files and folders in `dir`
 */
export function fingerprint(dir, sources) {
  const hash = createHash('sha256')
  for (const source of sources) for (const line of filesUnder(dir, source)) hash.update(line)
  return hash.digest('hex')
}

/**
 * @param {string} dir
 * @param {string} path
 * @returns {Generator<string>} one line a file, in the order of names
 */
function* filesUnder(dir, path) {
  const stats = statSync(join(dir, path), { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isDirectory()) yield `${path} ${stats.size} ${stats.mtimeMs}\n`
  else for (const name of readdirSync(join(dir, path)).sort()) yield* filesUnder(dir, join(path, name))
}
