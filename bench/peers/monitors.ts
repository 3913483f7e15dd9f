import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cpuMark, cpuMsSince, nameOf, treeOf } from '../measure.ts'
import type { NotMeasured } from '../row.ts'

/** Programs that people watch their machine with, at one look a second. */
export type Monitor = {
  readonly name: string
  readonly program: string
  /** `directory`: for what it writes or wants to read. */
  readonly args: (directory: string) => readonly string[]
  /** It draws, so it is given a terminal, and is found by the name that its process has then. */
  readonly terminal: RegExp | null
  /** Until it has looked at everything once. */
  readonly settleMs: number
}

export const top: Monitor = {
  name: 'top -b -d1',
  program: 'top',
  args: () => ['-b', '-d', '1'],
  terminal: null,
  settleMs: 2_000,
}

export const otherMonitors: readonly Monitor[] = [
  { name: 'pidstat 1', program: 'pidstat', args: () => ['1'], terminal: null, settleMs: 2_000 },
  {
    name: 'atop 1, to a file',
    program: 'atop',
    args: (directory) => ['-w', join(directory, 'atop.raw'), '1'],
    terminal: null,
    settleMs: 2_000,
  },
  { name: 'btop', program: 'btop', args: () => ['-p', '0'], terminal: /^btop/, settleMs: 2_500 },
  {
    name: 'glances -t1',
    program: 'glances',
    args: () => ['-t', '1', '--disable-check-update'],
    terminal: /^(glances|python)/,
    settleMs: 5_000,
  },
]

export type RunningMonitor = { readonly pid: number; end(): void }

/** @throws where it does not run. */
export async function startMonitor(monitor: Monitor, directory: string): Promise<RunningMonitor> {
  const child = launch(monitor, directory)
  await wait(monitor.settleMs)
  const running = child.pid === undefined ? [] : treeOf(child.pid)
  const pid = running.find((each) => monitor.terminal === null || monitor.terminal.test(nameOf(each)))
  const end = () => {
    for (const each of running.reverse()) killIfThere(each)
  }
  if (pid !== undefined && child.exitCode === null) return { pid, end }
  end()
  throw new Error(`${monitor.program} ended by itself`)
}

export function isInstalled({ program }: Monitor): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' }).status === 0
}

function launch(monitor: Monitor, directory: string): ChildProcess {
  const config = join(directory, 'config')
  mkdirSync(join(config, 'btop'), { recursive: true })
  writeFileSync(join(config, 'btop', 'btop.conf'), 'update_ms = 1000\n')
  const env = { ...process.env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', XDG_CONFIG_HOME: config }
  const words = [monitor.program, ...monitor.args(directory)]
  const inTerminal = ['script', '-qefc', `stty cols 160 rows 50; exec ${words.map(quoted).join(' ')}`, '/dev/null']
  const [program = '', ...args] = monitor.terminal === null ? words : inTerminal
  const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
  child.on('error', () => {}) // told by whoever looks for its process
  return child
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended with its parent.
  }
}

/** CPU ms a look of a monitor that is started for the occasion. */
export async function costOf(monitor: Monitor, directory: string, looks: number): Promise<number | NotMeasured> {
  if (!isInstalled(monitor)) return { why: 'not installed' }
  const running = await startMonitor(monitor, directory)
  try {
    const before = cpuMark(running.pid)
    await wait(looks * 1_000)
    return cpuMsSince(running.pid, before) / looks
  } finally {
    running.end()
  }
}
