import { ok } from '../../contract/result.ts'
import type { LookAnswer, LookRequest } from '../processes/macos-look.ts'
import { type CoreFoundation, openCoreFoundation } from './apple/core-foundation.ts'
import { integer, type Natives, textOf } from './apple/native.ts'
import { bind } from './bind.ts'
import type { VendorDriver } from './driver.ts'
import {
  readArguments,
  readShortInfo,
  readUniqueInfo,
  readUsage,
  readWorkingDirectory,
  SHORT_INFO_BYTES,
  UNIQUE_INFO_BYTES,
  USAGE_BYTES,
  VNODE_PATHS_BYTES,
} from './libproc-structures.ts'

/**
 * Processes and CPU load of macOS (libproc.h, mach/host_info.h, sysctl(3); structures from apple-oss-distributions/xnu). Of other users'
 * processes it tells parent and path, never times. A process is described once, when it is new: the list is compared with the one before.
 */
export const libprocDriver: VendorDriver = {
  name: 'libproc',
  platforms: ['darwin'],
  open(host) {
    const opened = openCoreFoundation(host)
    if (!opened.ok) return opened
    const bound = bind<System>(host, '/usr/lib/libSystem.B.dylib', PROTOTYPES)
    if (!bound.ok) return bound
    const system = bound.value
    const describe = describer(system, opened.value)
    const usage = usageReader(system)
    const machine = machineReader(system)
    let seen: ReadonlySet<number> = new Set()
    return ok({
      read(request): LookAnswer {
        const { all, describe: asked, times } = request as LookRequest
        const isWhole = all || seen.size === 0
        const pids = listPids(system)
        const fresh = isWhole ? [...pids] : [...pids].filter((pid) => !seen.has(pid))
        const gone = isWhole ? [] : [...seen].filter((pid) => !pids.has(pid))
        seen = pids
        return {
          ...machine(),
          isWhole,
          gone,
          processes: [...new Set([...fresh, ...asked])].flatMap((pid) => describe(pid) ?? []),
          usages: [...new Set([...fresh, ...times])].map((pid) => ({ pid, usage: usage(pid) })),
        }
      },
      close() {},
    })
  },
}

const PROTOTYPES = {
  proc_listallpids: 'int proc_listallpids(void *buffer, int bytes)',
  proc_pidinfo: 'int proc_pidinfo(int pid, int flavor, uint64_t arg, void *buffer, int bytes)',
  proc_pidpath: 'int proc_pidpath(int pid, void *buffer, uint32_t bytes)',
  proc_pid_rusage: 'int proc_pid_rusage(int pid, int flavor, void *buffer)',
  sysctl: 'int sysctl(void *name, uint32_t length, void *old, void *oldBytes, void *new, size_t newBytes)',
  sysctlbyname: 'int sysctlbyname(const char *name, void *old, void *oldBytes, void *new, size_t newBytes)',
  mach_host_self: 'uint32_t mach_host_self()',
  mach_timebase_info: 'int mach_timebase_info(void *info)',
  host_statistics: 'int host_statistics(uint32_t host, int flavor, void *info, void *count)',
} as const
type System = Natives<typeof PROTOTYPES>

/** Flavours of proc_pidinfo(), of host_statistics(), and names for sysctl(). */
const SHORT_INFO = 13
const UNIQUE_INFO = 17
const VNODE_PATHS = 9
const CPU_LOAD = 3
const CTL_KERN = 1
const KERN_PROCARGS2 = 49

const MOST_PIDS = 65_536
const MOST_PATH_BYTES = 4_096
/** `ARG_MAX`: with less room the kernel gives the end of the area, not its beginning. */
const MOST_ARGUMENT_BYTES = 1_048_576

function listPids(system: System): ReadonlySet<number> {
  const pids = new Int32Array(MOST_PIDS)
  const count = Number(integer(system.proc_listallpids(pids, pids.byteLength)))
  return new Set(pids.subarray(0, Math.max(0, Math.min(MOST_PIDS, count))).filter((pid) => pid > 0))
}

type Described = LookAnswer['processes'][number]

function describer(system: System, cf: CoreFoundation): (pid: number) => Described | null {
  const short = new Uint8Array(SHORT_INFO_BYTES)
  const unique = new Uint8Array(UNIQUE_INFO_BYTES)
  const vnodes = new Uint8Array(VNODE_PATHS_BYTES)
  const pathBytes = new Uint8Array(MOST_PATH_BYTES)
  const bundleIds = new Map<string, string | null>()
  const fills = (pid: number, flavour: number, bytes: Uint8Array) =>
    Number(integer(system.proc_pidinfo(pid, flavour, 0, bytes, bytes.length))) === bytes.length

  function bundleIdOf(path: string): string | null {
    // The outermost bundle: an app's helpers are the app.
    const folder = /^.*?\.app(?=\/)/.exec(path)?.[0]
    if (folder === undefined) return null
    const known = bundleIds.get(folder)
    if (known !== undefined) return known
    const id = cf.bundleId(folder)
    bundleIds.set(folder, id)
    return id
  }

  return (pid) => {
    if (!fills(pid, SHORT_INFO, short) || !fills(pid, UNIQUE_INFO, unique)) return null
    const length = Number(integer(system.proc_pidpath(pid, pathBytes, pathBytes.length)))
    const path = length > 0 ? textOf(pathBytes.subarray(0, length)) : null
    return {
      pid,
      ...readUniqueInfo(unique),
      ...readShortInfo(short),
      path,
      bundleId: path === null ? null : bundleIdOf(path),
      words: argumentsOf(system, pid),
      workingDirectory: fills(pid, VNODE_PATHS, vnodes) ? readWorkingDirectory(vnodes) : null,
    }
  }
}

/** Of one's own processes; of others it says nothing. The area is let go at once: it holds the environment too. */
function argumentsOf(system: System, pid: number): string[] {
  const name = new Int32Array([CTL_KERN, KERN_PROCARGS2, pid])
  const bytes = new Uint8Array(MOST_ARGUMENT_BYTES)
  const size = new BigUint64Array([BigInt(bytes.length)])
  if (integer(system.sysctl(name, name.length, bytes, size, null, 0)) !== 0n) return []
  return readArguments(bytes.subarray(0, Number(size[0])))
}

/** macOS 13 and later know version 6; `gone` and `denied` are told apart by what is open to everybody. */
function usageReader(system: System): (pid: number) => LookAnswer['usages'][number]['usage'] {
  const bytes = new Uint8Array(USAGE_BYTES)
  const short = new Uint8Array(SHORT_INFO_BYTES)
  let version: 4 | 6 = 6
  const fills = (pid: number, flavour: number) => integer(system.proc_pid_rusage(pid, flavour, bytes)) === 0n
  return (pid) => {
    bytes.fill(0)
    if (fills(pid, version)) return readUsage(bytes, version)
    if (version === 6 && fills(pid, 4)) {
      version = 4
      return readUsage(bytes, version)
    }
    const isThere = Number(integer(system.proc_pidinfo(pid, SHORT_INFO, 0, short, short.length))) > 0
    return isThere ? 'denied' : 'gone'
  }
}

/** `host_cpu_load_info`: user, system, idle and nice ticks of all CPUs in 1/100 s, 32 bits each. */
function machineReader(system: System): () => Pick<LookAnswer, 'cpuTicks' | 'timebase' | 'performanceLevels'> {
  // Each call takes a reference on the port.
  const host = Number(integer(system.mach_host_self()))
  const ticks = new Uint32Array(4)
  const timebase = new Uint32Array(2)
  const levels = new Uint32Array(1)
  system.mach_timebase_info(timebase)
  system.sysctlbyname('hw.nperflevels', levels, new BigUint64Array([4n]), null, 0)
  return () => {
    const isRead = integer(system.host_statistics(host, CPU_LOAD, ticks, new Uint32Array([ticks.length]))) === 0n
    const [user = 0, kernel = 0, idle = 0, nice = 0] = ticks
    const [numerator = 0, denominator = 0] = timebase
    return {
      cpuTicks: isRead ? { user, system: kernel, idle, nice } : null,
      timebase: { numerator, denominator },
      performanceLevels: Math.max(1, levels[0] ?? 1),
    }
  }
}
