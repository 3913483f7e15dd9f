import { AppId } from '../../../contract/ids.ts'
import type { Matcher, Membership, ProcessIdentity } from '../../../engine/processes/identity.ts'
import { type LinuxSamplerOptions, linuxSampler } from '../../../engine/processes/linux.ts'
import type { ActivitySample, ProcessSampler } from '../../../engine/processes/sampler.ts'
import { MemoryHost } from '../../support/memory-host.ts'

export type Started = {
  pid: number
  ppid: number
  comm: string
  /** `null`: another user's, whose link may not be read. */
  exe: string | null
  args: string[]
  state: string
  threads: number
  flags: number
  exitSignal: number
  cpu: number
  ownTicks: number
  childTicks: number
  startTicks: number
}

/** A machine's /proc, written process by process; CPU time is used by being said. 10 ms are a clock tick. */
export class ProcMachine {
  readonly host = new MemoryHost()
  readonly processes = new Map<number, Started>()
  readonly cpuTicks: number[]
  forks = 1_000
  /** Given out last; numbers are given out in order, so that new processes have higher ones until they begin anew. */
  lastPid = 55
  /** `null`: /proc/loadavg is not there. */
  tellsLastPid = true

  constructor(cpus = 4) {
    this.cpuTicks = Array(cpus).fill(0)
    this.start(1, { ppid: 0, exe: 'init', agoMs: 900_000 })
    this.host.write('/proc/stat', () => this.#stat())
    this.host.write('/proc/loadavg', () =>
      this.tellsLastPid ? `0.10 0.05 0.01 1/200 ${this.lastPid}\n` : { fault: 'broken' },
    )
  }

  /** A process that starts now, or started `agoMs` before. */
  start(pid: number, given: Partial<Started> & { agoMs?: number } = {}): Started {
    const { agoMs = 0, ...fields } = given
    const process: Started = {
      pid,
      ppid: 1,
      comm: fields.exe ?? 'program',
      exe: fields.comm ?? 'program',
      args: [],
      state: 'S',
      threads: 1,
      flags: 4_194_304,
      exitSignal: 17,
      cpu: 0,
      ownTicks: 0,
      childTicks: 0,
      startTicks: Math.floor((this.host.clock.boottimeMs() - agoMs) / 10),
      ...fields,
    }
    this.processes.set(pid, process)
    this.host.write(`/proc/${pid}/stat`, () => statLine(process))
    this.host.write(`/proc/${pid}/cmdline`, () => [`/usr/bin/${process.exe}`, ...process.args, ''].join('\0'))
    this.#link(process)
    this.forks++
    this.lastPid = agoMs > 0 ? Math.max(this.lastPid, pid) : pid
    return process
  }

  exec(pid: number, exe: string): void {
    const process = this.of(pid)
    process.exe = exe
    process.comm = exe
    this.#link(process)
  }

  /** CPU time on the process's CPU. */
  run(pid: number, ms: number): void {
    const process = this.of(pid)
    process.ownTicks += ms / 10
    this.background(ms, process.cpu)
  }

  /** CPU time of processes that nobody sees. */
  background(ms: number, cpu = 0): void {
    this.cpuTicks[cpu] = (this.cpuTicks[cpu] ?? 0) + ms / 10
  }

  /** A child that starts, works and is waited for. */
  shortChild(parent: number, ms: number): void {
    this.of(parent).childTicks += ms / 10
    this.background(ms)
    this.forks++
    this.lastPid++
  }

  /** Ends and is waited for at once; `reaper` where its parent does not. */
  end(pid: number, reaper = this.of(pid).ppid): void {
    const { ownTicks, childTicks } = this.of(pid)
    const parent = this.processes.get(reaper)
    if (parent !== undefined) parent.childTicks += ownTicks + childTicks
    this.vanish(pid)
  }

  /** Ends without its time reaching anybody: its parent ignores SIGCHLD. */
  vanish(pid: number): void {
    this.processes.delete(pid)
    this.host.remove(`/proc/${pid}/stat`)
    this.host.remove(`/proc/${pid}/cmdline`)
    this.host.links.delete(`/proc/${pid}/exe`)
  }

  of(pid: number): Started {
    const process = this.processes.get(pid)
    if (process === undefined) throw new Error(`no process ${pid}`)
    return process
  }

  sampler(options: Partial<LinuxSamplerOptions> = {}): ProcessSampler {
    return linuxSampler({
      host: this.host,
      facts: { logicalCpus: this.cpuTicks.length },
      matcher: appsByExe,
      selfPids: () => [],
      ...options,
    })
  }

  #link({ pid, exe }: Started): void {
    this.host.links.set(`/proc/${pid}/exe`, exe === null ? { fault: 'denied' } : `/usr/bin/${exe}`)
  }

  #stat(): string {
    const line = (name: string, ticks: number) => `${name} ${ticks} 0 0 5000 7 0 0 3 0 0\n`
    const sum = this.cpuTicks.reduce((total, ticks) => total + ticks, 0)
    const cpus = this.cpuTicks.map((ticks, cpu) => line(`cpu${cpu}`, ticks)).join('')
    return `${line('cpu ', sum)}${cpus}intr 5 0 0\nctxt 1\nbtime 1\nprocesses ${this.forks}\nprocs_running 1\nprocs_blocked 0\nsoftirq 9 1 2\n`
  }
}

export function statLine(process: Started): string {
  const { pid, comm, state, ppid, flags, ownTicks, childTicks, threads, startTicks, exitSignal, cpu } = process
  const systemTicks = Math.floor(ownTicks / 4)
  return (
    `${pid} (${comm}) ${state} ${ppid} 1 1 0 -1 ${flags} 5 0 0 0 ${ownTicks - systemTicks} ${systemTicks} ${childTicks} 0 ` +
    `20 0 ${threads} 0 ${startTicks} 1000000 50 18446744073709551615 ${'0 '.repeat(12)}${exitSignal} ${cpu} 0 0 0 0 0 0 0 0 0 0 0 0 0\n`
  )
}

export function memberOf(app: string): Membership {
  return { app: AppId.parse(app), role: null, computes: null, holdsTerminal: false }
}

/** Programs that are apps of their own name. */
const APPS = new Set(['ollama', 'comfyui', 'claude'])

export const appsByExe: Matcher = {
  recognise({ exe, comm }: ProcessIdentity) {
    const name = exe ?? comm
    return APPS.has(name) ? () => memberOf(name) : (above) => above
  },
}

/** CPU ms by app. */
export function cpuMsOf(sample: ActivitySample | null): Record<string, number> {
  return Object.fromEntries((sample?.apps ?? []).map(({ app, plainCpuMs }) => [app, plainCpuMs]))
}

export function processesOf(sample: ActivitySample | null): Record<string, number> {
  return Object.fromEntries((sample?.apps ?? []).map(({ app, processes }) => [app, processes]))
}
