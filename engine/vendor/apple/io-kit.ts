import { ok, type Result } from '../../../contract/result.ts'
import type { Host, VendorFault } from '../../host/host.ts'
import { bind } from '../bind.ts'
import { type CoreFoundation, openCoreFoundation, type Plain } from './core-foundation.ts'
import { integer, type Natives, pointer, textOf } from './native.ts'

/** An entry of the registry or a connection: a Mach port's name. Entries are released by whoever asked for them. */
export type Entry = number

export interface IoKit {
  readonly cf: CoreFoundation
  /** Every registered service of a class or of one derived from it. */
  services(className: string): Entry[]
  /** In the service plane. */
  children(entry: Entry): Entry[]
  className(entry: Entry): string
  name(entry: Entry): string
  /** Unique as long as the machine runs, as a decimal string. */
  id(entry: Entry): string | null
  property(entry: Entry, key: string): Plain
  release(entries: readonly Entry[]): void
  /** A connection, or the kernel's code of why there is none. */
  open(service: Entry): { readonly connection: Entry | null; readonly code: number }
  /** Calls a method of the driver that takes a structure and fills another; the kernel's code, 0 for success. */
  call(connection: Entry, selector: number, input: Uint8Array, output: Uint8Array): number
  close(connection: Entry): void
}

const PATH = '/System/Library/Frameworks/IOKit.framework/IOKit'
const SYSTEM = '/usr/lib/libSystem.B.dylib'
/** `io_name_t` (device_types.h). */
const NAME_BYTES = 128
const MOST_ENTRIES = 10_000

const PROTOTYPES = {
  IOServiceMatching: 'void *IOServiceMatching(const char *name)',
  IOServiceGetMatchingServices: 'int32_t IOServiceGetMatchingServices(uint32_t port, void *matching, void *iterator)',
  IOIteratorNext: 'uint32_t IOIteratorNext(uint32_t iterator)',
  IOObjectRelease: 'int32_t IOObjectRelease(uint32_t object)',
  IOObjectGetClass: 'int32_t IOObjectGetClass(uint32_t object, void *name)',
  IORegistryEntryGetName: 'int32_t IORegistryEntryGetName(uint32_t entry, void *name)',
  IORegistryEntryGetRegistryEntryID: 'int32_t IORegistryEntryGetRegistryEntryID(uint32_t entry, void *id)',
  IORegistryEntryGetChildIterator:
    'int32_t IORegistryEntryGetChildIterator(uint32_t entry, const char *plane, void *iterator)',
  IORegistryEntryCreateCFProperty:
    'void *IORegistryEntryCreateCFProperty(uint32_t entry, void *key, void *allocator, uint32_t options)',
  IOServiceOpen: 'int32_t IOServiceOpen(uint32_t service, uint32_t task, uint32_t type, void *connection)',
  IOServiceClose: 'int32_t IOServiceClose(uint32_t connection)',
  IOConnectCallStructMethod:
    'int32_t IOConnectCallStructMethod(uint32_t connection, uint32_t selector, void *input, size_t size, void *output, void *outputSize)',
} as const

const TASK = { mach_task_self: 'uint32_t mach_task_self()' } as const

/** The registry of devices and the calls to their drivers (IOKitLib.h), as far as drivers here need them. */
export function openIoKit(host: Pick<Host, 'library'>): Result<IoKit, VendorFault> {
  const opened = openCoreFoundation(host)
  if (!opened.ok) return opened
  const bound = bind<Natives<typeof PROTOTYPES>>(host, PATH, PROTOTYPES)
  if (!bound.ok) return bound
  const system = bind<Natives<typeof TASK>>(host, SYSTEM, TASK)
  if (!system.ok) return system
  const cf = opened.value
  const kit = bound.value
  const port = new Uint32Array(1)
  const name = new Uint8Array(NAME_BYTES)
  const id = new BigUint64Array(1)

  /** What an iterator holds, which is then released. */
  function drain(iterator: number): Entry[] {
    const entries: Entry[] = []
    while (entries.length < MOST_ENTRIES) {
      const entry = Number(integer(kit.IOIteratorNext(iterator)))
      if (entry === 0) break
      entries.push(entry)
    }
    kit.IOObjectRelease(iterator)
    return entries
  }

  /** Runs a call that fills `port`; what it filled in, or `null` where it failed. */
  function portOf(code: unknown): number | null {
    return integer(code) === 0n && port[0] !== 0 ? (port[0] ?? null) : null
  }

  function nameBy(call: (typeof kit)['IOObjectGetClass'], entry: Entry): string {
    name.fill(0)
    return integer(call(entry, name)) === 0n ? textOf(name) : ''
  }

  return ok({
    cf,
    services(className) {
      // The call takes the matching dictionary over, so that it is not released here.
      const matching = pointer(kit.IOServiceMatching(className))
      port[0] = 0
      const iterator = matching === null ? null : portOf(kit.IOServiceGetMatchingServices(0, matching, port))
      return iterator === null ? [] : drain(iterator)
    },
    children(entry) {
      port[0] = 0
      const iterator = portOf(kit.IORegistryEntryGetChildIterator(entry, 'IOService', port))
      return iterator === null ? [] : drain(iterator)
    },
    className: (entry) => nameBy(kit.IOObjectGetClass, entry),
    name: (entry) => nameBy(kit.IORegistryEntryGetName, entry),
    id: (entry) => (integer(kit.IORegistryEntryGetRegistryEntryID(entry, id)) === 0n ? String(id[0]) : null),
    property(entry, key) {
      const string = cf.create(key)
      const value = pointer(kit.IORegistryEntryCreateCFProperty(entry, string, null, 0))
      const plain = cf.plain(value)
      cf.release(value)
      cf.release(string)
      return plain
    },
    release(entries) {
      for (const entry of entries) kit.IOObjectRelease(entry)
    },
    open(service) {
      port[0] = 0
      const code = kit.IOServiceOpen(service, Number(integer(system.value.mach_task_self())), 0, port)
      return { connection: portOf(code), code: Number(integer(code)) }
    },
    call(connection, selector, input, output) {
      const size = new BigUint64Array([BigInt(output.length)])
      return Number(integer(kit.IOConnectCallStructMethod(connection, selector, input, input.length, output, size)))
    },
    close: (connection) => void kit.IOServiceClose(connection),
  })
}
