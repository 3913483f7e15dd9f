import type { AppId } from '../../contract/ids.ts'
import type { Host, MachineFacts, ProcessKey, VendorAnswer, VendorSession } from '../host/host.ts'
import type { MachineLoad } from '../sources/source.ts'
import { type AppSums, activitiesOf, sumByApp } from './macos-activity.ts'
import { type Look, type LookRequest, parseLook } from './macos-look.ts'
import { MacSuspects } from './macos-suspects.ts'
import { MacTable, type MacTableOptions } from './macos-table.ts'
import { noteUsages } from './macos-times.ts'
import type { ActivitySample, ProcessSampler, SamplerFinding, UnnamedProcess } from './sampler.ts'

export type MacosSamplerOptions = MacTableOptions & {
  readonly host: Host
  readonly facts: Pick<MachineFacts, 'logicalCpus'>
}

/**
 * CPU time by app on macOS, from one look a second by engine/vendor/libproc.ts in the vendor process, handed over at the next tick with its
 * own time. Times of other users' processes are root's to read: they are in the machine's busy time and in nobody's. Waits for the first
 * look, so that sources which model from load have one.
 */
export async function openMacosSampler(options: MacosSamplerOptions): Promise<ProcessSampler> {
  const session = options.host.vendor('libproc')
  await session.answer(EVERYTHING)
  return new MacosSampler(options, session)
}

const EVERYTHING: LookRequest = { all: true, describe: [], times: [] }
/** `host_cpu_load_info` counts in 1/100 s. */
const MS_PER_TICK = 10

class MacosSampler implements ProcessSampler {
  readonly #host: Host
  readonly #logicalCpus: number
  readonly #session: VendorSession
  readonly #table: MacTable
  readonly #suspects = new MacSuspects()
  #answer: VendorAnswer | null = null
  #coresDiffer = false
  #load: MachineLoad | null = null
  #ticks: readonly number[] | null = null
  #busyMs = 0
  /** Load of the sample before; `null` where the next begins anew. */
  #sampled: MachineLoad | null = null
  #sums: ReadonlyMap<AppId, AppSums> = new Map()
  /** What was asked before it tells of a gap. */
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #wantsAll = false
  #unreadable = 0
  #childrenOverBusy = 0

  constructor(options: MacosSamplerOptions, session: VendorSession) {
    this.#host = options.host
    this.#logicalCpus = options.facts.logicalCpus
    this.#session = session
    this.#table = new MacTable(options)
    this.#take()
  }

  get coresDiffer(): boolean {
    return this.#coresDiffer
  }

  /** Of the newest look; it stays the same where none has come since. */
  readLoad(): MachineLoad | null {
    this.#take()
    return this.#session.problem === null ? this.#load : null
  }

  sample(): ActivitySample | null {
    const load = this.#load
    const before = this.#sampled
    this.#session.ask(this.#request())
    if (load === null || (before !== null && load.atMs <= before.atMs)) return null
    this.#sampled = load
    const intervalMs = before === null ? 0 : load.atMs - before.atMs
    const busyMs = before === null ? 0 : load.busyMs - before.busyMs
    const { apps, hasExcess } = activitiesOf(this.#sums, busyMs, MS_PER_TICK * this.#logicalCpus)
    if (hasExcess) this.#childrenOverBusy++
    const explainedMs = apps.reduce((sum, { plainCpuMs }) => sum + plainCpuMs, 0)
    this.#suspects.watch(load.atMs, intervalMs, busyMs - explainedMs)
    return { atMs: load.atMs, intervalMs, busyMs, logicalCpus: this.#logicalCpus, apps }
  }

  restart(): void {
    this.#sampled = null
    this.#load = null
    this.#notBeforeMs = this.#host.clock.monotonicMs()
    this.#suspects.restart()
  }

  lookAgain(): void {
    this.#wantsAll = true
    this.#suspects.forgetNamed()
  }

  appOf(pid: number): AppId | null {
    return this.#table.get(pid)?.member?.app ?? null
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
      { code: 'unreadable', count: this.#unreadable },
    ]
    return findings.filter(({ count }) => count > 0)
  }

  close(): void {
    this.#session.close()
  }

  #request(): LookRequest {
    const all = this.#wantsAll
    this.#wantsAll = false
    const nowMs = this.#host.clock.monotonicMs()
    const times = this.#suspects.wantsAll ? this.#table.pids() : Array.from(this.#table.tracked, ({ pid }) => pid)
    return { all, describe: this.#table.dueAt(nowMs), times }
  }

  /** Takes in the newest look, once. Also of one from before a gap the processes count, because each is told of once; its times do not. */
  #take(): void {
    const answer = this.#session.latest
    if (answer === null || answer === this.#answer) return
    this.#answer = answer
    const look = parseLook(answer.value)
    if (look === null || look.cpuTicks === null) {
      this.#wantsAll = true
      return
    }
    const atMs = (answer.askedMs + answer.answeredMs) / 2
    this.#noteProcesses(look, atMs)
    const { user, system, nice } = look.cpuTicks
    this.#busyMs += busySince(this.#ticks, [user, system, nice]) * MS_PER_TICK
    this.#ticks = [user, system, nice]
    const isFresh = this.#load === null
    const mostMs = this.#load === null ? 0 : (atMs - this.#load.atMs) * this.#logicalCpus
    this.#unreadable = noteUsages(this.#table, look, { isFresh, mostMs, nowMs: atMs })
    this.#suspects.take(look, this.#table, atMs)
    this.#sums = sumByApp(this.#table.tracked, look.timebase)
    this.#coresDiffer = look.performanceLevels > 1
    if (answer.askedMs < this.#notBeforeMs) return
    this.#load = { atMs, busyMs: this.#busyMs, logicalCpus: this.#logicalCpus }
  }

  #noteProcesses(look: Look, atMs: number): void {
    if (look.isWhole) this.#table.keepOnly(new Set(look.processes.map(({ pid }) => pid)))
    else this.#table.forget(look.gone)
    // What is in a whole look may have started at any time before.
    this.#table.see(look.processes, atMs, !look.isWhole)
  }
}

/** Ticks since the look before; each kind wraps at 32 bits by itself. */
function busySince(before: readonly number[] | null, now: readonly number[]): number {
  if (before === null) return 0
  return now.reduce((sum, ticks, kind) => sum + ((ticks - (before[kind] ?? 0)) >>> 0), 0)
}
