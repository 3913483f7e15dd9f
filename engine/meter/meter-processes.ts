import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { MeterSetting } from '../../contract/servers.ts'
import { type RunningMeter, runningMeters } from './running-meters.ts'

/** Starts and ends metering proxies; each is a process of its own that lives on without an engine (DESIGN §3). */
export interface MeterProcesses {
  /** Resolves when it listens, or says why it does not. One that listens there already for this target is as good. */
  start(setting: MeterSetting): Promise<Result<null, 'portInUse' | 'cannotStart'>>
  stop(target: string): Promise<void>
  isRunning(target: string): boolean
}

const SAYS_WITHIN_MS = 10_000
const LOOKS_EVERY_MS = 1_000

const Announcement = z.union([
  z.object({ listening: z.object({ listen: z.string(), target: z.string(), pid: z.int() }) }),
  z.object({ failed: z.object({ code: z.string(), reason: z.string() }) }),
])

export function meterProcesses(file: URL, dataDir: string): MeterProcesses {
  // The packaged app is no Node (fuse `runAsNode`, electron-builder.yml): started as one, it would be a second app.
  const isPackaged = process.versions.electron !== undefined && file.pathname.includes('/app.asar')
  let looked: { atMs: number; meters: readonly RunningMeter[] } = { atMs: Number.NEGATIVE_INFINITY, meters: [] }

  function running(isFresh = false): readonly RunningMeter[] {
    const nowMs = performance.now()
    if (isFresh || nowMs - looked.atMs > LOOKS_EVERY_MS) looked = { atMs: nowMs, meters: runningMeters(dataDir) }
    return looked.meters
  }

  return {
    async start({ target, listen }) {
      const port = Number(/\d+$/.exec(listen)?.[0])
      if (running(true).some((meter) => meter.target === target && meter.port === port)) return ok(null)
      if (isPackaged)
        return problem(
          'cannotStart',
          `This app cannot start it yet. "perwatt meter --target ${target} --listen ${listen}" does.`,
        )
      const started = await startProcess(file, ['--target', target, '--listen', listen, '--data-dir', dataDir])
      running(true)
      return started
    },
    async stop(target) {
      for (const meter of running(true))
        if (meter.target === target && isMeter(meter)) process.kill(meter.pid, 'SIGTERM')
    },
    isRunning: (target) => running().some((meter) => meter.target === target),
  }
}

/** A session of its own and no pipe that would break it: it does not end with us. */
function startProcess(file: URL, args: readonly string[]): Promise<Result<null, 'portInUse' | 'cannotStart'>> {
  const { NODE_OPTIONS: _, ...env } = process.env
  if (process.versions.electron !== undefined) env.ELECTRON_RUN_AS_NODE = '1'
  const child = spawn(process.execPath, [fileURLToPath(file), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
    windowsHide: true,
    env,
  })
  child.unref()
  return new Promise((resolve) => {
    const settle = (result: Result<null, 'portInUse' | 'cannotStart'>) => {
      clearTimeout(patience)
      child.stdout?.destroy()
      resolve(result)
    }
    const patience = setTimeout(() => {
      child.kill('SIGKILL')
      settle(problem('cannotStart', 'The metering proxy did not say that it listens.'))
    }, SAYS_WITHIN_MS)
    child.once('error', (error) =>
      settle(problem('cannotStart', `The metering proxy could not be started: ${error.message}.`)),
    )
    child.once('exit', () => settle(problem('cannotStart', 'The metering proxy ended at once.')))
    firstLine(child, (line) => settle(toldBy(line)))
  })
}

function firstLine(child: ChildProcess, take: (line: string) => void): void {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const end = text.indexOf('\n')
    if (end >= 0) take(text.slice(0, end))
  })
}

function toldBy(line: string): Result<null, 'portInUse' | 'cannotStart'> {
  const said = Announcement.safeParse(jsonOf(line))
  if (!said.success) return problem('cannotStart', 'The metering proxy said something that is not understood.')
  if ('listening' in said.data) return ok(null)
  const { code, reason } = said.data.failed
  return problem(code === 'portInUse' ? 'portInUse' : 'cannotStart', reason)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The number may be another process's by now: only one that was started for this target is asked to end. */
function isMeter({ pid, target }: RunningMeter): boolean {
  if (process.platform !== 'linux') return true
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return (
      words.some((word) => word === '--target' || word === `--target=${target}`) && words.join(' ').includes(target)
    )
  } catch {
    return false
  }
}
