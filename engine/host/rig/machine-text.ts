import { durationMs } from './duration.ts'
import type { Machine } from './machine.ts'
import { TICK_MS, ticks } from './proc-text.ts'
import type { Rig } from './schema.ts'

/** Of the time before the rig began, so much was busy. */
const BUSY_BEFORE = 0.05

/** /proc/stat: one line of all CPUs, one of each, and the counters; proc_stat(5). */
export function machineStat(machine: Machine): string {
  const { rig } = machine
  const { logicalCpus, efficiency } = rig.cpu
  const efficiencyCpus = efficiency?.cpus ?? 0
  const performanceCpus = logicalCpus - efficiencyCpus
  const beforeMs = durationMs(rig.uptime)
  const awakeMs = machine.awakeMs()
  const performanceMs = machine.busyMs('performance')
  const efficiencyMs = machine.busyMs('efficiency')
  const stealMs = machine.stealMs()
  const line = (name: string, cpus: number, busyMs: number, stolenMs: number) => {
    const busyTicks = ticks(beforeMs * BUSY_BEFORE * cpus + busyMs)
    const idleTicks = ticks(beforeMs * (1 - BUSY_BEFORE) * cpus + Math.max(0, awakeMs * cpus - busyMs - stolenMs))
    const systemTicks = Math.floor(busyTicks / 10)
    return `${name} ${busyTicks - systemTicks} 0 ${systemTicks} ${idleTicks} 0 0 0 ${ticks(stolenMs)} 0 0\n`
  }
  let text = line('cpu ', logicalCpus, performanceMs + efficiencyMs, stealMs)
  for (let cpu = 0; cpu < logicalCpus; cpu++) {
    const busyMs = cpu < performanceCpus ? performanceMs / performanceCpus : efficiencyMs / efficiencyCpus
    text += line(`cpu${cpu}`, 1, busyMs, stealMs / logicalCpus)
  }
  const bootS = Math.floor((Date.parse(rig.start) - beforeMs) / 1_000)
  return `${text}intr 0\nctxt 0\nbtime ${bootS}\nprocesses ${machine.forks()}\nprocs_running 1\nprocs_blocked 0\n`
}

export function uptimeText(machine: Machine): string {
  const upMs = durationMs(machine.rig.uptime) + machine.atMs
  return `${(Math.floor(upMs / TICK_MS) / 100).toFixed(2)} 0.00\n`
}

/** Files that never change while the rig plays, by path. */
export function stillFiles(rig: Rig): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  const { logicalCpus, efficiency, virtualisation } = rig.cpu
  const kernel = virtualisation === 'wsl' ? '6.6.87-microsoft-standard-WSL2' : '6.12.0-rig'
  files.set('/proc/cpuinfo', Array.from({ length: logicalCpus }, (_, cpu) => cpuinfo(rig, cpu)).join(''))
  files.set('/proc/meminfo', `MemTotal:       ${Math.floor(rig.memoryBytes / 1_024)} kB\n`)
  files.set('/proc/version', `Linux version ${kernel} (rig@rig) #1 SMP\n`)
  files.set('/proc/sys/kernel/random/boot_id', '00000000-0000-4000-8000-000000000001\n')
  files.set('/proc/sys/kernel/pid_max', '4194304\n')
  files.set('/etc/os-release', 'NAME="Rig"\nPRETTY_NAME="Rig Linux"\nID=rig\n')
  files.set('/etc/passwd', passwd(rig))
  files.set('/sys/class/dmi/id/chassis_type', `${CHASSIS[rig.chassis]}\n`)
  files.set('/sys/devices/system/cpu/online', `${cpuList(0, logicalCpus)}\n`)
  if (virtualisation === 'container') files.set('/.dockerenv', '')
  if (efficiency === undefined) return files
  const performanceCpus = logicalCpus - efficiency.cpus
  files.set('/sys/devices/cpu_core/cpus', `${cpuList(0, performanceCpus)}\n`)
  files.set('/sys/devices/cpu_atom/cpus', `${cpuList(performanceCpus, logicalCpus)}\n`)
  for (let cpu = 0; cpu < logicalCpus; cpu++) {
    const ratio = cpu < performanceCpus ? 1 : efficiency.capacityRatio
    files.set(`/sys/devices/system/cpu/cpu${cpu}/cpu_capacity`, `${Math.round(ratio * 1_024)}\n`)
  }
  return files
}

/** System enclosure types of the SMBIOS reference specification, 7.4.1. */
const CHASSIS = { desktop: 3, laptop: 10, server: 23, other: 1 } as const

function cpuinfo(rig: Rig, cpu: number): string {
  const { vendor, model, logicalCpus, physicalCores = logicalCpus, virtualisation } = rig.cpu
  const flags = virtualisation === 'none' || virtualisation === 'container' ? 'fpu vme' : 'fpu vme hypervisor'
  const core = Math.floor((cpu * physicalCores) / logicalCpus)
  return (
    `processor\t: ${cpu}\nvendor_id\t: ${vendor}\nmodel name\t: ${model}\nphysical id\t: 0\nsiblings\t: ${logicalCpus}\n` +
    `core id\t\t: ${core}\ncpu cores\t: ${physicalCores}\nflags\t\t: ${flags}\n\n`
  )
}

function passwd(rig: Rig): string {
  const lines = Object.entries(rig.users).map(([name, uid]) => `${name}:x:${uid}:${uid}::/home/${name}:/bin/sh\n`)
  return `root:x:0:0:root:/root:/bin/sh\n${lines.join('')}`
}

function cpuList(from: number, to: number): string {
  return to - from === 1 ? `${from}` : `${from}-${to - 1}`
}
