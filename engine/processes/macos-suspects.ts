import type { Look } from './macos-look.ts'
import type { MacTable } from './macos-table.ts'
import { msOf } from './macos-times.ts'
import type { UnnamedProcess } from './sampler.ts'

/** Busy time that no app explains is looked into above this, in cores, over this long, and so often at most (as suspects.ts). */
const SUSPICIOUS_CORES = 0.2
const WINDOW_MS = 10_000
const LOOK_EVERY_MS = 60_000
/** Between the two looks at everything. Slightly less than a second: a tick may come a little early. */
const APART_MS = 950
/** A process below this is not heavy. */
const HEAVY_CORES = 0.05
const MOST_NAMED = 8

type Seen = { readonly startTicks: number; readonly ownTicks: number }
type Scan = { readonly atMs: number; readonly seenByPid: ReadonlyMap<number, Seen> }

/**
 * Looks on macOS for who uses the CPU time that no app explains: two looks at the times of all processes, a second apart. Those of other
 * users are denied, so that only one's own can be offered for naming.
 */
export class MacSuspects {
  unnamed: readonly UnnamedProcess[] = []
  /** The next look should bring the times of all processes. */
  wantsAll = false
  #windowMs = 0
  #unexplainedMs = 0
  #scan: Scan | null = null
  #scannedMs = Number.NEGATIVE_INFINITY

  /** Once a sample. */
  watch(nowMs: number, intervalMs: number, unexplainedMs: number): void {
    this.#windowMs += intervalMs
    this.#unexplainedMs += unexplainedMs
    if (this.#windowMs < WINDOW_MS) return
    const isSuspicious = this.#unexplainedMs > SUSPICIOUS_CORES * this.#windowMs
    if (isSuspicious && nowMs - this.#scannedMs >= LOOK_EVERY_MS) this.wantsAll = true
    this.#windowMs = 0
    this.#unexplainedMs = 0
  }

  /** With every look; one that was asked for before, and holds the times of apps alone, changes nothing. */
  take(look: Look, table: MacTable, atMs: number): void {
    if (!this.wantsAll || look.usages.length * 2 < table.pids().length) return
    if (this.#scan === null) this.#scan = { atMs, seenByPid: timesIn(look) }
    else if (atMs - this.#scan.atMs >= APART_MS) this.#compare(this.#scan, look, table, atMs)
  }

  /** After a gap: what was seen before it cannot be compared. */
  restart(): void {
    this.wantsAll = false
    this.#scan = null
    this.#windowMs = 0
    this.#unexplainedMs = 0
  }

  /** New rules: what was offered may have a name now; the next look tells. */
  forgetNamed(): void {
    this.unnamed = []
    this.#scannedMs = Number.NEGATIVE_INFINITY
  }

  #compare(scan: Scan, look: Look, table: MacTable, atMs: number): void {
    const byExe = new Map<string, { cpuCores: number; processes: number }>()
    for (const [pid, { startTicks, ownTicks }] of timesIn(look)) {
      const before = scan.seenByPid.get(pid)
      const process = table.get(pid)
      if (before?.startTicks !== startTicks || process === undefined || process.member !== null) continue
      const cpuCores = msOf(ownTicks - before.ownTicks, look.timebase) / (atMs - scan.atMs)
      if (cpuCores < HEAVY_CORES) continue
      const sum = byExe.get(process.name) ?? { cpuCores: 0, processes: 0 }
      byExe.set(process.name, { cpuCores: sum.cpuCores + cpuCores, processes: sum.processes + 1 })
    }
    this.unnamed = Array.from(byExe, ([exe, sum]) => ({ exe, ...sum }))
      .toSorted((a, b) => b.cpuCores - a.cpuCores || (a.exe < b.exe ? -1 : 1))
      .slice(0, MOST_NAMED)
    this.wantsAll = false
    this.#scan = null
    this.#scannedMs = atMs
  }
}

function timesIn({ usages }: Look): Map<number, Seen> {
  return new Map(usages.flatMap(({ pid, usage }) => (typeof usage === 'object' ? [[pid, usage] as const] : [])))
}
