import type { AppId } from '../../contract/ids.ts'
import type { Host, MachineFacts, ProcessKey, VendorAnswer, VendorSession } from '../host/host.ts'
import type { MachineLoad } from '../sources/source.ts'
import { createHeavy, type Heavy } from './heavy.ts'
import type { ActivitySample, AppActivity, ProcessSampler, SamplerFinding, UnnamedProcess } from './sampler.ts'
import { readLook, type WindowsLook } from './windows-answer.ts'
import { WindowsTable, type WindowsTableOptions } from './windows-table.ts'

export type WindowsSamplerOptions = WindowsTableOptions & {
  readonly host: Host
  readonly facts: Pick<MachineFacts, 'logicalCpus'>
}

/** Times of processes are counted in whole clock ticks (15.6 ms on some machines), and the clock moves on while they are read. */
const SLACK_MS = 50

/**
 * CPU time by app on Windows: one NtQuerySystemInformation(SystemProcessInformation) a tick, in the vendor process, handed over at the next
 * tick with its own time. Divided by cycles, which count to the last one, where times are sampled at clock ticks.
 *
 * Waits for the first answer, so that sources which model from load have one.
 */
export async function openWindowsSampler(options: WindowsSamplerOptions): Promise<ProcessSampler> {
  const session = options.host.vendor('processes-windows')
  await session.answer({ identify: [] })
  return new WindowsSampler(options, session)
}

type Sums = { cyclesDelta: number; plainMs: number; processes: number }

class WindowsSampler implements ProcessSampler {
  readonly #host: Host
  readonly #logicalCpus: number
  readonly #session: VendorSession
  readonly #table: WindowsTable
  readonly #heavy: Heavy = createHeavy()
  #answer: VendorAnswer | null = null
  #look: WindowsLook | null = null
  #load: MachineLoad | null = null
  /** Load of the sample before; `null` where the next begins anew. */
  #sampled: MachineLoad | null = null
  /** Answers to older questions tell of the time before a gap. */
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #unreadable = 0

  constructor(options: WindowsSamplerOptions, session: VendorSession) {
    this.#host = options.host
    this.#logicalCpus = options.facts.logicalCpus
    this.#session = session
    this.#table = new WindowsTable(options)
    this.#take()
  }

  get coresDiffer(): boolean {
    return this.#look?.coresDiffer ?? false
  }

  readLoad(): MachineLoad | null {
    this.#take()
    this.#session.ask({ identify: this.#table.wanted() })
    return this.#session.problem === null ? this.#load : null
  }

  sample(): ActivitySample | null {
    const load = this.#load
    const before = this.#sampled
    if (load === null || (before !== null && load.atMs <= before.atMs)) return null
    this.#sampled = load
    const intervalMs = before === null ? 0 : load.atMs - before.atMs
    const busyMs = before === null ? 0 : Math.max(0, load.busyMs - before.busyMs)
    const apps = this.#activities(intervalMs, busyMs)
    this.#heavy.watch(this.#table.processes, intervalMs)
    return { atMs: load.atMs, intervalMs, busyMs, logicalCpus: this.#logicalCpus, apps }
  }

  restart(): void {
    this.#sampled = null
    this.#load = null
    this.#notBeforeMs = this.#host.clock.monotonicMs()
    this.#heavy.restart()
  }

  lookAgain(): void {
    this.#table.lookAgain()
    this.#heavy.restart()
  }

  appOf(pid: number): AppId | null {
    return this.#table.processes.get(pid)?.member?.app ?? null
  }

  *tracked(): Iterable<ProcessKey> {
    for (const process of this.#table.processes.values()) if (process.member !== null) yield process
  }

  unnamed(): readonly UnnamedProcess[] {
    return this.#heavy.unnamed
  }

  findings(): readonly SamplerFinding[] {
    return this.#unreadable === 0 ? [] : [{ code: 'unreadable', count: this.#unreadable }]
  }

  close(): void {
    this.#session.close()
  }

  /** Takes in the newest answer, once. */
  #take(): void {
    const answer = this.#session.latest
    if (answer === null || answer === this.#answer || answer.askedMs < this.#notBeforeMs) return
    this.#answer = answer
    const look = readLook(answer.value)
    this.#unreadable = look === null ? 1 : 0
    if (look === null) return
    this.#look = look
    this.#table.take(look.processes, look.images)
    const atMs = (answer.askedMs + answer.answeredMs) / 2
    this.#load = { atMs, busyMs: look.busyMs, logicalCpus: this.#logicalCpus }
  }

  #activities(intervalMs: number, busyMs: number): AppActivity[] {
    const sumsByApp = new Map<AppId, Sums>()
    const mostMs = intervalMs * this.#logicalCpus + SLACK_MS
    let cyclesDelta = 0
    let explainedMs = 0
    for (const process of this.#table.processes.values()) {
      // The first look of all holds what was done since the machine started, and a jump is more than it can do.
      const isBooked = intervalMs > 0 && process.busyDeltaMs <= mostMs
      const ownMs = isBooked ? process.busyDeltaMs : 0
      const ownCycles = isBooked ? process.cyclesDelta : 0
      cyclesDelta += ownCycles
      explainedMs += ownMs
      if (process.member === null) continue
      const sums = sumsByApp.get(process.member.app) ?? { cyclesDelta: 0, plainMs: 0, processes: 0 }
      sums.cyclesDelta += ownCycles
      sums.plainMs += ownMs
      sums.processes += 1
      sumsByApp.set(process.member.app, sums)
    }
    // What processes did that have ended since is in the machine's time and in nobody's: only what the living explain is divided.
    const dividedMs = Math.min(busyMs, explainedMs)
    return Array.from(sumsByApp, ([app, sums]) => ({
      app,
      cpuMs: cyclesDelta > 0 ? (dividedMs * sums.cyclesDelta) / cyclesDelta : Math.min(busyMs, sums.plainMs),
      plainCpuMs: sums.plainMs,
      processes: sums.processes,
    }))
  }
}
