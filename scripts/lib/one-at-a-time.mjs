import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { projectDir } from './paths.mjs'
import { say } from './say.mjs'

const LOOK_AGAIN_MS = 200

/**
 * Runs `work` while no other command sets up this clone: two that were started together would write over each other. Waits for the
 * other one; a lock whose holder has ended is taken over.
 * @template T
 * @param {() => Promise<T>} work
 * @param {string} [file] holds the number of the process that is at work
 * @returns {Promise<T>}
 */
export async function oneAtATime(work, file = join(projectDir, '.cache', 'setup.pid')) {
  mkdirSync(dirname(file), { recursive: true })
  let isTold = false
  while (!take(file)) {
    if (!isTold) say('Another command is setting up this clone; waiting for it …')
    isTold = true
    await wait(LOOK_AGAIN_MS)
  }
  const release = () => rmSync(file, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    if (!isAlive(holderOf(file))) rmSync(file, { force: true })
    return false
  }
}

/** @param {string} file */
function holderOf(file) {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10)
  } catch {
    return Number.NaN
  }
}

/** A file without a number is one that is being written: its writer lives. @param {number} pid */
function isAlive(pid) {
  if (!(pid > 0)) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
