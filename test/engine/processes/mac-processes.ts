import { type MacosSamplerOptions, openMacosSampler } from '../../../engine/processes/macos.ts'
import type { LookAnswer, LookRequest } from '../../../engine/processes/macos-look.ts'
import { MemoryHost } from '../../support/memory-host.ts'
import { ScriptedSession } from '../../support/scripted-session.ts'
import { appsByExe } from './machine.ts'

type Mac = {
  pid: number
  uniqueId: string
  parentId: string
  ppid: number
  path: string
  words: string[]
  bundleId: string | null
  image: string
  startTicks: number
  ownMs: number
  childMs: number
  energyMj: number
  /** Another user's: its times are denied. */
  isOther: boolean
}

/** A Mach tick of an Apple chip is 125/3 ns. */
const TICKS_PER_MS = 24_000

/** A Mac's processes, as engine/vendor/libproc.ts tells of them: written from the documented interface, because there is no Mac here. */
export class MacProcesses {
  readonly host = new MemoryHost()
  readonly session: ScriptedSession
  readonly processes = new Map<number, Mac>()
  readonly cpuTicks = { user: 0, system: 0, idle: 0, nice: 0 }
  performanceLevels = 2
  #seen = new Set<number>()
  #nextId = 100

  constructor() {
    this.session = new ScriptedSession(this.host.clock, (request) => this.#look(request as LookRequest))
    this.host.vendors.set('libproc', this.session)
    this.start(1, { path: '/sbin/launchd', isOther: true })
  }

  start(pid: number, given: Partial<Mac> = {}): Mac {
    const ppid = given.ppid ?? 1
    const path = given.path ?? '/usr/bin/program'
    const process: Mac = {
      pid,
      uniqueId: String(this.#nextId++),
      parentId: this.processes.get(ppid)?.uniqueId ?? '0',
      ppid,
      path,
      words: [path],
      bundleId: null,
      image: path,
      startTicks: Math.round(this.host.clock.boottimeMs() * TICKS_PER_MS),
      ownMs: 0,
      childMs: 0,
      energyMj: 0,
      isOther: false,
      ...given,
    }
    this.processes.set(pid, process)
    return process
  }

  /** CPU time, on a performance core unless told otherwise. */
  run(pid: number, ms: number, watts = 4): void {
    const process = this.of(pid)
    process.ownMs += ms
    process.energyMj += ms * watts
    this.background(ms)
  }

  background(ms: number): void {
    this.cpuTicks.user = (this.cpuTicks.user + ms / 10) % 2 ** 32
  }

  /** Ends and is waited for. */
  end(pid: number): void {
    const { ppid, ownMs, childMs } = this.of(pid)
    const parent = this.processes.get(ppid)
    if (parent !== undefined) parent.childMs += ownMs + childMs
    this.processes.delete(pid)
  }

  of(pid: number): Mac {
    const process = this.processes.get(pid)
    if (process === undefined) throw new Error(`no process ${pid}`)
    return process
  }

  /** A new vendor process knows nothing of what the one before has told. */
  restartVendor(): void {
    this.#seen = new Set()
  }

  sampler(options: Partial<MacosSamplerOptions> = {}) {
    const { host } = this
    return openMacosSampler({ host, facts: { logicalCpus: 8 }, matcher: appsByExe, selfPids: () => [], ...options })
  }

  #look({ all, describe, times }: LookRequest): LookAnswer {
    const isWhole = all || this.#seen.size === 0
    const pids = new Set(this.processes.keys())
    const fresh = [...pids].filter((pid) => isWhole || !this.#seen.has(pid))
    const gone = isWhole ? [] : [...this.#seen].filter((pid) => !pids.has(pid))
    this.#seen = pids
    return {
      cpuTicks: { ...this.cpuTicks },
      timebase: { numerator: 125, denominator: 3 },
      performanceLevels: this.performanceLevels,
      isWhole,
      gone,
      processes: [...new Set([...fresh, ...describe])].flatMap((pid) => this.#describe(pid)),
      usages: [...new Set([...fresh, ...times])].map((pid) => ({ pid, usage: this.#usage(pid) })),
    }
  }

  #describe(pid: number): LookAnswer['processes'] {
    const process = this.processes.get(pid)
    if (process === undefined) return []
    const { uniqueId, parentId, ppid, path, words, bundleId, isOther } = process
    const uid = isOther ? 0 : 501
    const comm = path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('/') + 16)
    return [
      {
        pid,
        uniqueId,
        parentId,
        ppid,
        uid,
        isZombie: false,
        comm,
        path,
        bundleId,
        words: isOther ? [] : words,
        workingDirectory: null,
      },
    ]
  }

  #usage(pid: number): LookAnswer['usages'][number]['usage'] {
    const process = this.processes.get(pid)
    if (process === undefined) return 'gone'
    if (process.isOther) return 'denied'
    const { image, startTicks, ownMs, childMs, energyMj } = process
    const ticks = (ms: number) => String(ms * TICKS_PER_MS)
    return {
      image,
      startTicks: String(startTicks),
      ownTicks: ticks(ownMs),
      childTicks: ticks(childMs),
      energyNj: String(energyMj * 1e6),
    }
  }
}
