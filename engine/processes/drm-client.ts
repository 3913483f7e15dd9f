import type { EngineRecord, FdinfoRecord } from './fdinfo-text.ts'

/** A count that runs ahead by more than this was never worked: the driver or the text is wrong, and counting begins anew. */
const JUMP_MS = 60_000

type Counted = { busy: number; total: number }

/**
 * One opening of a device, however many descriptors of however many processes stand for it. Kernel: Documentation/gpu/drm-usage-stats.rst.
 */
export class DrmClient {
  readonly driver: string
  readonly device: string
  memoryBytes: number | null = null
  cardBytes = 0
  /** Engine time between the last two looks, ms; `null` after the first, and where nothing is counted. */
  busyMsByEngine: ReadonlyMap<string, number> | null = null
  /** Whether its driver tells time at all. */
  tellsTime = false
  /** Monotonic time of the last look. */
  takenMs: number | null = null
  readonly #counted = new Map<string, Counted>()

  constructor(driver: string, device: string) {
    this.driver = driver
    this.device = device
  }

  take(record: FdinfoRecord, atMs: number): void {
    const intervalMs = this.takenMs === null ? null : atMs - this.takenMs
    this.takenMs = atMs
    this.memoryBytes = record.memoryBytes
    this.cardBytes = record.cardBytes
    // amdgpu leaves out the engines on which a client never worked: none of them is none at work.
    const leavesOutZero = record.driver === 'amdgpu'
    this.tellsTime = record.engines.size > 0 || leavesOutZero
    const busyMs = new Map<string, number>()
    for (const [name, engine] of record.engines) {
      const before = this.#counted.get(name) ?? (leavesOutZero && intervalMs !== null ? { busy: 0, total: 0 } : null)
      const ms = this.#advance(name, engine, before, intervalMs ?? 0)
      if (ms !== null) busyMs.set(name, ms)
    }
    const isTold = intervalMs !== null && (busyMs.size > 0 || leavesOutZero)
    this.busyMsByEngine = isTold ? busyMs : null
  }

  /** `null` where nothing is known of the interval. A count that steps back stays where it was until it has caught up. */
  #advance(name: string, engine: EngineRecord, before: Counted | null, intervalMs: number): number | null {
    if (engine.kind === 'share') return engine.ratio * intervalMs
    const now = countedOf(engine)
    const busy = Math.max(now.busy, before?.busy ?? 0)
    this.#counted.set(name, { busy, total: now.total })
    if (before === null) return null
    const ms = msOf(engine, busy - before.busy, now.total - before.total, intervalMs)
    if (ms === null) return null
    if (ms > intervalMs + JUMP_MS) {
      this.#counted.set(name, now)
      return null
    }
    // Drivers that count a job when it ends book a long one at once: of this interval it can have been all.
    return Math.min(ms, intervalMs)
  }
}

function countedOf(engine: Exclude<EngineRecord, { kind: 'share' }>): Counted {
  if (engine.kind === 'time') return { busy: engine.busyNs, total: 0 }
  return { busy: engine.cycles, total: engine.kind === 'cycles' ? engine.totalCycles : 0 }
}

/** Of an engine that there are several of, the mean of them all: what one client can get of it is 100 %. */
function msOf(
  engine: Exclude<EngineRecord, { kind: 'share' }>,
  busy: number,
  total: number,
  intervalMs: number,
): number | null {
  switch (engine.kind) {
    case 'time':
      return busy / 1e6 / engine.capacity
    case 'cycles':
      return total > 0 ? ((busy / total) * intervalMs) / engine.capacity : null
    case 'clock':
      return (busy / engine.maxHz) * (1_000 / engine.capacity)
  }
}
