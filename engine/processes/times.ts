import type { FileFault, KeptFile } from '../host/host.ts'
import type { Process } from './process.ts'
import { STAT } from './stat.ts'
import type { ProcessTable } from './table.ts'

/** utime and stime are each cut to whole ticks, and the clock moves on while the processes are read. */
const SLACK_MS = 50

export type TimesOptions = {
  readonly table: ProcessTable
  readonly nowMs: number
  readonly ticksPerS: number
  readonly logicalCpus: number
  /** Whether the CPU it last ran on matters. */
  readonly wantsCpu: boolean
  /** Nothing is booked: the first sample, or the first after a gap. */
  readonly isFresh: boolean
}

/** What reading could not make sense of, in this sample. */
export type TimesRead = { readonly unreadable: number; readonly noDescriptor: number }

/** Reads the times of all tracked processes into their deltas; buries zombies and forgets what has ended. */
export function readTimes(options: TimesOptions): TimesRead {
  const { table } = options
  const gone: Process[] = []
  const dead: Process[] = []
  const renamed: Process[] = []
  let unreadable = 0
  let noDescriptor = 0
  table.dropBuried()
  for (const process of table.tracked) {
    process.ownDeltaTicks = 0
    process.childDeltaTicks = 0
    const fault = readStat(table, process, options.wantsCpu)
    if (process.file === null) noDescriptor++
    if (fault === 'gone' || fault === 'absent') gone.push(process)
    else if (fault !== null) unreadable++
    else {
      if (!note(process, options)) unreadable++
      if (table.stat.nameHash !== process.nameHash) renamed.push(process)
      if (table.stat.isZombie) dead.push(process)
    }
  }
  if (gone.length > 0) table.forgetAll(gone)
  for (const process of dead) table.bury(process)
  for (const process of renamed) table.lookAgain(process)
  return { unreadable, noDescriptor }
}

function readStat(table: ProcessTable, process: Process, wantsCpu: boolean): FileFault | null {
  if (process.file === null) return readOnce(table, process)
  const length = process.file.read(table.bytes)
  if (length < 0) return process.file.fault ?? 'broken'
  return table.stat.parse(table.bytes, length, wantsCpu ? STAT.processor : STAT.threads) ? null : 'broken'
}

/** Without a kept descriptor the number may have become another process's. */
function readOnce(table: ProcessTable, process: Process): FileFault | null {
  const opened = table.statFiles.open(process.pid, table.tracked)
  if (!opened.ok) return opened.code
  const file: KeptFile = opened.value
  const length = file.read(table.bytes)
  const fault = length < 0 ? (file.fault ?? 'broken') : null
  const isRead = fault === null && table.stat.parse(table.bytes, length, STAT.processor)
  const isOther = isRead && table.stat.startTicks !== process.startTicks
  if (isRead && !isOther) table.statFiles.keep(process, file)
  else file.close()
  if (isOther) return 'gone'
  return isRead ? null : (fault ?? 'broken')
}

/** `false` where the times jumped by more than the machine can do: then nothing is booked, and counting goes on from there. */
function note(process: Process, options: TimesOptions): boolean {
  const { stat } = options.table
  const { ownTicks, childTicks } = stat
  const ownDeltaTicks = ownTicks - process.ownTicks
  const childDeltaTicks = childTicks - process.childTicks
  const mostMs = (options.nowMs - process.readMs) * options.logicalCpus + SLACK_MS
  const isPossible = ownDeltaTicks >= 0 && (ownDeltaTicks * 1_000) / options.ticksPerS <= mostMs
  const isBooked = !process.needsBase && !options.isFresh
  if (isBooked && isPossible) {
    process.ownDeltaTicks = ownDeltaTicks
    process.childDeltaTicks = Math.max(0, childDeltaTicks)
  }
  if (options.isFresh) {
    process.vanishedTicks = 0
    process.zombies = []
  }
  process.needsBase = false
  process.readMs = options.nowMs
  process.ownTicks = ownTicks
  process.childTicks = childTicks
  process.ppid = stat.ppid
  if (options.wantsCpu) process.cpu = stat.processor
  return isPossible || !isBooked
}
