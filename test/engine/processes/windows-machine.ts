import { AppId } from '../../../contract/ids.ts'
import type { Matcher, Membership } from '../../../engine/processes/identity.ts'
import type { ActivitySample, ProcessSampler } from '../../../engine/processes/sampler.ts'
import { openWindowsSampler, type WindowsSamplerOptions } from '../../../engine/processes/windows.ts'
import { MemoryHost } from '../../support/memory-host.ts'
import { ScriptedVendor } from '../../support/scripted-vendor.ts'

type Started = {
  pid: number
  parent: number
  name: string
  path: string | null
  commandLine: string | null
  created: bigint
  busyMs: number
  cycles: number
}

/** 1 January 2026 since 1601, 100 ns. */
const EPOCH = 134_117_280_000_000_000n

/** A Windows machine as the driver `processes-windows` tells of it; a millisecond of CPU is a million cycles unless said otherwise. */
export class WindowsMachine {
  readonly host = new MemoryHost()
  readonly session: ScriptedVendor
  readonly processes = new Map<number, Started>()
  efficiencyClasses = [0, 0, 0, 0]
  /** What the driver answers instead. */
  override: (() => unknown) | null = null
  #busyMs = 0

  constructor() {
    this.session = new ScriptedVendor(this.host.clock, (request) => this.override?.() ?? this.#answer(request))
    this.host.vendors.set('processes-windows', this.session)
    this.start(0, { parent: 0, name: '' })
    this.start(4, { parent: 0, name: 'System', path: null })
  }

  start(pid: number, given: Partial<Started> = {}): Started {
    const name = given.name ?? 'program.exe'
    const process: Started = {
      pid,
      parent: 4,
      name,
      path: `C:\\Apps\\${name}`,
      commandLine: name,
      created: EPOCH + BigInt(Math.round(this.host.clock.monotonicMs() * 10_000)) + BigInt(this.processes.size),
      busyMs: 0,
      cycles: 0,
      ...given,
    }
    this.processes.set(pid, process)
    return process
  }

  end(pid: number): void {
    this.processes.delete(pid)
  }

  run(pid: number, busyMs: number, cycles = busyMs * 1e6): void {
    const process = this.processes.get(pid)
    if (process === undefined) throw new Error(`no process ${pid}`)
    process.busyMs += busyMs
    process.cycles += cycles
    this.#busyMs += busyMs
  }

  /** Work of processes that ended before anybody saw them. */
  background(busyMs: number): void {
    this.#busyMs += busyMs
  }

  sampler(options: Partial<WindowsSamplerOptions> = {}): Promise<ProcessSampler> {
    return openWindowsSampler({
      host: this.host,
      facts: { logicalCpus: 4 },
      matcher: byExe,
      selfPids: () => [],
      ...options,
    })
  }

  #answer(request: unknown): unknown {
    const wanted =
      typeof request === 'object' && request !== null && 'identify' in request && Array.isArray(request.identify)
        ? request.identify
        : []
    const idleMs = 1e6
    return {
      times: [idleMs, idleMs + this.#busyMs, 0].map((ms) => String(Math.round(ms * 10_000))),
      processes: [...this.processes.values()].map((each) => [
        each.pid,
        each.parent,
        each.created.toString(),
        String(Math.round(each.busyMs * 10_000)),
        String(each.cycles),
        each.name,
      ]),
      images: wanted.map((pid: number) => {
        const process = this.processes.get(pid)
        return [pid, process?.path ?? null, process?.path == null ? null : process.commandLine]
      }),
      efficiencyClasses: this.efficiencyClasses,
    }
  }
}

export function memberOf(app: string): Membership {
  return { app: AppId.parse(app), role: null, computes: null, holdsTerminal: false }
}

const APPS = new Set(['ollama.exe', 'comfyui.exe'])

/** Every program of these names is an app; what they start belongs to them. */
const byExe: Matcher = {
  recognise: ({ exe, cmdline }) => {
    const app = exe !== null && APPS.has(exe) ? exe.replace('.exe', '') : cmdline.includes('vllm') ? 'vllm' : null
    return app === null ? (above) => above : () => memberOf(app)
  },
}

export function cpuMsOf(sample: ActivitySample | null): Record<string, number> {
  return Object.fromEntries((sample?.apps ?? []).map(({ app, cpuMs }) => [app, cpuMs]))
}
