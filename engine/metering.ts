import type { MeterEvent } from '../contract/metering.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import type { MeterSetting, ServerStatus } from '../contract/servers.ts'
import type { MeterProcesses } from './meter/meter-processes.ts'
import { originOfListener } from './server-keys.ts'
import type { ServerView } from './servers/servers.ts'

type Seen = { requests: number; lastMs: number | null; pid: number | null; listen: string }

/** The metering proxies in front of servers: which are on, and what has come through them. */
export interface Metering {
  viewOf(view: Pick<ServerView, 'origin'>): ServerStatus['meter']
  /** What a proxy has reported. */
  note(
    meter: { readonly target: string; readonly listen: string; readonly pid: number },
    report: { readonly seen: readonly MeterEvent[]; readonly unmetered: number; readonly uncounted: number },
  ): void
  switchOn(target: string, listen?: string): Promise<Result<null, 'portInUse' | 'cannotStart' | 'notWritable'>>
  switchOff(target: string): Promise<Result<null, 'notWritable'>>
  /** Starts those that were on at the last stop. */
  resume(): void
}

const FIRST_PORTS_ABOVE = 1

export function createMetering(parts: {
  readonly processes: MeterProcesses | null
  readonly settings: () => readonly MeterSetting[]
  readonly change: (metering: readonly MeterSetting[]) => Result<unknown, 'notWritable'>
  readonly clientSetting: (target: string) => string | null
  readonly nowMs: () => number
}): Metering {
  const seen = new Map<string, Seen>()
  const faults = new Map<string, string>()

  function others(target: string): MeterSetting[] {
    return parts.settings().filter((setting) => setting.target !== target)
  }

  async function start(setting: MeterSetting): Promise<Result<null, 'portInUse' | 'cannotStart'>> {
    if (parts.processes === null)
      return problem('cannotStart', 'This engine starts no metering proxy.', {
        kind: 'command',
        argv: ['perwatt', 'meter', '--target', setting.target, '--listen', setting.listen],
        asRoot: false,
      })
    const started = await parts.processes.start(setting)
    if (started.ok) faults.delete(setting.target)
    else faults.set(setting.target, started.reason)
    return started
  }

  return {
    viewOf({ origin }) {
      const setting = parts.settings().find(({ target }) => target === origin)
      const known = seen.get(origin)
      if (setting === undefined && known === undefined) return null
      const listen = setting?.listen ?? known?.listen ?? ''
      const fault = faults.get(origin) ?? null
      const isRunning = parts.processes?.isRunning(origin) === true
      return {
        listen,
        state: fault !== null ? 'failed' : isRunning ? 'listening' : setting === undefined ? 'off' : 'starting',
        reason: fault,
        clientSetting: filled(parts.clientSetting(origin), listen),
        requests: known?.requests ?? 0,
        lastRequestS: known?.lastMs == null ? null : Math.floor(known.lastMs / 1_000),
      }
    },
    note({ target, listen, pid }, { seen: events }) {
      const known = seen.get(target) ?? { requests: 0, lastMs: null, pid, listen }
      const begun = events.filter(({ type }) => type === 'begin').length
      seen.set(target, {
        pid,
        listen,
        requests: known.requests + begun,
        lastMs: begun > 0 ? parts.nowMs() : known.lastMs,
      })
    },
    async switchOn(target, listen = String(Number(new URL(target).port || 80) + FIRST_PORTS_ABOVE)) {
      const setting = { target, listen }
      const started = await start(setting)
      if (!started.ok) return started
      const changed = parts.change([...others(target), setting])
      return changed.ok ? ok(null) : changed
    },
    async switchOff(target) {
      await parts.processes?.stop(target)
      seen.delete(target)
      faults.delete(target)
      const changed = parts.change(others(target))
      return changed.ok ? ok(null) : changed
    },
    resume() {
      for (const setting of parts.settings()) void start(setting)
    },
  }
}

function filled(clientSetting: string | null, listen: string): string | null {
  const port = new URL(originOfListener(listen || '0')).port
  return clientSetting?.replace('{port}', port) ?? null
}
