import type { Host, KeptFile } from '../host/host.ts'
import type { ProcessTable } from './table.ts'

/** The table is looked through at most so often. */
const LIST_EVERY_MS = 2_000
/** Up to so many new numbers are tried one by one, which costs less than to list all. */
const TRY_AT_MOST = 64
/** A number is given out a moment before its process is counted and visible: the last few are tried again. */
const TRY_AGAIN = 2
/** Ended processes are forgotten at the next listing; it is due when the table has grown by so many. */
const GROWTH = 512

/**
 * Finds new processes at a cost that does not depend on how many there are. While the kernel's count of forks stands still there is
 * nothing to find. Numbers are given out in order and /proc/loadavg tells the last, so a few new ones are tried one by one; after many,
 * or where the order is not known, /proc is listed, and only numbers that were not seen are opened.
 */
export class Finder {
  readonly #host: Host
  readonly #table: ProcessTable
  readonly #bytes = new Uint8Array(128)
  #loadavg: KeptFile | null = null
  #forks: number | null = null
  #lastPid: number | null = null
  #listedMs = Number.NEGATIVE_INFINITY
  #listedSize = 0

  constructor(host: Host, table: ProcessTable) {
    this.#host = host
    this.#table = table
  }

  look(nowMs: number, forks: number): void {
    if (forks === this.#forks) return
    const lastPid = this.#readLastPid()
    if (this.#canTry(forks, lastPid)) this.#tryNew(lastPid)
    else if (nowMs - this.#listedMs < LIST_EVERY_MS) return
    else this.list(nowMs, lastPid)
    this.#forks = forks
    this.#lastPid = lastPid
  }

  /** Looks through all of /proc: opens what was not seen, forgets what is no longer there. */
  list(nowMs: number, lastPid: number | null = this.#readLastPid()): void {
    const names = this.#host.files.list('/proc')
    if (!names.ok) return
    const there = new Set<number>()
    for (const name of names.value) {
      const first = name.charCodeAt(0)
      if (first < 49 || first > 57) continue
      const pid = Number(name)
      there.add(pid)
      if (this.#table.get(pid) === undefined || this.#isReused(pid, lastPid)) this.#table.see(pid)
    }
    const gone = this.#table.all().filter((process) => process.index < 0 && !there.has(process.pid))
    this.#table.forgetAll(gone)
    this.#listedMs = nowMs
    this.#listedSize = this.#table.size
  }

  close(): void {
    this.#loadavg?.close()
    this.#loadavg = null
  }

  #canTry(forks: number, lastPid: number | null): lastPid is number {
    if (this.#forks === null || this.#lastPid === null || lastPid === null) return false
    if (this.#table.size > this.#listedSize + GROWTH) return false
    const tries = lastPid - this.#lastPid
    // A count that moved much further than the numbers means that they began anew.
    return tries > 0 && tries <= TRY_AT_MOST && forks - this.#forks <= TRY_AT_MOST * 4
  }

  #tryNew(lastPid: number): void {
    const before = this.#lastPid ?? lastPid
    for (let pid = Math.max(1, before - TRY_AGAIN + 1); pid <= lastPid; pid++) {
      if (pid <= before && this.#table.get(pid) !== undefined) continue
      // Cheaper than to fail at opening: most are threads or have ended.
      if (this.#host.files.owner(`/proc/${pid}`).ok) this.#table.see(pid)
    }
  }

  /** Given out since the last look, so that a process seen before under this number has ended. */
  #isReused(pid: number, lastPid: number | null): boolean {
    if (this.#lastPid === null || lastPid === null || lastPid === this.#lastPid) return false
    if (lastPid > this.#lastPid) return pid > this.#lastPid && pid <= lastPid
    return pid > this.#lastPid || pid <= lastPid
  }

  /** Last field of /proc/loadavg: the process or thread number given out last in our namespace (proc_loadavg(5)). */
  #readLastPid(): number | null {
    if (this.#loadavg === null) {
      const opened = this.#host.files.open('/proc/loadavg')
      if (!opened.ok) return null
      this.#loadavg = opened.value
    }
    const length = this.#loadavg.read(this.#bytes)
    if (length <= 0) return null
    let at = length - 1
    while (at >= 0 && this.#bytes[at] === 10) at--
    let pid = 0
    for (let scale = 1; at >= 0; at--, scale *= 10) {
      const digit = (this.#bytes[at] as number) - 48
      if (digit < 0 || digit > 9) break
      pid += digit * scale
    }
    return this.#bytes[at] === 32 && pid > 0 && pid <= MAX_PID ? pid : null
  }
}

/** `PID_MAX_LIMIT` of include/linux/threads.h. */
const MAX_PID = 4_194_304
