import type { Look, ProcessUsage } from './macos-look.ts'
import type { MacProcess, MacTable } from './macos-table.ts'

/** Processes are read one after another, a moment apart. */
const SLACK_MS = 50
/** More than a CPU of any Mac draws: such an energy is no energy. */
const MOST_W = 500

export type TimesOptions = {
  /** Nothing is booked: the first look, or the first after a gap. */
  readonly isFresh: boolean
  /** CPU time that all CPUs have in this interval. */
  readonly mostMs: number
  readonly nowMs: number
}

/** Takes the times of all tracked processes into their deltas and forgets what has ended; how many could not be read. */
export function noteUsages(table: MacTable, look: Look, options: TimesOptions): number {
  for (const process of table.tracked) {
    process.ownDeltaTicks = 0
    process.childDeltaTicks = 0
    process.energyDeltaNj = 0
  }
  const gone: number[] = []
  let unreadable = 0
  for (const { pid, usage } of look.usages) {
    const process = table.get(pid)
    if (process === undefined) continue
    if (usage === 'gone') gone.push(pid)
    else if (usage === 'denied') unreadable += table.tracked.has(process) ? 1 : 0
    else if (!note(table, process, usage, look, options)) unreadable += table.tracked.has(process) ? 1 : 0
  }
  table.forget(gone)
  return unreadable
}

/** `false` where the times jumped by more than the machine can do: then nothing is booked, and counting goes on from there. */
function note(
  table: MacTable,
  process: MacProcess,
  usage: ProcessUsage,
  { timebase }: Look,
  { isFresh, mostMs, nowMs }: TimesOptions,
): boolean {
  // Its number is another's now, and the next list will say so.
  if (process.startTicks !== 0 && process.startTicks !== usage.startTicks) {
    table.forget([process.pid])
    return true
  }
  const ownDeltaTicks = usage.ownTicks - process.ownTicks
  const childDeltaTicks = usage.childTicks - process.childTicks
  const ownMs = msOf(ownDeltaTicks, timebase)
  const isPossible = ownDeltaTicks >= 0 && ownMs <= mostMs + SLACK_MS
  const isBooked = !isFresh && !process.needsBase
  if (isBooked && isPossible) {
    process.ownDeltaTicks = ownDeltaTicks
    process.childDeltaTicks = Math.max(0, childDeltaTicks)
    process.energyDeltaNj = energyBetween(process.energyNj ?? 0, usage.energyNj, ownMs)
  }
  if (isFresh) process.vanishedTicks = 0
  table.noteImage(process, usage, nowMs)
  process.startTicks = usage.startTicks
  process.needsBase = false
  process.ownTicks = usage.ownTicks
  process.childTicks = usage.childTicks
  process.energyNj = usage.energyNj
  return isPossible || !isBooked
}

/** `null` where the kernel does not count it (Intel: always 0), or counted nonsense. */
function energyBetween(beforeNj: number, nowNj: number | null, ownMs: number): number | null {
  if (nowNj === null || nowNj === 0) return null
  const energyNj = nowNj - beforeNj
  return energyNj >= 0 && energyNj / 1e6 <= MOST_W * (ownMs + SLACK_MS) ? energyNj : null
}

/** A Mach tick is 125/3 ns on Apple's chips and 1 ns on Intel's. */
export function msOf(ticks: number, { numerator, denominator }: Look['timebase']): number {
  return (ticks * numerator) / denominator / 1e6
}
