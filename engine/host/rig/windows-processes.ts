import { holdsNow } from './cards.ts'
import { durationMs } from './duration.ts'
import { FIRST_IDLE_PID } from './lives.ts'
import type { Machine, ShortChild } from './machine.ts'
import { programOf } from './proc-text.ts'
import type { ProcessState } from './processes.ts'

const TICKS_PER_MS = 10_000
/** From 1601 to 1970. */
const EPOCH_MS = 11_644_473_600_000
const CYCLES_PER_MS = 4_200_000
const SYSTEM_PID = 4
const BUSY_KERNEL_RATIO = 0.1
const IDLE_START_TICKS = 100

type Row = readonly [number, number, string, string, string, string]

/** As engine/vendor/processes-windows.ts answers: everything in one call, images only of one's own processes. */
export function windowsProcessesAnswer(machine: Machine, request: unknown) {
  const { cpu, uptime, idleProcesses } = machine.rig
  const busyMs = machine.busyMs('performance') + machine.busyMs('efficiency')
  const idleMs = (durationMs(uptime) + machine.awakeMs()) * cpu.logicalCpus - busyMs
  const kernelMs = idleMs + busyMs * BUSY_KERNEL_RATIO
  const processes: Row[] = [[0, 0, '0', ticks(idleMs), cycles(idleMs), '']]
  for (const process of machine.living().values()) {
    if (process.phase !== 'alive') continue
    processes.push(rowOf(machine, process))
    const child = process.children === null ? null : machine.shortChild(process)
    if (child !== null) processes.push(childRow(machine, process, child))
  }
  const created = fileTime(windowsStartMs(machine, { startTicks: IDLE_START_TICKS }))
  for (let number = 0; number < idleProcesses; number++)
    processes.push([FIRST_IDLE_PID + number, SYSTEM_PID, created, '0', '0', 'svchost.exe'])
  const efficiencyCpus = cpu.efficiency?.cpus ?? 0
  return {
    times: [ticks(idleMs), ticks(kernelMs), ticks(busyMs * (1 - BUSY_KERNEL_RATIO))],
    processes,
    images: identified(request).map((pid) => imageOf(machine, pid)),
    efficiencyClasses: Array.from({ length: cpu.logicalCpus }, (_, index) =>
      efficiencyCpus > 0 && index < cpu.logicalCpus - efficiencyCpus ? 1 : 0,
    ),
  }
}

/** When a process began, ms since 1601. */
export function windowsStartMs({ rig }: Machine, { startTicks }: Pick<ProcessState, 'startTicks'>): number {
  return EPOCH_MS + Date.parse(rig.start) - durationMs(rig.uptime) + startTicks * 10
}

function rowOf(machine: Machine, process: ProcessState): Row {
  const { spec, own, pastCpuMs } = process
  const pid = pidOf(process)
  const speed = spec.cores === 'efficiency' ? (machine.rig.cpu.efficiency?.capacityRatio ?? 1) : 1
  const ownMs = pastCpuMs + own.total
  const created = fileTime(windowsStartMs(machine, process))
  const name = process.pid === 1 ? 'System' : fileName(programOf(process, machine.atMs).exe)
  // A parent that ended is still named: only its number is known.
  const parent = process.pid === 1 ? 0 : process.parent === null ? SYSTEM_PID : pidOf(process.parent)
  return [pid, parent, created, ticks(ownMs), cycles(ownMs * speed), name]
}

function childRow(machine: Machine, parent: ProcessState, { pid, startTicks, cpuMs }: ShortChild): Row {
  const name = `${parent.spec.children?.comm ?? 'sh'}.exe`
  return [pid, pidOf(parent), fileTime(windowsStartMs(machine, { startTicks })), ticks(cpuMs), cycles(cpuMs), name]
}

/** The first process of a rig stands for the kernel. */
function pidOf({ pid }: ProcessState): number {
  return pid === 1 ? SYSTEM_PID : pid
}

function imageOf(machine: Machine, pid: number): readonly [number, string | null, string | null] {
  const process = machine.living().get(pid)
  const { meterUid } = machine.rig
  if (process === undefined || pid === 1 || (meterUid !== 0 && process.spec.uid !== meterUid)) return [pid, null, null]
  const { exe, args } = programOf(process, machine.atMs)
  return [pid, exe, [exe, ...args].map(quoted).join(' ')]
}

/** As learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments reads it back; no word of a rig holds a quote. */
function quoted(word: string): string {
  return word === '' || /\s/.test(word) ? `"${word}"` : word
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('\\') + 1)
}

function ticks(ms: number): string {
  return `${Math.floor(ms * TICKS_PER_MS + 1e-6)}`
}

/** Since 1601 more ticks have passed than a number can tell apart. */
function fileTime(ms: number): string {
  return `${BigInt(ms) * BigInt(TICKS_PER_MS)}`
}

function cycles(ms: number): string {
  return `${Math.floor(ms * CYCLES_PER_MS)}`
}

function identified(request: unknown): number[] {
  if (typeof request !== 'object' || request === null || !('identify' in request)) return []
  return Array.isArray(request.identify) ? request.identify.filter((pid) => typeof pid === 'number') : []
}

/** As engine/vendor/pdh.ts answers: running time (100 ns) and memory of each process, by card. A card has one engine, as in all rigs. */
export function pdhAnswer(machine: Machine) {
  const runningTime: [string, string][] = []
  const localUsage: [string, string][] = []
  const adapters: Record<string, readonly [number, number, number]> = {}
  for (const { spec, number, users } of machine.cards) {
    if (spec.access === 'absent') continue
    const luid = `0x00000000_0x${(FIRST_LUID + number).toString(16).toUpperCase().padStart(8, '0')}`
    const [, bus = '0', device = '0', fn = '0'] = /^[0-9a-f]{4}:(..):(..)\.(.)$/.exec(spec.pci) ?? []
    adapters[luid] = [Number.parseInt(bus, 16), Number.parseInt(device, 16), Number.parseInt(fn, 16)]
    for (const user of users) {
      const { process, busy, bytes } = user
      if (process.phase !== 'alive') continue
      const instance = `pid_${process.pid}_luid_${luid}_phys_0`
      if (busy.total > 0) runningTime.push([`${instance}_eng_0_engtype_3D`, ticks(busy.total)])
      if (bytes > 0 && holdsNow(user, machine.atMs)) localUsage.push([instance, `${bytes}`])
    }
  }
  return { runningTime, localUsage, adapters }
}

const FIRST_LUID = 0xc85a
