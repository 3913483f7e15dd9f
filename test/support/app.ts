import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Now } from '../../contract/now.ts'
import { launchCommand, presentRuntime } from '../../scripts/lib/runtime.mjs'

const projectDir = fileURLToPath(new URL('../..', import.meta.url))
const scriptedEngine = new URL('scripted-engine.ts', import.meta.url).href

/** One installation of the built app with a data directory of its own, and everything that was started from it. */
export type TestApp = {
  readonly dataDir: string
  /** The desktop that it is started in. */
  readonly env: NodeJS.ProcessEnv
  /** The file in which it keeps what it remembers of its window; empty before the first time. */
  remembered(): string
  /** Every frame that the scripted engine was sent, a line each. */
  asked(): string
  /** What it and its children wrote to stderr so far. */
  log(): string
  /** What starts it, for whoever drives it otherwise (Playwright). */
  command(args?: readonly string[]): {
    readonly command: string
    readonly args: string[]
    readonly env: NodeJS.ProcessEnv
  }
  start(args?: readonly string[]): ChildProcess
  /** Counts a process that the test started otherwise, with its descendants, among the app's own. It must lead a session. */
  adopt(leader: ChildProcess): void
  /** Alive now: all of the sessions that were started, whoever their parent is by now. */
  processes(): readonly AppProcess[]
  pidOf(kind: AppProcess['kind']): number
  dispose(): Promise<void>
}

export type AppProcess = { readonly pid: number; readonly kind: 'main' | 'engine' | 'renderer' | 'other' }

/** `fake`: an engine that says what the test wrote (scripted-engine.ts); `real`: the one that was built. */
export function installApp(engine: 'fake' | 'real', env: NodeJS.ProcessEnv = process.env): TestApp {
  const home = mkdtempSync(join(tmpdir(), 'perwatt-app-'))
  const appDir = join(home, 'install')
  const dataDir = join(home, 'data')
  for (const dir of [join(appDir, 'out', 'engine'), dataDir]) mkdirSync(dir, { recursive: true, mode: 0o700 })
  cpSync(join(projectDir, 'package.json'), join(appDir, 'package.json'))
  for (const part of ['main', 'preload', 'renderer'])
    symlinkSync(join(projectDir, 'out', part), join(appDir, 'out', part))
  if (engine === 'fake') writeFileSync(join(appDir, 'out', 'engine', 'child.mjs'), `import '${scriptedEngine}'\n`)
  const runtime = presentRuntime()
  const dir = engine === 'fake' ? appDir : projectDir
  const command = (args: readonly string[] = []) => launchCommand(runtime, dir, ['--data-dir', dataDir, ...args], env)
  const sessions = new Set<number>()
  const adopt = ({ pid }: ChildProcess) => void sessions.add(pid ?? -1)
  const processes = () => processesOf(sessions)
  const logFile = join(home, 'stderr.log')
  return {
    dataDir,
    env,
    remembered: () => readOrEmpty(join(dataDir, 'app', 'window.json')),
    asked: () => readOrEmpty(join(dataDir, 'fake-asked.log')),
    log: () => readOrEmpty(logFile),
    command,
    adopt,
    start(args) {
      const launch = command(args)
      const stderr = openSync(logFile, 'a')
      const child = spawn(launch.command, launch.args, {
        env: launch.env,
        stdio: ['ignore', 'ignore', stderr],
        detached: true,
      })
      closeSync(stderr)
      adopt(child)
      return child
    },
    processes,
    pidOf(kind) {
      const found = processes().filter((each) => each.kind === kind)
      if (found.length !== 1) throw new Error(`there are ${found.length} processes of kind ${kind}, not one`)
      return found[0]?.pid ?? 0
    },
    async dispose() {
      for (const { pid } of processes()) killIfThere(pid)
      await waitFor('the end of every process', () => processes().length === 0)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** What the fake engine answers from now on. */
export function tellFakeEngine(app: TestApp, now: Now): void {
  writeFileSync(join(app.dataDir, 'fake-now.json'), JSON.stringify(now))
}

/** Results that the fake engine answers with from now on, by method; whole, so that no reader sees half of them. */
export function scriptFakeEngine(app: TestApp, answers: Readonly<Record<string, unknown>>): void {
  const file = join(app.dataDir, 'fake-answers.json')
  writeFileSync(`${file}.new`, JSON.stringify(answers))
  renameSync(`${file}.new`, file)
}

/** Polls, because what is waited for happens in other processes, which tell nobody. */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 15_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen) return seen as NonNullable<T>
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1_000} s for ${what} in vain`)
    await delay(50)
  }
}

/** The exit code of a process that ends by itself. */
export async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(15_000) })
  return code
}

/**
 * By session (the sixth field of `stat`, after the name in parentheses): Chromium writes its title over its environment,
 * and the parent of an orphan is nobody.
 */
function processesOf(sessions: ReadonlySet<number>): AppProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    const [state, , , session] = readOrEmpty(`/proc/${name}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    if (!/^\d+$/.test(name) || state === 'Z' || !sessions.has(Number(session))) return []
    return [{ pid: Number(name), kind: kindOf(readOrEmpty(`/proc/${name}/cmdline`)) }]
  })
}

function kindOf(commandLine: string): AppProcess['kind'] {
  if (commandLine.includes('--type=renderer')) return 'renderer'
  if (commandLine.includes('child.mjs')) return 'engine'
  return commandLine.includes('--type=') ? 'other' : 'main'
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself meanwhile.
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
