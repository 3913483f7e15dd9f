import type { HostFiles, MachineFacts } from '../host.ts'
import { runCommand } from './programs.ts'
import { virtualisationElsewhere } from './virtualisation.ts'

/** What a Linux tree says of its machine, without running anything. */
export function factsOfTree(files: HostFiles): MachineFacts {
  const cpuinfo = textOf(files, '/proc/cpuinfo')
  const cores = new Set<string>()
  const sockets = new Set<string>()
  let logicalCpus = 0
  for (const block of cpuinfo.split(/\n\s*\n/)) {
    if (!/^processor\s*:/m.test(block)) continue
    logicalCpus++
    const socket = field(block, 'physical id')
    const core = field(block, 'core id')
    if (socket !== null) sockets.add(socket)
    if (core !== null) cores.add(`${socket ?? ''}/${core}`)
  }
  const memoryKb = Number(/^MemTotal:\s*(\d{1,15}) kB/m.exec(textOf(files, '/proc/meminfo'))?.[1] ?? Number.NaN)
  return {
    cpuModel: field(cpuinfo, 'model name'),
    cpuVendor: field(cpuinfo, 'vendor_id'),
    logicalCpus: Math.max(1, logicalCpus),
    physicalCores: cores.size > 0 ? cores.size : null,
    sockets: sockets.size > 0 ? sockets.size : null,
    memoryBytes: Number.isFinite(memoryKb) ? memoryKb * 1_024 : null,
    chassis: chassisOf(textOf(files, '/sys/class/dmi/id/chassis_type').trim()),
    osName: /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(textOf(files, '/etc/os-release'))?.[1] ?? null,
    virtualisation: virtualisationOf(files),
  }
}

/** This very machine: what the tree does not say, systeminformation may know. It is asked once, and never for graphics: that wakes cards. */
export async function factsOfMachine(files: HostFiles): Promise<MachineFacts> {
  const { chassis, cpu, mem, osInfo, system } = await import('systeminformation')
  const tree = factsOfTree(files)
  const [processor, memory, enclosure, os, virtualisation] = await Promise.all([
    known(cpu()),
    known(mem()),
    known(chassis()),
    known(osInfo()),
    tree.virtualisation ?? virtualisationElsewhere(process.platform, runCommand, () => known(system())),
  ])
  const model = processor === null ? '' : `${processor.manufacturer} ${processor.brand}`.trim()
  return {
    ...tree,
    cpuModel: tree.cpuModel ?? (model === '' ? null : model),
    cpuVendor: tree.cpuVendor ?? (processor?.vendor || null),
    logicalCpus: Math.max(tree.logicalCpus, processor?.cores ?? 1),
    physicalCores: tree.physicalCores ?? (processor?.physicalCores || null),
    sockets: tree.sockets ?? (processor?.processors || null),
    memoryBytes: tree.memoryBytes ?? (memory?.total || null),
    chassis: tree.chassis ?? chassisInWords(enclosure?.type ?? ''),
    osName: tree.osName ?? (os === null ? null : `${os.distro} ${os.release}`.trim() || null),
    virtualisation,
  }
}

/**
 * WSL has its maker's kernel, a virtual machine shows a CPU flag, containers say so in well-known places. A container inside
 * a virtual machine is a virtual machine: that is what decides how much of a processor is ours.
 */
function virtualisationOf(files: HostFiles): MachineFacts['virtualisation'] {
  if (/microsoft/i.test(textOf(files, '/proc/version'))) return 'wsl'
  const cpuinfo = textOf(files, '/proc/cpuinfo')
  if (/^flags\s*:.*\bhypervisor\b/m.test(cpuinfo)) return 'vm'
  const marks = ['/.dockerenv', '/run/.containerenv', '/run/systemd/container']
  if (marks.some((path) => files.text(path).ok)) return 'container'
  if (/docker|kubepods|libpod|containerd|lxc|crio/.test(textOf(files, '/proc/1/cgroup'))) return 'container'
  return cpuinfo === '' ? null : 'none'
}

/** System enclosure types of the SMBIOS reference specification, 7.4.1. */
const LAPTOPS = new Set(['8', '9', '10', '11', '14', '30', '31', '32'])
const DESKTOPS = new Set(['3', '4', '5', '6', '7', '13', '15', '16', '24', '34', '35', '36'])
const SERVERS = new Set(['17', '23', '25', '28', '29'])

function chassisOf(type: string): MachineFacts['chassis'] {
  if (type === '') return null
  if (LAPTOPS.has(type)) return 'laptop'
  if (DESKTOPS.has(type)) return 'desktop'
  return SERVERS.has(type) ? 'server' : 'other'
}

function chassisInWords(type: string): MachineFacts['chassis'] {
  if (type === '') return null
  if (/laptop|notebook|portable|convertible|tablet|detachable/i.test(type)) return 'laptop'
  if (/desktop|tower|mini|pizza|all-in-one|all in one/i.test(type)) return 'desktop'
  return /server|rack|blade/i.test(type) ? 'server' : 'other'
}

function field(text: string, name: string): string | null {
  return new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm').exec(text)?.[1]?.trim() ?? null
}

function textOf(files: HostFiles, path: string): string {
  const text = files.text(path)
  return text.ok ? text.value : ''
}

function known<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(() => null)
}
