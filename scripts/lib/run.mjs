import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { modulesDir, node24, projectDir } from './paths.mjs'

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
/** A person who pressed Ctrl-C waits no longer than this for an orderly end. */
const PATIENCE_MS = 10_000

/** @typedef {{ code: number, output: string }} Finished */

/**
 * Runs a command to its end and keeps what it printed. A command that cannot be started finishes with 127, as in a shell.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeoutMs?: number, onOutput?: (text: string) => void }} [options]
 * @returns {Promise<Finished>}
 */
export function run(command, args, { env = process.env, timeoutMs, onOutput } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: projectDir,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      // npm is a batch file on Windows, and those need a shell. No argument comes from outside this folder.
      shell: process.platform === 'win32' && command === 'npm',
    })
    let output = ''
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      output += chunk.toString()
      onOutput?.(chunk.toString())
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}` }))
    child.on('close', (code, signal) => resolve({ code: code ?? exitCodeOf(signal), output }))
  })
}

/**
 * Runs a command in our place: it has the terminal, gets our signals, and its exit code is the answer.
 * Node cannot `exec` on every version we support, so this process stays as the child's parent and does nothing.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
export function runInOurPlace(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: process.cwd(), env, stdio: 'inherit' })
    /** @type {NodeJS.Timeout | undefined} */
    let impatience
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      child.kill(signal)
      impatience ??= setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    }
    for (const signal of SIGNALS) process.on(signal, forward)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(impatience)
      for (const name of SIGNALS) process.off(name, forward)
      resolve(code ?? exitCodeOf(signal))
    })
  })
}

/**
 * A tool of node_modules under Node 24, whatever Node runs this script.
 * @param {string} script path inside node_modules
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeoutMs?: number, onOutput?: (text: string) => void }} [options]
 */
export function runTool(script, args, { env = {}, ...options } = {}) {
  return run(node24, [join(modulesDir, ...script.split('/')), ...args], { ...options, env: { ...toolEnv(), ...env } })
}

/** Colours for a person at a terminal, plain text for a log; tools cannot tell, since they write to us. */
const COLOUR = process.stderr.isTTY
  ? { FORCE_COLOR: '1', NO_COLOR: undefined }
  : { NO_COLOR: '1', FORCE_COLOR: undefined }

/** The environment in which `node` means Node 24, as it does in npm scripts. */
function toolEnv() {
  return { ...process.env, ...COLOUR, PATH: [join(modulesDir, '.bin'), process.env.PATH].join(delimiter) }
}

/** @param {NodeJS.Signals | null} signal */
function exitCodeOf(signal) {
  return signal === null ? 1 : 128 + constants.signals[signal]
}
