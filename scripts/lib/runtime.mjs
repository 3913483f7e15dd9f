import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as fallback from './fallback-runtime.mjs'
import { cacheDir, moduleFile, node24 } from './paths.mjs'
import { runTool } from './run.mjs'
import { Stop, say } from './say.mjs'

/**
 * The Electron that is there. `dist` is what electron-builder packages; `env` what an app started on it needs.
 * @typedef {{ kind: 'official' | 'fallback', version: string, executable: string, dist: string, env: Record<string, string> }} Runtime
 */

/** A download that failed is not tried again at each start, which would cost up to ten seconds, but a week later it is. */
const RETRY_AFTER_MS = 7 * 24 * 3_600_000
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000
const failureFile = join(cacheDir, 'electron-download-failed')

/**
 * Electron, official where it can be had; PERWATT_RUNTIME=official or =fallback decides it by hand.
 * @returns {Promise<Runtime>}
 */
export async function ensureRuntime() {
  const wanted = process.env.PERWATT_RUNTIME
  if (wanted !== 'fallback') {
    const official = officialRuntime() ?? (mayDownload(wanted) ? await downloadOfficial() : null)
    if (official !== null) return official
  }
  const refusal = wanted === 'official' ? 'PERWATT_RUNTIME=official asks for nothing else' : fallback.refusal()
  if (refusal !== null) {
    throw new Stop(
      `Electron could not be downloaded, and ${refusal}.\n` +
        'Name a mirror that this machine can reach, for instance\n\n' +
        '  ELECTRON_MIRROR=https://your.mirror/electron/ PERWATT_RUNTIME=official npm start\n',
    )
  }
  await fallback.prepareFallbackRuntime()
  fallback.sayWhatItIs()
  return fallbackRuntime()
}

/** The runtime that a set-up left here, without any set-up: for tests, which run after it. */
export function presentRuntime() {
  const official = process.env.PERWATT_RUNTIME === 'fallback' ? null : officialRuntime()
  return official ?? fallbackRuntime()
}

/**
 * How to start an app on it. `--no-sandbox` for root alone: Chromium refuses to sandbox there.
 * @param {Runtime} runtime
 * @param {string} appDir
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [base] the environment it starts from
 */
export function launchCommand(runtime, appDir, args, base = process.env) {
  // Chromium complains of every service that a machine lacks (a system bus, a GPU); what Perwatt says still comes through.
  const flags = ['--log-level=3']
  if (process.platform === 'linux' && process.getuid?.() === 0) flags.push('--no-sandbox')
  // Newer Electrons find Wayland by themselves.
  if (runtime.kind === 'fallback' && !base.DISPLAY && base.WAYLAND_DISPLAY) flags.push('--ozone-platform=wayland')
  const { ELECTRON_RUN_AS_NODE: _, ...env } = { ...runtime.env, ...base }
  return { command: runtime.executable, args: [...flags, appDir, ...args], env }
}

/** @returns {Runtime | null} */
function officialRuntime() {
  const pathFile = moduleFile('electron/path.txt')
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? moduleFile('electron/dist')
  if (!existsSync(pathFile)) return null
  const executable = join(dist, readFileSync(pathFile, 'utf8'))
  if (!existsSync(executable)) return null
  const version = readFileSync(join(dist, 'version'), 'utf8').trim().replace(/^v/, '')
  return { kind: 'official', version, executable, dist, env: {} }
}

/** @returns {Runtime} */
function fallbackRuntime() {
  return {
    kind: 'fallback',
    version: fallback.FALLBACK.electron,
    executable: fallback.executable,
    dist: fallback.pristineDir,
    // Its Node is too old for the engine's native modules, so the engine runs under this one.
    env: { PERWATT_NODE: node24 },
  }
}

/** @param {string | undefined} wanted */
function mayDownload(wanted) {
  if (wanted === 'official' || fallback.refusal() !== null || !existsSync(failureFile)) return true
  return Date.now() - Number(readFileSync(failureFile, 'utf8')) > RETRY_AFTER_MS
}

/** @returns {Promise<Runtime | null>} */
async function downloadOfficial() {
  say('Downloading Electron …')
  // The package's own installer: it knows ELECTRON_MIRROR and npm's settings, and checks what it got against its checksums.
  const { code, output } = await runTool('electron/install.js', [], { timeoutMs: DOWNLOAD_TIMEOUT_MS })
  const runtime = code === 0 ? officialRuntime() : null
  if (runtime !== null) {
    rmSync(failureFile, { force: true })
    return runtime
  }
  const lines = output.trim().split('\n')
  say(`The official download did not work: ${lines.find((line) => /error/i.test(line)) ?? lines[0]}`)
  mkdirSync(dirname(failureFile), { recursive: true })
  writeFileSync(failureFile, String(Date.now()))
  return null
}
