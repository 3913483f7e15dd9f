import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { endOf } from './crowd.ts'

/** Watches one signal of the session bus. */
export type SignalWatch = {
  /** Moments at which it was heard, on the clock of `performance.now()`. */
  readonly heardMs: readonly number[]
  /** The first that is heard from now on. */
  next(timeoutMs: number): Promise<number>
  end(): Promise<void>
}

export async function watchSignal(env: NodeJS.ProcessEnv, interfaceName: string, member: string): Promise<SignalWatch> {
  const rule = `type='signal',interface='${interfaceName}',member='${member}'`
  const monitor = spawn('dbus-monitor', ['--session', rule], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: monitor.stdout })
  const heardMs: number[] = []
  const heard = new EventTarget()
  lines.on('line', (line) => {
    if (!line.includes(`member=${member}`)) return
    heardMs.push(performance.now())
    heard.dispatchEvent(new Event('heard'))
  })
  // Its own greeting on the bus: from then on it hears.
  await once(lines, 'line', { signal: AbortSignal.timeout(5_000) })
  return {
    heardMs,
    async next(timeoutMs) {
      await once(heard, 'heard', { signal: AbortSignal.timeout(timeoutMs) })
      return heardMs.at(-1) ?? Number.NaN
    },
    end: () => endOf(monitor),
  }
}
