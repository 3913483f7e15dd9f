import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, node24 } from '../../../scripts/lib/paths.mjs'
import { TINY, type TinyModel, writeTinyModel } from './gguf.ts'

const PINNED = join(import.meta.dirname, 'packages')
const FILES = ['package.json', 'package-lock.json', 'load.mjs']

/**
 * A real llama.cpp and the official clients, as pinned by packages/package-lock.json with the hash of each: npm installs them once into the
 * cache folder, without llama.cpp's parts for graphics cards (500 MB) and without running anybody's install script. Only Linux on x86-64
 * has them here.
 *
 * @returns the folder that holds them; its load.mjs imports a package by name.
 */
export function realParts(): string {
  const hash = createHash('sha256')
  for (const name of FILES) hash.update(readFileSync(join(PINNED, name)))
  const home = join(cacheDir, 'llama')
  const folder = join(home, hash.digest('hex').slice(0, 12))
  if (existsSync(folder)) return folder
  mkdirSync(home, { recursive: true })
  const work = mkdtempSync(join(home, 'installing-'))
  try {
    for (const name of FILES) copyFileSync(join(PINNED, name), join(work, name))
    // Not `ci`, which wants every optional part in the lock file; some of llama.cpp's are not published in this version. The hashes hold all the same.
    const args = ['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { status, stderr, error } = spawnSync('npm', args, { cwd: work, encoding: 'utf8' })
    if (status !== 0) throw new Error(`npm could not install the real parts: ${error?.message ?? stderr}`)
    // Last: the folder's name says that it is whole. Another run may have been first.
    if (!existsSync(folder)) renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}

/** Node under the name of the program that it stands for: a process is recognised by its executable, so a link by another name will do. */
export function programNamed(name: string, folder: string): string {
  const program = join(folder, name)
  try {
    linkSync(node24, program)
  } catch {
    copyFileSync(node24, program)
  }
  return program
}

export function tinyModelFile(folder: string, model: TinyModel = TINY): string {
  const path = join(folder, `${model.name}.gguf`)
  writeTinyModel(path, model)
  return path
}
