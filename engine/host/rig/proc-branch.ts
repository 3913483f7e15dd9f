import { type Branch, FAULTS, type FileText } from './branch.ts'
import { FIRST_IDLE_PID } from './lives.ts'
import type { Machine, ShortChild } from './machine.ts'
import { machineStat, uptimeText } from './machine-text.ts'
import { idleStat, processCgroup, processStat, processStatus, programOf, shortChildStat } from './proc-text.ts'
import type { ProcessState } from './processes.ts'

const FILES = ['cgroup', 'cmdline', 'comm', 'cwd', 'environ', 'exe', 'stat', 'status'] as const
/** Need ptrace access: one's own processes only (proc(5)). */
const PRIVATE = new Set(['environ', 'exe', 'cwd'])

type Found =
  | { readonly kind: 'process'; readonly process: ProcessState }
  | { readonly kind: 'child'; readonly parent: ProcessState; readonly child: ShortChild }
  | { readonly kind: 'idle'; readonly pid: number }

/** Everything under /proc that belongs to processes, with the kernel's permissions; and the two files that move with time. */
export function procBranch(machine: Machine): Branch {
  const { rig } = machine
  const looksIntoAll = rig.meterUid === 0
  const idleStats = remembered(idleStat)

  function isForeign(found: Found): boolean {
    return !looksIntoAll && uidOf(found) !== rig.meterUid
  }

  function find(pid: number): Found | null {
    const process = machine.living().get(pid)
    if (process !== undefined) return { kind: 'process', process }
    if (pid >= FIRST_IDLE_PID && pid < FIRST_IDLE_PID + rig.idleProcesses) return { kind: 'idle', pid }
    for (const parent of machine.living().values()) {
      const child = parent.children === null ? null : machine.shortChild(parent)
      if (child?.pid === pid) return { kind: 'child', parent, child }
    }
    return null
  }

  function visible(pid: number): Found | null {
    const found = find(pid)
    return found !== null && rig.hidepid === 2 && isForeign(found) ? null : found
  }

  function isDenied(found: Found, name: string): boolean {
    return isForeign(found) && (rig.hidepid > 0 || PRIVATE.has(name))
  }

  /** A descriptor belongs to the process, not to its number: it fails once that process ended, whoever has the pid then. */
  function text(found: Found, name: string): FileText {
    if (found.kind === 'idle') return name === 'stat' ? idleStats(found.pid) : idleText(name)
    if (found.kind === 'child') return childText(found.parent, found.child, name)
    if (found.process.phase === 'ended') return FAULTS.gone
    return processText(found.process, name)
  }

  function processText(process: ProcessState, name: string): FileText {
    if (name === 'stat') return processStat(machine, process)
    if (name === 'status') return processStatus(machine, process)
    if (name === 'cgroup') return processCgroup(process)
    const program = programOf(process, machine.atMs)
    if (name === 'comm') return `${program.comm}\n`
    if (process.phase === 'zombie') return ''
    return zeroEnded(name === 'environ' ? process.spec.env : [program.exe, ...program.args])
  }

  function childText(parent: ProcessState, opened: ShortChild, name: string): FileText {
    const child = parent.phase === 'alive' ? machine.shortChild(parent) : null
    if (child === null || child.startTicks !== opened.startTicks) return FAULTS.gone
    const comm = parent.spec.children?.comm ?? ''
    if (name === 'stat') return shortChildStat(machine, parent, child)
    if (name === 'cgroup') return processCgroup(parent)
    if (name === 'comm') return `${comm}\n`
    if (name === 'status') return `Name:\t${comm}\nPid:\t${child.pid}\nPPid:\t${parent.pid}\n`
    return name === 'cmdline' ? zeroEnded([comm]) : ''
  }

  return {
    file(path) {
      if (path === '/proc/stat') return () => machineStat(machine)
      if (path === '/proc/uptime') return () => uptimeText(machine)
      if (path === '/proc/loadavg') return () => `0.00 0.00 0.00 1/${machine.living().size} ${machine.lastPid()}\n`
      const at = pidPath(path)
      if (at === null) return null
      const found = visible(at.pid)
      if (found === null || !isFile(at.name) || at.name === 'exe' || at.name === 'cwd') return () => FAULTS.absent
      return isDenied(found, at.name) ? () => FAULTS.denied : () => text(found, at.name)
    },
    names(path) {
      if (path === '/proc') return [...pids(machine, (pid) => visible(pid) !== null)]
      const at = pidPath(path)
      if (at === null || at.name !== '') return null
      const found = visible(at.pid)
      if (found === null) return FAULTS.absent
      return isDenied(found, '') ? FAULTS.denied : FILES
    },
    link(path) {
      const at = pidPath(path)
      if (at === null) return null
      const found = visible(at.pid)
      if (found === null || (at.name !== 'exe' && at.name !== 'cwd')) return FAULTS.absent
      if (isDenied(found, at.name)) return FAULTS.denied
      return linkOf(machine, found, at.name)
    },
    ownerUid(path) {
      const at = pidPath(path)
      if (at === null) return null
      const found = visible(at.pid)
      return found === null ? FAULTS.absent : uidOf(found)
    },
  }
}

function* pids(machine: Machine, isVisible: (pid: number) => boolean): Generator<string> {
  for (const [pid, process] of machine.living()) {
    if (!isVisible(pid)) continue
    yield String(pid)
    const child = process.children === null ? null : machine.shortChild(process)
    if (child !== null) yield String(child.pid)
  }
  for (let index = 0; index < machine.rig.idleProcesses; index++) yield String(FIRST_IDLE_PID + index)
}

function linkOf(machine: Machine, found: Found, name: string): FileText {
  if (found.kind === 'idle') return name === 'exe' ? '/usr/bin/idle' : '/'
  if (found.kind === 'child') return name === 'exe' ? '/usr/bin/dash' : found.parent.spec.cwd
  if (found.process.phase === 'zombie') return FAULTS.absent
  return name === 'exe' ? programOf(found.process, machine.atMs).exe : found.process.spec.cwd
}

function idleText(name: string): FileText {
  if (name === 'comm') return 'idle\n'
  if (name === 'cgroup') return '0::/user.slice\n'
  return name === 'cmdline' ? zeroEnded(['/usr/bin/idle']) : ''
}

/** Each is rendered once: they never change. */
function remembered(render: (pid: number) => string): (pid: number) => string {
  const known = new Map<number, string>()
  return (pid) => {
    const text = known.get(pid) ?? render(pid)
    known.set(pid, text)
    return text
  }
}

function uidOf(found: Found): number {
  if (found.kind === 'idle') return 1000
  return found.kind === 'child' ? found.parent.spec.uid : found.process.spec.uid
}

function zeroEnded(words: readonly string[]): string {
  return words.map((word) => `${word}\0`).join('')
}

function isFile(name: string): boolean {
  return FILES.some((file) => file === name)
}

/** The pid and what follows it; `null` where the path is no process's. */
function pidPath(path: string): { pid: number; name: string } | null {
  const match = /^\/proc\/(\d+)(?:\/(.*))?$/.exec(path)
  return match === null ? null : { pid: Number(match[1]), name: match[2] ?? '' }
}
