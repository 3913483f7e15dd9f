import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ: `/proc/PID/stat` counts in it on every architecture that we run on. */
const TICK_MS = 10

/** CPU time that a process has used up to a moment, user and system. */
export type CpuMark = {
  /** Of each thread that lives, to the nanosecond (`schedstat`). */
  readonly threadsMs: ReadonlyMap<string, number>
  /** Of the whole with threads that have ended, and of reaped children: in steps of 10 ms (`stat`). */
  readonly wholeMs: number
  readonly childrenMs: number
}

/** @throws where there is no such process. */
export function cpuMark(pid: number): CpuMark {
  const threads = readdirSync(`/proc/${pid}/task`)
  const schedstats = threads.map((id): [string, string] => [id, readOrEmpty(`/proc/${pid}/task/${id}/schedstat`)])
  return cpuMarkFrom(readFileSync(`/proc/${pid}/stat`, 'latin1'), schedstats)
}

export function cpuMarkFrom(stat: string, schedstats: readonly (readonly [thread: string, text: string])[]): CpuMark {
  const fields = fieldsOf(stat)
  const ticksMs = (index: number) => Number(fields[index]) * TICK_MS
  return {
    threadsMs: new Map(schedstats.map(([thread, text]) => [thread, Number(text.split(' ', 1)[0]) / 1e6])),
    wholeMs: ticksMs(11) + ticksMs(12),
    childrenMs: ticksMs(13) + ticksMs(14),
  }
}

/** CPU ms between two marks of a process. What a thread used that ended in between is only in the whole, less its step. */
export function cpuMsBetween(before: CpuMark, after: CpuMark): number {
  let threadsMs = 0
  for (const [thread, ms] of after.threadsMs) threadsMs += ms - (before.threadsMs.get(thread) ?? 0)
  const wholeMs = after.wholeMs - before.wholeMs - TICK_MS
  return Math.max(threadsMs, wholeMs) + after.childrenMs - before.childrenMs
}

/** CPU ms since a mark. */
export function cpuMsSince(pid: number, before: CpuMark): number {
  return cpuMsBetween(before, cpuMark(pid))
}

/** Behind the name, which may hold blanks and parentheses: state, ppid, … (proc_pid_stat(5)). */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Marks of several processes; one that has ended is in its parent's children. */
export function cpuMarks(pids: readonly number[]): ReadonlyMap<number, CpuMark> {
  const marks = new Map<number, CpuMark>()
  for (const pid of pids) {
    const mark = ifThere(() => cpuMark(pid))
    if (mark !== null) marks.set(pid, mark)
  }
  return marks
}

const NOTHING: CpuMark = { threadsMs: new Map(), wholeMs: 0, childrenMs: 0 }

export function cpuMsOfAll(before: ReadonlyMap<number, CpuMark>, after: ReadonlyMap<number, CpuMark>): number {
  let ms = 0
  for (const [pid, mark] of after) ms += cpuMsBetween(before.get(pid) ?? NOTHING, mark)
  return ms
}

export type Memory = {
  /** Proportional set size: each page divided by how many processes share it. */
  readonly pssMb: number
  /** What would be given back if these processes ended: pages of their own, written or not. */
  readonly ownMb: number
}

/** Of several processes; those that have ended hold none. */
export function memoryOf(pids: readonly number[]): Memory {
  const each = pids.flatMap((pid) => ifThere(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? [])
  const sumMb = (...fields: string[]) =>
    each.reduce((sum, text) => sum + fields.reduce((kib, field) => kib + kibOf(text, field), 0), 0) / 1_024
  return { pssMb: sumMb('Pss'), ownMb: sumMb('Private_Clean', 'Private_Dirty') }
}

function kibOf(smaps: string, field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(smaps)?.[1]
  if (kib === undefined) throw new Error(`the kernel tells no ${field}`)
  return Number(kib)
}

export function processCount(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length
}

/** The process and all that descends from it. */
export function treeOf(pid: number): number[] {
  const threads = ifThere(() => readdirSync(`/proc/${pid}/task`)) ?? []
  const children = threads.flatMap((thread) => readOrEmpty(`/proc/${pid}/task/${thread}/children`).split(' '))
  return [pid, ...children.filter((child) => child !== '').flatMap((child) => treeOf(Number(child)))]
}

export function nameOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/comm`).trim()
}

function readOrEmpty(file: string): string {
  return ifThere(() => readFileSync(file, 'latin1')) ?? ''
}

/** `null` where the process has ended; anything else that goes wrong is no figure either, and is thrown. */
function ifThere<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null
    throw error
  }
}
