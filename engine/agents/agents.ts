import type { AppId } from '../../contract/ids.ts'
import type { Cancel, Clock } from '../clock/clock.ts'
import type { AgentMachine, AgentReader } from './agent-log.ts'
import { AgentReading, type AgentView } from './agent-reading.ts'
import type { KeptState } from './counted.ts'
import { tailBuffer } from './log-tail.ts'
import { agentReaders } from './registry.ts'
import type { UsageRecord } from './usage-record.ts'

export type AgentsParts = AgentMachine &
  KeptState & {
    readonly clock: Clock
    /** A keyed hash of a working directory. */
    readonly projectKey: (folder: string) => string
    /** Use from before this is remembered and not told: no energy was measured beside it. Wall time. */
    readonly sinceMs: number
    readonly onUsage: (record: UsageRecord) => void
    readonly readers?: readonly AgentReader[]
  }

/** Usage logs of coding agents and chat clients on this machine: found, read as they grow, and counted once. */
export interface Agents {
  /** Once a tick; starts what is due off the tick. `busyApps`: apps whose processes worked in this tick. */
  tick(busyApps: ReadonlySet<AppId>): void
  /**
   * Saves how far was read. Whoever keeps the records calls this right after it has put them down, so that both are kept or lost together:
   * then a crash neither counts twice nor forgets.
   */
  keep(): void
  views(): readonly AgentView[]
  close(): void
}

const BUSY_LOOK_MS = 3_000
const IDLE_LOOK_MS = 60_000
const FULL_LOOK_MS = 600_000
/** An agent that waits for an answer takes no processor time. */
const STAYS_BUSY_MS = 60_000

/** As long as this the tick may have to wait for us; then others get their turn, and we a quarter of one core at most. */
const SLICE_MS = 3
const PAUSE_MS = 12
/** A clock that stands still while we work would never say that the slice is over. */
const MOST_STEPS = 64

export function createAgents(parts: AgentsParts): Agents {
  const { clock } = parts
  const readings = (parts.readers ?? agentReaders).map((reader) => new AgentReading(reader, parts))
  let work: Generator<void> | null = null
  let cancel: Cancel | null = null

  function tick(busyApps: ReadonlySet<AppId>): void {
    const nowMs = clock.monotonicMs()
    for (const reading of readings) reading.noteBusy(busyApps, nowMs + STAYS_BUSY_MS)
    if (work !== null) return
    const due = readings.filter((reading) => isDue(reading, nowMs))
    if (due.length === 0) return
    work = readAll(due, nowMs)
    cancel = clock.after(0, step, { background: true })
  }

  function* readAll(due: readonly AgentReading[], nowMs: number): Generator<void> {
    const buffer = tailBuffer()
    for (const reading of due) {
      const isFull = nowMs - reading.fullMs >= (reading.isThere ? FULL_LOOK_MS : IDLE_LOOK_MS)
      yield* reading.read(isFull, nowMs, buffer)
    }
  }

  function step(): void {
    cancel = null
    const endMs = clock.monotonicMs() + SLICE_MS
    for (let steps = 0; steps < MOST_STEPS && clock.monotonicMs() < endMs; steps++) {
      if (work === null || work.next().done !== true) continue
      work = null
      return
    }
    cancel = clock.after(PAUSE_MS, step, { background: true })
  }

  return {
    tick,
    keep() {
      for (const reading of readings) reading.keep()
    },
    views: () => readings.filter(({ isThere }) => isThere).map((reading) => reading.view()),
    close() {
      cancel?.()
      cancel = null
      work?.return(undefined)
      work = null
    },
  }
}

/** Logs of an agent that is not here are looked for as often as those of one that rests. */
function isDue(reading: AgentReading, nowMs: number): boolean {
  const everyMs = reading.busyUntilMs > nowMs ? BUSY_LOOK_MS : IDLE_LOOK_MS
  return nowMs - reading.lookedMs >= everyMs
}
