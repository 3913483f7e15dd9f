import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { node24 } from '../../scripts/lib/paths.mjs'
import { bundle } from './bundle.ts'
import { endOf } from './crowd.ts'

const Listening = z.object({ listening: z.object({ listen: z.string(), pid: z.int() }) })

/** The meter as the engine starts it, in front of a server on loopback; no engine answers in its directory. */
export async function startMeterProcess(target: number, dataDir: string) {
  const options = ['--target', `http://127.0.0.1:${target}`, '--listen', '0', '--data-dir', dataDir]
  const child = spawn(node24, [await bundle('meter'), ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) })
  const { listening } = Listening.parse(JSON.parse(String(line)))
  return { port: Number(listening.listen.split(':').at(-1)), pid: listening.pid, end: () => endOf(child) }
}
