import type { Host } from '../host/host.ts'
import type { Finder } from './finder.ts'
import { readExe } from './identity.ts'
import type { Process } from './process.ts'
import type { UnnamedProcess } from './sampler.ts'
import { STAT } from './stat.ts'
import type { ProcessTable } from './table.ts'

/** Busy time that no known process explains is looked into above this, in cores, over this long, and so often at most. */
const SUSPICIOUS_CORES = 0.2
const WINDOW_MS = 10_000
const LOOK_EVERY_MS = 60_000
/** Between the two looks at everything. Slightly less than a second: a tick may come a little early. */
const APART_MS = 950
/** A process below this is not heavy. */
const HEAVY_CORES = 0.05
const MOST_NAMED = 8

type Seen = { readonly process: Process; readonly ownTicks: number }
type Scan = { readonly atMs: number; readonly seen: readonly Seen[] }

/** Looks for who uses the CPU time that no known process explains: matches the heavy ones anew and names those without an app. */
export class Suspects {
  unnamed: readonly UnnamedProcess[] = []
  readonly #host: Host
  readonly #table: ProcessTable
  readonly #finder: Finder
  #windowMs = 0
  #unexplainedMs = 0
  #scan: Scan | null = null
  #scannedMs = Number.NEGATIVE_INFINITY

  constructor(host: Host, table: ProcessTable, finder: Finder) {
    this.#host = host
    this.#table = table
    this.#finder = finder
  }

  /** Once a sample. */
  watch(nowMs: number, intervalMs: number, unexplainedMs: number): void {
    if (this.#scan !== null && nowMs - this.#scan.atMs >= APART_MS) this.#compare(this.#scan, nowMs)
    this.#windowMs += intervalMs
    this.#unexplainedMs += unexplainedMs
    if (this.#windowMs < WINDOW_MS) return
    const isSuspicious = this.#unexplainedMs > SUSPICIOUS_CORES * this.#windowMs
    if (isSuspicious && this.#scan === null && nowMs - this.#scannedMs >= LOOK_EVERY_MS) this.#begin(nowMs)
    this.#windowMs = 0
    this.#unexplainedMs = 0
  }

  /** After a gap: what was seen before it cannot be compared. */
  restart(): void {
    this.#scan = null
    this.#windowMs = 0
    this.#unexplainedMs = 0
  }

  /** New rules: what was offered may have a name now; the next look tells. */
  forgetNamed(): void {
    this.unnamed = []
    this.#scannedMs = Number.NEGATIVE_INFINITY
  }

  #begin(nowMs: number): void {
    this.#finder.list(nowMs)
    const seen: Seen[] = []
    for (const process of this.#table.all()) {
      const ownTicks = this.#readTicks(process)
      if (ownTicks !== null) seen.push({ process, ownTicks })
    }
    this.#scan = { atMs: nowMs, seen }
    this.#scannedMs = nowMs
  }

  #compare(scan: Scan, nowMs: number): void {
    this.#scan = null
    const byExe = new Map<string, { cpuCores: number; processes: number }>()
    for (const { process, ownTicks } of scan.seen) {
      const nowTicks = this.#readTicks(process)
      if (nowTicks === null) continue
      const cpuCores = ((nowTicks - ownTicks) * 1_000) / this.#host.ticksPerS / (nowMs - scan.atMs)
      if (cpuCores < HEAVY_CORES) continue
      const name = this.#table.stat.name(this.#table.bytes)
      this.#table.lookAgain(process)
      if (process.member !== null || process.isGone) continue
      const exe = readExe(this.#host, process.pid, name)
      const sum = byExe.get(exe) ?? { cpuCores: 0, processes: 0 }
      byExe.set(exe, { cpuCores: sum.cpuCores + cpuCores, processes: sum.processes + 1 })
    }
    this.unnamed = [...byExe]
      .map(([exe, sum]) => ({ exe, ...sum }))
      .toSorted((a, b) => b.cpuCores - a.cpuCores || (a.exe < b.exe ? -1 : 1))
      .slice(0, MOST_NAMED)
  }

  /** `null` where there is nothing to name: an app's process, the kernel's, one that ended or whose number is another's now. */
  #readTicks(process: Process): number | null {
    if (process.state !== 'alive' || process.index >= 0) return null
    const opened = this.#table.statFiles.open(process.pid, this.#table.tracked)
    if (!opened.ok) return null
    const { stat, bytes } = this.#table
    const length = opened.value.read(bytes)
    opened.value.close()
    if (length <= 0 || !stat.parse(bytes, length, STAT.startTicks)) return null
    return stat.startTicks === process.startTicks ? stat.ownTicks : null
  }
}
