import { problem } from '../../contract/result.ts'
import type { Clock } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import { createVendorPort } from '../vendor/client.ts'
import { loadLibrary } from '../vendor/library.ts'
import { type StartVendor, vendorUnderNode } from '../vendor/vendor-process.ts'
import { type VendorLauncher, vendorUnderApp } from '../vendor/vendor-utility.ts'
import type { Host, HostFiles, MachineFacts } from './host.ts'
import { noVendor } from './no-vendor.ts'
import { realContacts } from './real/contact.ts'
import { factsOfMachine, factsOfTree } from './real/facts.ts'
import { realFiles } from './real/files.ts'
import { loopbackHttp } from './real/http.ts'
import { runCommand, sendSignal } from './real/programs.ts'

/** Where the machine's trees are mounted, as node_exporter names them: `--path.procfs`, `--path.sysfs`, `--path.rootfs`. */
export type RealPaths = {
  readonly procfs?: string | undefined
  readonly sysfs?: string | undefined
  readonly rootfs?: string | undefined
  /** Where the bundle keeps vendor/child.ts. */
  readonly vendorFile?: URL | undefined
  /** Whoever starts vendor processes for an engine that cannot; `null`: it starts them itself. */
  readonly vendorLauncher?: VendorLauncher | null
}

const PAGE_BYTES = 4_096
const TICKS_PER_S = 100
/** Types in /proc/self/auxv (getauxval(3)). */
const AT_PAGESZ = 6
const AT_CLKTCK = 17

/** The machine that we run on, or the one whose trees are named: then its processes are not ours to see ourselves among or to signal. */
export function realHost(paths: RealPaths = {}): Host {
  const { procfs = '/proc', sysfs = '/sys', rootfs = '/' } = paths
  const { vendorFile = new URL('../vendor/child.ts', import.meta.url), vendorLauncher = null } = paths
  const clock = systemClock()
  const isForeign = procfs !== '/proc' || sysfs !== '/sys' || rootfs !== '/'
  const files = realFiles({ procfs, sysfs, rootfs })
  const isLinux = isForeign || process.platform === 'linux'
  const contacts = realContacts()
  let facts: Promise<MachineFacts> | null = null
  return {
    platform: isLinux ? 'linux' : process.platform === 'darwin' ? 'darwin' : 'win32',
    clock,
    files,
    pageBytes: auxiliary(AT_PAGESZ) ?? PAGE_BYTES,
    ticksPerS: auxiliary(AT_CLKTCK) ?? TICKS_PER_S,
    selfPid: isForeign ? null : process.pid,
    facts() {
      facts ??= isForeign ? Promise.resolve(factsOfTree(files)) : factsOfMachine(files)
      return facts
    },
    userName: userNames(files),
    command: runCommand,
    library: loadLibrary,
    vendor: isForeign
      ? () => noVendor('The drivers of a machine whose files alone we see cannot be asked.')
      : createVendorPort({ start: vendorUnder(vendorLauncher, vendorFile, clock), clock }).session,
    http: loopbackHttp,
    contact: contacts.open,
    traffic: contacts.traffic,
    signal(target, name) {
      if (isForeign) return problem('denied', 'These processes run on a machine whose files alone we see.')
      return sendSignal(files, target, name)
    },
  }
}

function vendorUnder(launcher: VendorLauncher | null, file: URL, clock: Clock): StartVendor {
  return launcher === null ? vendorUnderNode(file, clock) : vendorUnderApp(launcher, clock)
}

/** Names from /etc/passwd, which is read again only for an account that was not in it. */
function userNames(files: HostFiles): (uid: number) => string | null {
  const names = new Map<number, string>()
  return (uid) => {
    if (names.has(uid)) return names.get(uid) ?? null
    const passwd = files.text('/etc/passwd')
    for (const line of passwd.ok ? passwd.value.split('\n') : []) {
      const [name, , id] = line.split(':')
      if (name !== undefined && id !== undefined && /^\d+$/.test(id) && !names.has(Number(id)))
        names.set(Number(id), name)
    }
    return names.get(uid) ?? null
  }
}

/** A value that the kernel gave our own process at its start; `null` off Linux. */
function auxiliary(type: number): number | null {
  const text = realFiles({ procfs: '/proc', sysfs: '/sys', rootfs: '/' }).text('/proc/self/auxv')
  if (!text.ok) return null
  const vector = Buffer.from(text.value, 'latin1')
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === BigInt(type)) return Number(vector.readBigUInt64LE(at + 8))
  }
  return null
}
