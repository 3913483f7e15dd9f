import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { processCount } from '../measure.ts'

/** Processes that were started to be looked at. */
export type Crowd = { readonly pids: readonly number[]; end(): Promise<void> }

/** Catalogue apps that are known by their executable's name alone. */
const APP_PROGRAMS = [
  'llama-server',
  'llama-swap',
  'ggml-rpc-server',
  'claude',
  'codex',
  'cursor-agent',
  'goosed',
  'openhands',
  'plandex',
  'qdrant',
  'weaviate',
  'milvus',
  'msty',
  'nexa-cli',
  'ovms',
  'pinokio',
  'shimmy',
  'witsy',
  'text-embeddings-router',
  'upscayl-bin',
] as const

/** So many of the known apps do a little work, as a machine in use has them. */
const BUSY_APPS = 4
const BUSY_PERMILLE = 10

export const KNOWN_APPS = APP_PROGRAMS.length

/** The twenty known apps: `crowd` under their names in a folder of their own, so that recognition has to find them as it finds real ones. */
export async function startKnownApps(crowd: string, directory: string): Promise<Crowd & { readonly folder: string }> {
  const children: ChildProcess[] = []
  const folder = join(directory, 'apps')
  mkdirSync(folder)
  for (const [index, name] of APP_PROGRAMS.entries()) {
    const program = join(folder, name)
    linkSync(crowd, program)
    children.push(await started(program, ['0', index < BUSY_APPS ? String(BUSY_PERMILLE) : '0']))
  }
  return { ...crowdOf(children), folder }
}

/** Sleepers that bring the machine to about `total` processes. */
export async function fillTo(crowd: string, total: number): Promise<Crowd> {
  const missing = total - processCount()
  if (missing <= 0) throw new Error(`there are ${-missing} processes more than ${total} already`)
  return crowdOf([await started(crowd, [String(missing - 1)])])
}

/** Five short-lived processes a second. */
export function startForks(): Crowd {
  return crowdOf([spawn('sh', ['-c', 'while sleep 0.2; do :; done'], { stdio: 'ignore' })])
}

async function started(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) })
  return child
}

function crowdOf(children: readonly ChildProcess[]): Crowd {
  return {
    pids: children.map(({ pid }) => pid ?? -1),
    async end() {
      await Promise.all(children.map((child) => endOf(child)))
    },
  }
}

export async function endOf(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(impatience)
}
