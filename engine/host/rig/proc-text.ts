import { noise } from './bursts.ts'
import { durationMs } from './duration.ts'
import type { Machine, ShortChild } from './machine.ts'
import type { ProcessState } from './processes.ts'
import type { Rig } from './schema.ts'

export const TICK_MS = 10
export const PAGE_BYTES = 4_096

/** /proc tells CPU time in whole ticks; sums of decimal loads lie a hair below them. */
export function ticks(cpuMs: number): number {
  return Math.floor(cpuMs / TICK_MS + 1e-6)
}

/** What a process runs as: another program after its `exec`. */
export function programOf(process: ProcessState, atMs: number): { exe: string; args: readonly string[]; comm: string } {
  const { spec } = process
  const hasExeced = spec.exec !== undefined && atMs >= Math.max(0, process.startMs) + durationMs(spec.exec.after)
  const exe = (hasExeced ? spec.exec?.exe : spec.exe) ?? `/usr/bin/${spec.name}`
  const comm = (hasExeced ? undefined : spec.comm) ?? exe.slice(exe.lastIndexOf('/') + 1)
  return { exe, args: (hasExeced ? spec.exec?.args : spec.args) ?? [], comm: comm.slice(0, 15) }
}

export function parentPid(process: ProcessState): number {
  if (process.pid === 1) return 0
  return process.parent?.phase === 'alive' ? process.parent.pid : 1
}

/** /proc/PID/stat: proc_pid_stat(5). A tenth of the time is system time. */
export function processStat(machine: Machine, process: ProcessState): string {
  const own = ticks(process.pastCpuMs + process.own.total)
  const children = ticks(process.waitedForMs + machine.childCpuMs(process).endedMs)
  const isZombie = process.phase === 'zombie'
  const state = isZombie ? 'Z' : process.own.piece.value > 0 ? 'R' : 'S'
  return statLine({
    pid: process.pid,
    comm: programOf(process, machine.atMs).comm,
    state,
    ppid: parentPid(process),
    ownTicks: own,
    childTicks: children,
    threads: isZombie ? 1 : process.spec.threads,
    startTicks: process.startTicks,
    rssPages: isZombie ? 0 : Math.floor(process.spec.rssBytes / PAGE_BYTES),
    cpu: lastCpu(machine.rig, process),
  })
}

export function shortChildStat(machine: Machine, parent: ProcessState, child: ShortChild): string {
  return statLine({
    pid: child.pid,
    comm: parent.spec.children?.comm ?? 'sh',
    state: 'R',
    ppid: parent.pid,
    ownTicks: ticks(child.cpuMs),
    childTicks: 0,
    threads: 1,
    startTicks: child.startTicks,
    rssPages: 500,
    cpu: lastCpu(machine.rig, parent),
  })
}

export function idleStat(pid: number): string {
  return statLine({
    pid,
    comm: 'idle',
    state: 'S',
    ppid: 1,
    ownTicks: 0,
    childTicks: 0,
    threads: 1,
    startTicks: 100,
    rssPages: 500,
    cpu: 0,
  })
}

type Stat = {
  pid: number
  comm: string
  state: string
  ppid: number
  ownTicks: number
  childTicks: number
  threads: number
  startTicks: number
  rssPages: number
  cpu: number
}

const FIELDS_26_TO_38 = `${'0 '.repeat(12)}17`
const FIELDS_40_TO_52 = Array(13).fill('0').join(' ')

function statLine(stat: Stat): string {
  const systemTicks = Math.floor(stat.ownTicks / 10)
  const childSystemTicks = Math.floor(stat.childTicks / 10)
  return (
    `${stat.pid} (${stat.comm}) ${stat.state} ${stat.ppid} ${stat.pid} ${stat.pid} 0 -1 4194304 120 0 0 0 ` +
    `${stat.ownTicks - systemTicks} ${systemTicks} ${stat.childTicks - childSystemTicks} ${childSystemTicks} ` +
    `20 0 ${stat.threads} 0 ${stat.startTicks} ${stat.rssPages * PAGE_BYTES * 4} ${stat.rssPages} 18446744073709551615 ` +
    `${FIELDS_26_TO_38} ${stat.cpu} ${FIELDS_40_TO_52}\n`
  )
}

/** /proc/PID/status: what of proc_pid_status(5) tells something. */
export function processStatus(machine: Machine, process: ProcessState): string {
  const { spec } = process
  const state = process.phase === 'zombie' ? 'Z (zombie)' : 'S (sleeping)'
  const uids = Array(4).fill(spec.uid).join('\t')
  return (
    `Name:\t${programOf(process, machine.atMs).comm}\nUmask:\t0022\nState:\t${state}\nTgid:\t${process.pid}\nNgid:\t0\n` +
    `Pid:\t${process.pid}\nPPid:\t${parentPid(process)}\nTracerPid:\t0\nUid:\t${uids}\nGid:\t${uids}\n` +
    `VmRSS:\t${Math.floor(spec.rssBytes / 1_024)} kB\nThreads:\t${spec.threads}\n`
  )
}

/** /proc/PID/cgroup (version 2): a container's scope, a service, or a desktop session's scope. */
export function processCgroup(process: ProcessState): string {
  const { spec } = process
  if (spec.container !== undefined) return `0::/system.slice/docker-${containerId(spec.container)}.scope\n`
  if (process.pid === 1) return '0::/init.scope\n'
  const unit = spec.name.replaceAll(' ', '-')
  if (spec.uid === 0) return `0::/system.slice/${unit}.service\n`
  return `0::/user.slice/user-${spec.uid}.slice/user@${spec.uid}.service/app.slice/app-${unit}-${process.pid}.scope\n`
}

/** 64 hexadecimal digits that stand for a container's name. */
function containerId(name: string): string {
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
  return Array.from({ length: 64 }, (_, index) => Math.floor(noise(seed, index, 0) * 16).toString(16)).join('')
}

function lastCpu(rig: Rig, process: ProcessState): number {
  const efficiencyCpus = rig.cpu.efficiency?.cpus ?? 0
  const performanceCpus = rig.cpu.logicalCpus - efficiencyCpus
  if (process.spec.cores === 'efficiency') return performanceCpus + (process.pid % efficiencyCpus)
  return process.pid % performanceCpus
}
