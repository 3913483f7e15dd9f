import { AppId } from '../../contract/ids.ts'
import type { Host, KeptFile } from '../host/host.ts'
import { owe } from './children.ts'
import { type ImageOf, INHERITED, type Matcher, type Membership, type Place, readIdentity } from './identity.ts'
import { newProcess, type Process } from './process.ts'
import { SELF } from './sampler.ts'
import { StartTimes } from './start-times.ts'
import { ProcessStat, STAT } from './stat.ts'
import { StatFiles } from './stat-files.ts'

/** Perwatt's own processes, with what they start. */
const OURS: Membership = { app: SELF, role: null, computes: null, holdsTerminal: false }

/** A new process may run another program soon after (fork, then exec; a shell, then what it starts): it is matched again at these ages. */
const MATCH_AGAIN_MS = [1_000, 10_000] as const
/** In one sample, at each age: a thousand processes that start together must not hold up a tick. */
const MATCH_AGAIN_AT_ONCE = 50

/** A driver's answer is a tick or two late, and a rig's tick may last ten seconds. */
const REMEMBERED_MS = 30_000

export type TableOptions = {
  readonly host: Host
  readonly matcher: Matcher
  /** Perwatt's own processes, with all that they start. */
  readonly selfPids: () => readonly number[]
  readonly imageOf: ImageOf | null
}

/** Every process ever looked at and not known to have ended; and, apart, those that belong to an app. */
export class ProcessTable {
  readonly tracked: Process[] = []
  readonly stat = new ProcessStat()
  readonly bytes = new Uint8Array(4_096)
  readonly starts: StartTimes
  readonly statFiles: StatFiles
  /** Processes that are listed and may not be looked at. */
  opaque = 0
  readonly #options: TableOptions
  readonly #known = new Map<number, Process>()
  readonly #buried: Process[] = []
  readonly #ended = new Map<number, { readonly app: AppId; readonly endedMs: number }>()
  readonly #matchAgain: { readonly process: Process; readonly dueMs: number }[][] = MATCH_AGAIN_MS.map(() => [])

  constructor(options: TableOptions) {
    this.#options = options
    this.starts = new StartTimes(options.host)
    this.statFiles = new StatFiles(options.host)
  }

  get size(): number {
    return this.#known.size
  }

  get(pid: number): Process | undefined {
    return this.#known.get(pid)
  }

  all(): Process[] {
    return [...this.#known.values()]
  }

  /** The app that a process belongs to, or belonged to until a moment ago: drivers tell late what it did last. */
  appOf(pid: number): AppId | null {
    const process = this.#known.get(pid)
    if (process !== undefined) return process.member?.app ?? null
    return this.#ended.get(pid)?.app ?? null
  }

  /** Looks at a process that was not known, or whose number is a new one's. `null` where there is none. */
  see(pid: number): Process | null {
    const before = this.#known.get(pid)
    const opened = this.statFiles.open(pid, this.tracked)
    if (!opened.ok) {
      if (before !== undefined) this.forgetAll([before])
      return opened.code === 'denied' ? this.#add(newProcess(pid, -1, 'opaque')) : null
    }
    const { stat } = this
    if (!this.#parse(opened.value) || stat.isThread) {
      opened.value.close()
      return null
    }
    if (before?.startTicks === stat.startTicks) {
      opened.value.close()
      return before
    }
    if (before !== undefined) this.forgetAll([before])
    const state = stat.isZombie ? 'zombie' : stat.isKernelThread ? 'kernel' : 'alive'
    const process = this.#add(newProcess(pid, stat.startTicks, state))
    process.ppid = stat.ppid
    process.nameHash = stat.nameHash
    if (state === 'alive') this.#recogniseNew(process, stat.name(this.bytes), opened.value)
    else opened.value.close()
    return process
  }

  /** Matches young processes for the second and third time. */
  matchAgain(nowMs: number): void {
    for (const queue of this.#matchAgain) {
      for (let count = 0; count < MATCH_AGAIN_AT_ONCE; count++) {
        const first = queue[0]
        if (first === undefined || first.dueMs > nowMs) break
        queue.shift()
        if (!first.process.isGone) this.lookAgain(first.process)
      }
    }
  }

  /** Reads name and identity of a known process again; forgets it where it has ended. */
  lookAgain(process: Process): void {
    if (process.state !== 'alive') return
    const opened = process.file === null ? this.statFiles.open(process.pid, this.tracked) : null
    if (opened !== null && !opened.ok) {
      if (opened.code === 'absent' || opened.code === 'gone') this.forgetAll([process])
      return
    }
    const file = opened?.value ?? process.file
    if (file === null) return
    const isRead = this.#parse(file)
    const isGone = isRead ? this.stat.startTicks !== process.startTicks : file.fault === 'gone'
    if (process.file === null) file.close()
    if (isGone) this.forgetAll([process])
    if (isGone || !isRead) return
    process.nameHash = this.stat.nameHash
    process.place = this.#placeOf(process.pid, this.stat.name(this.bytes))
    this.#settle(process)
  }

  /**
   * Processes that have ended, together: their last seen totals come back in the children times of whoever reaps them, past any that
   * ended in the same moment, and are not booked again.
   */
  forgetAll(gone: readonly Process[]): void {
    for (const process of gone) process.isGone = true
    for (const process of gone) {
      const reaper = process.index < 0 || process.state === 'zombie' ? null : this.#reaperOf(process)
      if (reaper !== null) owe(reaper, process)
    }
    const nowMs = this.#options.host.clock.monotonicMs()
    for (const [pid, { endedMs }] of this.#ended) if (endedMs < nowMs - REMEMBERED_MS) this.#ended.delete(pid)
    for (const process of gone) {
      if (process.member !== null) this.#ended.set(process.pid, { app: process.member.app, endedMs: nowMs })
      this.#untrack(process)
      if (this.#known.get(process.pid) === process) this.#known.delete(process.pid)
      if (process.state === 'opaque') this.opaque--
    }
  }

  /** Dead, not reaped: it does nothing more, so it is no longer read. What it did last is still to be summed in this sample. */
  bury(process: Process): void {
    this.#reaperOf(process)?.zombies.push(process)
    process.state = 'zombie'
    process.file?.close()
    process.file = null
    this.#buried.push(process)
  }

  isReaped(zombie: Process): boolean {
    return this.#known.get(zombie.pid) !== zombie || !this.#options.host.files.owner(`/proc/${zombie.pid}`).ok
  }

  /** At the next sample those that were buried are out of the count. */
  dropBuried(): void {
    for (const process of this.#buried) this.#untrack(process)
    this.#buried.length = 0
  }

  close(): void {
    for (const process of this.tracked) process.file?.close()
    this.tracked.length = 0
    this.#known.clear()
  }

  #parse(file: KeptFile): boolean {
    const length = file.read(this.bytes)
    return length > 0 && this.stat.parse(this.bytes, length, STAT.processor)
  }

  #add(process: Process): Process {
    if (process.state === 'opaque') this.opaque++
    this.#known.set(process.pid, process)
    return process
  }

  #recogniseNew(process: Process, name: string, file: KeptFile): void {
    process.place = this.#placeOf(process.pid, name)
    process.above = this.#parentOf(process)?.member ?? null
    process.member = process.place(process.above)
    const ageMs = this.starts.ageMs(process.startTicks)
    for (const [index, dueAgeMs] of MATCH_AGAIN_MS.entries()) {
      if (ageMs > dueAgeMs) continue
      this.#matchAgain[index]?.push({ process, dueMs: this.#options.host.clock.monotonicMs() + dueAgeMs })
    }
    if (process.member === null) file.close()
    else {
      this.#track(process)
      this.statFiles.keep(process, file)
    }
  }

  #placeOf(pid: number, name: string): Place {
    const { host, matcher, selfPids, imageOf } = this.#options
    if (selfPids().includes(pid)) return isSelf
    if (host.appHint === undefined) return matcher.recognise(readIdentity(host, pid, name, imageOf))
    const hinted = host.appHint(pid)
    return hinted === null ? INHERITED : () => ({ ...OURS, app: AppId.parse(hinted) })
  }

  /** A parent that was not seen yet is looked at first. One that is younger is not the parent: its number was reused. */
  #parentOf(process: Process): Process | null {
    if (process.ppid <= 0 || process.ppid === process.pid) return null
    const parent = this.#known.get(process.ppid) ?? this.see(process.ppid)
    return parent === null || parent.startTicks > process.startTicks ? null : parent
  }

  /** Finds its app anew and hands a change on to all below it. */
  #settle(process: Process): void {
    const before = process.member
    const member = process.place(process.above)
    process.member = member
    if (member === null) this.#untrack(process)
    else if (process.index < 0) this.#track(process)
    if (member?.app === before?.app && member?.holdsTerminal === before?.holdsTerminal) return
    for (const child of this.#known.values()) {
      if (child.ppid !== process.pid || child.startTicks < process.startTicks || child.state !== 'alive') continue
      if (child === process || child.above === member) continue
      child.above = member
      this.#settle(child)
    }
  }

  /** What it did before this sample is not booked to anybody now. */
  #track(process: Process): void {
    process.index = this.tracked.length
    this.tracked.push(process)
    process.needsBase = !this.starts.hasStartedSince(process.startTicks)
    process.readMs = this.starts.sampledMs ?? 0
    process.ownTicks = 0
    process.childTicks = 0
  }

  #untrack(process: Process): void {
    process.file?.close()
    process.file = null
    const last = this.tracked.at(-1)
    if (process.index < 0 || last === undefined) return
    this.tracked[process.index] = last
    last.index = process.index
    this.tracked.pop()
    process.index = -1
  }

  #reaperOf(process: Process): Process | null {
    let reaper = this.#known.get(process.ppid)
    for (let steps = 0; reaper?.isGone === true && steps < 64; steps++) reaper = this.#known.get(reaper.ppid)
    return reaper !== undefined && reaper.index >= 0 && reaper !== process ? reaper : null
  }
}

function isSelf(): Membership {
  return OURS
}
