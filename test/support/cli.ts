import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

export type CliResult = {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

const ENTRY = join(import.meta.dirname, '..', '..', 'cli', 'index.ts')

/** Starts the real command in a process of its own; not a terminal, no colours. */
export function startCli(
  args: readonly string[],
  env: Record<string, string> = {},
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  return spawn(process.execPath, [ENTRY, ...args], {
    env: { ...process.env, ...env },
    stdio: [stdin, 'pipe', 'pipe'],
  })
}

export function cli(args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  const child = startCli(args, env)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr })))
}
