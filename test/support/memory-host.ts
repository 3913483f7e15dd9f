import { ok, problem, type Result } from '../../contract/result.ts'
import { type VirtualClock, virtualClock } from '../../engine/clock/virtual.ts'
import type {
  Contact,
  FileFault,
  Host,
  HostFiles,
  KeptFile,
  MachineFacts,
  VendorSession,
} from '../../engine/host/host.ts'
import { noContact } from '../../engine/host/no-contact.ts'
import { noVendor } from '../../engine/host/no-vendor.ts'

/** A file's text, or the fault that reading it gives; a function is asked anew by each read. */
export type MemoryFile =
  | string
  | Uint8Array
  | { readonly fault: FileFault }
  | (() => string | { readonly fault: FileFault })

export const BARE_FACTS: MachineFacts = {
  cpuModel: null,
  cpuVendor: 'GenuineIntel',
  logicalCpus: 4,
  physicalCores: 4,
  sockets: 1,
  memoryBytes: 16 * 2 ** 30,
  chassis: 'desktop',
  osName: 'Memory Linux',
  virtualisation: 'none',
}

/** A machine of a few files in memory, which counts what is asked of it. A descriptor belongs to the file object, as the kernel's do. */
export class MemoryHost implements Host {
  readonly platform = 'linux'
  readonly clock: VirtualClock = virtualClock({ wallMs: Date.UTC(2026, 10, 25), boottimeMs: 1_000_000 })
  readonly pageBytes = 4_096
  readonly ticksPerS = 100
  readonly selfPid = null
  readonly memory = new Map<string, { content: MemoryFile }>()
  readonly links = new Map<string, string | { readonly fault: FileFault }>()
  /** `status`: reads of `power/runtime_status`, which the kernel answers without asking the device. */
  readonly calls = { list: 0, open: 0, text: 0, link: 0, owner: 0, read: 0, status: 0 }
  /** Descriptors that may be open at once. */
  descriptorLimit = Number.POSITIVE_INFINITY
  openDescriptors = 0

  write(path: string, content: MemoryFile): void {
    const file = this.memory.get(path)
    if (file === undefined) this.memory.set(path, { content })
    else file.content = content
  }

  /** The file ends; descriptors on it are gone, and a later file of this path is another. */
  remove(path: string): void {
    const file = this.memory.get(path)
    if (file !== undefined) file.content = { fault: 'gone' }
    this.memory.delete(path)
  }

  readonly files: HostFiles = {
    text: (path) => {
      this.calls.text++
      const file = this.memory.get(path)
      if (file === undefined) return fault(path, 'absent')
      const content = textOf(file.content)
      return typeof content === 'string' ? ok(content) : fault(path, content.fault)
    },
    later: (path, take) => take(this.files.text(path)),
    list: (path) => {
      this.calls.list++
      const names = new Set<string>()
      for (const key of [...this.memory.keys(), ...this.links.keys()]) {
        if (key.startsWith(`${path}/`)) names.add(key.slice(path.length + 1).split('/')[0] ?? '')
      }
      return names.size === 0 ? fault(path, 'absent') : ok([...names])
    },
    link: (path) => {
      this.calls.link++
      const target = this.links.get(path)
      if (target === undefined) return fault(path, 'absent')
      return typeof target === 'string' ? ok(target) : fault(path, target.fault)
    },
    owner: (path) => {
      this.calls.owner++
      const isThere = [...this.memory.keys()].some((key) => key === path || key.startsWith(`${path}/`))
      return isThere ? ok({ uid: 1_000 }) : fault(path, 'absent')
    },
    open: (path) => {
      this.calls.open++
      const file = this.memory.get(path)
      if (file === undefined) return fault(path, 'absent')
      const content = typeof file.content === 'function' ? '' : file.content
      if (isFault(content) && content.fault === 'denied') return fault(path, 'denied')
      if (this.openDescriptors >= this.descriptorLimit) return fault(path, 'exhausted')
      this.openDescriptors++
      return ok(new MemoryDescriptor(this, file, path.endsWith('/power/runtime_status') ? 'status' : 'read'))
    },
  }

  async facts(): Promise<MachineFacts> {
    return BARE_FACTS
  }
  userName(): string | null {
    return null
  }
  command: Host['command'] = async () => problem('absent', 'a machine in memory runs no commands')
  library(): Result<never, 'absent'> {
    return problem('absent', 'a machine in memory has no libraries')
  }
  /** Sessions by driver, as a test wrote them. */
  readonly vendors = new Map<string, VendorSession>()
  vendor(driver: string): VendorSession {
    return this.vendors.get(driver) ?? noVendor('a machine in memory has no libraries')
  }
  async http(): Promise<Result<never, 'refused'>> {
    return problem('refused', 'a machine in memory has no network')
  }
  /** Answers by address, as a test wrote them. */
  readonly contacts = new Map<string, Contact>()
  contact(address: string): Contact {
    return this.contacts.get(address) ?? noContact('A machine in memory has no network.')
  }
  traffic(): readonly [] {
    return []
  }
  signal(): Result<never, 'gone'> {
    return problem('gone', 'a machine in memory takes no signals')
  }
}

class MemoryDescriptor implements KeptFile {
  fault: FileFault | null = null
  readonly #host: MemoryHost
  readonly #file: { content: MemoryFile }
  readonly #countedAs: 'read' | 'status'
  #isOpen = true

  constructor(host: MemoryHost, file: { content: MemoryFile }, countedAs: 'read' | 'status') {
    this.#host = host
    this.#file = file
    this.#countedAs = countedAs
  }

  read(buffer: Uint8Array): number {
    if (!this.#isOpen) throw new Error('read after close')
    this.#host.calls[this.#countedAs]++
    const content = textOf(this.#file.content)
    if (isFault(content)) {
      this.fault = content.fault
      return -1
    }
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
    const length = Math.min(bytes.length, buffer.length)
    buffer.set(bytes.subarray(0, length))
    return length
  }

  close(): void {
    if (!this.#isOpen) throw new Error('closed twice')
    this.#isOpen = false
    this.#host.openDescriptors--
  }
}

type Content = string | Uint8Array | { readonly fault: FileFault }

function textOf(content: MemoryFile): string | { readonly fault: FileFault } {
  const now: Content = typeof content === 'function' ? content() : content
  return now instanceof Uint8Array ? Buffer.from(now).toString('latin1') : now
}

function isFault(content: Content): content is { readonly fault: FileFault } {
  return typeof content === 'object' && 'fault' in content
}

function fault(path: string, code: FileFault) {
  return problem(code, `${path}: ${code}`)
}
