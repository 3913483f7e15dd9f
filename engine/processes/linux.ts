import type { AppId } from '../../contract/ids.ts'
import type { Host, MachineFacts, ProcessKey } from '../host/host.ts'
import type { MachineLoad } from '../sources/source.ts'
import { childCreditTicks } from './children.ts'
import { coreWeights } from './cores.ts'
import { Finder } from './finder.ts'
import { hidesProcesses } from './hidepid.ts'
import type { ImageOf, Matcher } from './identity.ts'
import { MachineStat } from './machine-stat.ts'
import type { Process } from './process.ts'
import type { ActivitySample, AppActivity, ProcessSampler, SamplerFinding, UnnamedProcess } from './sampler.ts'
import { Suspects } from './suspects.ts'
import { ProcessTable } from './table.ts'
import { readTimes, type TimesRead } from './times.ts'

export type LinuxSamplerOptions = {
  readonly host: Host
  readonly facts: Pick<MachineFacts, 'logicalCpus'>
  readonly matcher: Matcher
  /** Perwatt's own processes: they and what they start are the app `perwatt`. */
  readonly selfPids: () => readonly number[]
  /** Image of a container by its id, for catalogue entries that match it; without it they never do. */
  readonly imageOf?: ImageOf
}

/** CPU time by app from /proc (reference: proc(5), fs/proc/array.c), at a cost that does not grow with processes that do nothing. */
export function linuxSampler(options: LinuxSamplerOptions): ProcessSampler {
  return new LinuxSampler(options)
}

type AppSums = { weightedMs: number; plainMs: number; creditTicks: number; processes: number }

class LinuxSampler implements ProcessSampler {
  readonly #host: Host
  readonly #logicalCpus: number
  readonly #tickMs: number
  readonly #weights: Float64Array | null
  readonly #machine: MachineStat
  readonly #table: ProcessTable
  readonly #finder: Finder
  readonly #suspects: Suspects
  readonly #sumsByApp = new Map<AppId, AppSums>()
  readonly #isReaped = (zombie: Process) => this.#table.isReaped(zombie)
  readonly #hidesProcesses: boolean
  #load: MachineLoad | null = null
  #weightedBusyMs = 0
  #sampled: { readonly load: MachineLoad; readonly weightedBusyMs: number } | null = null
  #read: TimesRead = { unreadable: 0, noDescriptor: 0 }
  #childrenOverBusy = 0

  constructor(options: LinuxSamplerOptions) {
    const { host, facts, matcher, selfPids, imageOf = null } = options
    this.#host = host
    this.#logicalCpus = facts.logicalCpus
    this.#tickMs = 1_000 / host.ticksPerS
    this.#weights = coreWeights(host.files)
    this.#hidesProcesses = hidesProcesses(host.files)
    this.#machine = new MachineStat(host.files, this.#weights?.length ?? 0)
    this.#table = new ProcessTable({ host, matcher, selfPids, imageOf })
    this.#finder = new Finder(host, this.#table)
    this.#suspects = new Suspects(host, this.#table, this.#finder)
  }

  get coresDiffer(): boolean {
    return this.#weights !== null
  }

  readLoad(): MachineLoad | null {
    this.#load = null
    if (!this.#machine.read()) return null
    const atMs = this.#host.clock.monotonicMs()
    const busyMs = this.#machine.busyTicks * this.#tickMs
    this.#weightedBusyMs = this.#weights === null ? busyMs : this.#weigh(this.#weights)
    this.#load = { atMs, busyMs, logicalCpus: this.#logicalCpus }
    return this.#load
  }

  sample(): ActivitySample | null {
    const load = this.#load ?? this.readLoad()
    if (load === null) return null
    this.#load = null
    const before = this.#sampled
    this.#sampled = { load, weightedBusyMs: this.#weightedBusyMs }
    const intervalMs = before === null ? 0 : load.atMs - before.load.atMs
    const plainBusyMs = before === null ? 0 : Math.max(0, load.busyMs - before.load.busyMs)
    const busyMs = before === null ? 0 : Math.max(0, this.#weightedBusyMs - before.weightedBusyMs)

    this.#table.starts.begin(before?.load.atMs ?? null)
    this.#table.matchAgain(load.atMs)
    this.#finder.look(load.atMs, this.#machine.forks)
    this.#readTimes(load.atMs, before === null)
    const unexplainedMs = this.#sum(plainBusyMs, plainBusyMs > 0 ? busyMs / plainBusyMs : 1)
    this.#suspects.watch(load.atMs, intervalMs, unexplainedMs)
    this.#table.starts.begin(load.atMs)
    return { atMs: load.atMs, intervalMs, busyMs, logicalCpus: this.#logicalCpus, apps: this.#activities() }
  }

  restart(): void {
    this.#load = null
    this.#sampled = null
    this.#table.starts.begin(null)
    this.#suspects.restart()
  }

  lookAgain(): void {
    for (const process of this.#table.all()) this.#table.lookAgain(process)
    this.#suspects.forgetNamed()
  }

  appOf(pid: number): AppId | null {
    return this.#table.appOf(pid)
  }

  tracked(): Iterable<ProcessKey> {
    return this.#table.tracked
  }

  unnamed(): readonly UnnamedProcess[] {
    return this.#suspects.unnamed
  }

  findings(): readonly SamplerFinding[] {
    const findings: SamplerFinding[] = [
      { code: 'childrenOverBusy', count: this.#childrenOverBusy },
      // How many cannot be seen at all nobody tells: they count as one.
      { code: 'unreadable', count: this.#read.unreadable + this.#table.opaque + (this.#hidesProcesses ? 1 : 0) },
      { code: 'noDescriptor', count: this.#read.noDescriptor },
    ]
    return findings.filter(({ count }) => count > 0)
  }

  close(): void {
    this.#machine.close()
    this.#finder.close()
    this.#table.close()
  }

  #readTimes(nowMs: number, isFresh: boolean): void {
    this.#read = readTimes({
      table: this.#table,
      nowMs,
      ticksPerS: this.#host.ticksPerS,
      logicalCpus: this.#logicalCpus,
      wantsCpu: this.#weights !== null,
      isFresh,
    })
  }

  /** Sums by app; returns the busy time that no known process explains. `meanWeight`: of the machine's busy time in this interval. */
  #sum(plainBusyMs: number, meanWeight: number): number {
    for (const sums of this.#sumsByApp.values()) {
      sums.weightedMs = sums.plainMs = sums.creditTicks = sums.processes = 0
    }
    let ownMs = 0
    let creditTicks = 0
    for (const process of this.#table.tracked) {
      if (process.member === null) continue
      const sums = this.#sumsOf(process.member.app)
      const plainMs = process.ownDeltaTicks * this.#tickMs
      const ticks = childCreditTicks(process, this.#isReaped)
      if (process.state === 'alive') sums.processes++
      sums.plainMs += plainMs
      sums.weightedMs += plainMs * (this.#weights?.[process.cpu] ?? 1)
      sums.creditTicks += ticks
      ownMs += plainMs
      creditTicks += ticks
    }
    const unexplainedMs = Math.max(0, plainBusyMs - ownMs)
    return unexplainedMs - this.#creditChildren(creditTicks * this.#tickMs, unexplainedMs, meanWeight)
  }

  /** Books the time of short-lived children, at most what is unexplained; what exceeds it is dropped from all alike, and counted. */
  #creditChildren(creditMs: number, unexplainedMs: number, meanWeight: number): number {
    if (creditMs === 0) return 0
    // Whole ticks of each CPU are no finding: /proc/stat and the processes' times are rounded apart.
    if (creditMs > unexplainedMs + this.#tickMs * this.#logicalCpus) this.#childrenOverBusy++
    const creditedMs = Math.min(creditMs, unexplainedMs)
    for (const sums of this.#sumsByApp.values()) {
      const plainMs = (sums.creditTicks * this.#tickMs * creditedMs) / creditMs
      sums.plainMs += plainMs
      sums.weightedMs += plainMs * meanWeight
    }
    return creditedMs
  }

  #activities(): AppActivity[] {
    const activities: AppActivity[] = []
    for (const [app, { weightedMs, plainMs, processes }] of this.#sumsByApp) {
      if (processes === 0 && plainMs === 0) this.#sumsByApp.delete(app)
      else activities.push({ app, cpuMs: weightedMs, plainCpuMs: plainMs, processes })
    }
    return activities
  }

  #sumsOf(app: AppId): AppSums {
    let sums = this.#sumsByApp.get(app)
    if (sums === undefined) {
      sums = { weightedMs: 0, plainMs: 0, creditTicks: 0, processes: 0 }
      this.#sumsByApp.set(app, sums)
    }
    return sums
  }

  #weigh(weights: Float64Array): number {
    let weightedMs = 0
    for (let cpu = 0; cpu < weights.length; cpu++) {
      weightedMs += (this.#machine.busyTicksByCpu[cpu] as number) * this.#tickMs * (weights[cpu] as number)
    }
    return weightedMs
  }
}
