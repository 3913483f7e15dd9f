import type { UnnamedProcess } from './sampler.ts'
import type { WindowsProcess } from './windows-table.ts'

/** Over this long, and above this, a process without an app is offered for naming. */
const WINDOW_MS = 10_000
const HEAVY_CORES = 0.05
const MOST_NAMED = 8
/** The kernel itself runs no program. */
const SYSTEM_PID = 4

/** Who uses the CPU and belongs to no app, where every process is read at each look anyway. */
export interface Heavy {
  readonly unnamed: readonly UnnamedProcess[]
  /** Once a sample, with all processes. */
  watch(processes: ReadonlyMap<number, WindowsProcess>, intervalMs: number): void
  /** After a gap, or where rules have changed: what was offered may have a name now. */
  restart(): void
}

export function createHeavy(): Heavy {
  let unnamed: readonly UnnamedProcess[] = []
  let windowMs = 0
  const busyMsByPid = new Map<number, number>()

  function name(processes: ReadonlyMap<number, WindowsProcess>): void {
    const byName = new Map<string, { cpuCores: number; processes: number }>()
    for (const process of processes.values()) {
      const cpuCores = (busyMsByPid.get(process.pid) ?? 0) / windowMs
      if (process.member !== null || cpuCores < HEAVY_CORES) continue
      const sum = byName.get(process.name) ?? { cpuCores: 0, processes: 0 }
      byName.set(process.name, { cpuCores: sum.cpuCores + cpuCores, processes: sum.processes + 1 })
    }
    unnamed = Array.from(byName, ([exe, sum]) => ({ exe, ...sum }))
      .toSorted((a, b) => b.cpuCores - a.cpuCores || (a.exe < b.exe ? -1 : 1))
      .slice(0, MOST_NAMED)
  }

  return {
    get unnamed() {
      return unnamed
    },
    watch(processes, intervalMs) {
      if (intervalMs === 0) return
      windowMs += intervalMs
      for (const { pid, busyDeltaMs, member } of processes.values()) {
        if (member !== null || busyDeltaMs === 0 || pid === SYSTEM_PID) continue
        busyMsByPid.set(pid, (busyMsByPid.get(pid) ?? 0) + busyDeltaMs)
      }
      if (windowMs < WINDOW_MS) return
      name(processes)
      windowMs = 0
      busyMsByPid.clear()
    },
    restart() {
      unnamed = []
      windowMs = 0
      busyMsByPid.clear()
    },
  }
}
