import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchCommand, presentRuntime } from '../../scripts/lib/runtime.mjs'
import { installApp } from '../../test/support/app.ts'
import { treeOf } from '../measure.ts'
import { endOf } from './crowd.ts'

/** An app in the tray of a desktop, started and ended once. */
export type TrayApp = {
  start(): void
  /** Electron's own processes: an engine beside them is counted apart. */
  pids(): readonly number[]
  end(): Promise<void>
}

export function ourApp(env: NodeJS.ProcessEnv): TrayApp & { readonly installed: ReturnType<typeof installApp> } {
  const installed = installApp('real', env)
  return {
    installed,
    start: () => void installed.start(['--hidden']),
    pids: () =>
      installed
        .processes()
        .filter(({ kind }) => kind !== 'engine')
        .map(({ pid }) => pid),
    end: () => installed.dispose(),
  }
}

const EMPTY = fileURLToPath(new URL('../peers/empty-tray', import.meta.url))

export function emptyApp(env: NodeJS.ProcessEnv): TrayApp {
  const profile = mkdtempSync(join(tmpdir(), 'perwatt-bench-'))
  const launch = launchCommand(presentRuntime(), EMPTY, [], { ...env, EMPTY_TRAY_PROFILE: profile })
  let child: ChildProcess | null = null
  return {
    start() {
      child = spawn(launch.command, launch.args, { env: launch.env, stdio: 'ignore' })
    },
    pids: () => (child?.pid === undefined ? [] : treeOf(child.pid)),
    async end() {
      if (child !== null) await endOf(child)
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
