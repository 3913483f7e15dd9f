import { ok, problem, type Result } from '../../contract/result.ts'
import type { Host, VendorFault } from '../host/host.ts'
import { bind } from './bind.ts'
import type { VendorDriver } from './driver.ts'
import { type PdhItem, parseItems } from './pdh-items.ts'
import { adapterAddresses } from './windows-adapters.ts'
import { allocateScratch, type Scratch } from './windows-memory.ts'

/** What processes did on GPUs since they began, by performance counter instance; `null` where Windows has no such counter. */
export type PdhRecord = {
  /** Running time of an engine for a process, 100 ns. */
  readonly runningTime: readonly PdhItem[] | null
  /** Memory of an adapter that a process holds, bytes. */
  readonly localUsage: readonly PdhItem[] | null
  /** PCI bus, device and function by "HIGH_LOW" of the LUID, as instances spell it. */
  readonly adapters: Readonly<Record<string, readonly [number, number, number] | null>>
}

const MORE_DATA = 0x8000_07d2
const FIRST_BYTES = 1 << 18
const MOST_BYTES = 1 << 26
const LUID = /_luid_(0x[0-9a-f]{8})_(0x[0-9a-f]{8})_/i

type Pdh = {
  PdhOpenQueryW(source: null, user: number, query: BigUint64Array): number
  PdhAddEnglishCounterW(query: bigint, path: string, user: number, counter: BigUint64Array): number
  PdhCollectQueryData(query: bigint): number
  PdhGetRawCounterArrayW(counter: bigint, bytes: Uint32Array, count: Uint32Array, buffer: bigint): number
  PdhCloseQuery(query: bigint): number
}

const PROTOTYPES = {
  PdhOpenQueryW: 'uint32_t __stdcall PdhOpenQueryW(void *source, uintptr_t user, uint64_t *query)',
  PdhAddEnglishCounterW:
    'uint32_t __stdcall PdhAddEnglishCounterW(void *query, const char16_t *path, uintptr_t user, uint64_t *counter)',
  PdhCollectQueryData: 'uint32_t __stdcall PdhCollectQueryData(void *query)',
  PdhGetRawCounterArrayW:
    'uint32_t __stdcall PdhGetRawCounterArrayW(void *counter, uint32_t *bytes, uint32_t *count, void *buffer)',
  PdhCloseQuery: 'uint32_t __stdcall PdhCloseQuery(void *query)',
} as const

/** GPU counters of Windows 10 1709 and later: objects "GPU Engine" and "GPU Process Memory". */
export const pdhDriver: VendorDriver = {
  name: 'pdh',
  platforms: ['win32'],
  open(host) {
    const pdh = bind<Pdh>(host, 'pdh.dll', PROTOTYPES)
    if (!pdh.ok) return pdh
    const scratch = allocateScratch(host, FIRST_BYTES)
    if (!scratch.ok) return scratch
    const opened = openQuery(pdh.value, host, scratch.value)
    if (!opened.ok) scratch.value.free()
    return opened
  },
}

function openQuery(pdh: Pdh, host: Pick<Host, 'library'>, scratch: Scratch): ReturnType<VendorDriver['open']> {
  const opened = adapterAddresses(host, scratch)
  if (!opened.ok) return opened
  const addressOf = opened.value
  const query = new BigUint64Array(1)
  if (pdh.PdhOpenQueryW(null, 0, query) !== 0) return problem('broken', 'Windows opened no performance query.')
  const handle = query[0] as bigint
  const runningTime = addCounter(pdh, handle, '\\GPU Engine(*)\\Running Time')
  const localUsage = addCounter(pdh, handle, '\\GPU Process Memory(*)\\Local Usage')
  if (!runningTime.ok) {
    pdh.PdhCloseQuery(handle)
    return runningTime
  }

  function addresses(items: readonly PdhItem[]): PdhRecord['adapters'] {
    const adapters: Record<string, readonly [number, number, number] | null> = {}
    for (const [name] of items) {
      const [, high, low] = LUID.exec(name) ?? []
      if (high === undefined || low === undefined || adapters[`${high}_${low}`] !== undefined) continue
      adapters[`${high}_${low}`] = addressOf(Number(high), Number(low))
    }
    return adapters
  }

  return ok({
    read(): PdhRecord {
      pdh.PdhCollectQueryData(handle)
      const engines = readItems(pdh, runningTime.value, scratch)
      const memory = localUsage.ok ? readItems(pdh, localUsage.value, scratch) : null
      return { runningTime: engines, localUsage: memory, adapters: addresses([...(engines ?? []), ...(memory ?? [])]) }
    },
    close() {
      pdh.PdhCloseQuery(handle)
      scratch.free()
    },
  })
}

function addCounter(pdh: Pdh, query: bigint, path: string): Result<bigint, VendorFault> {
  const counter = new BigUint64Array(1)
  if (pdh.PdhAddEnglishCounterW(query, path, 0, counter) === 0) return ok(counter[0] as bigint)
  return problem('absent', 'This Windows has no counters of what processes do on its GPUs.')
}

/** Asks for the size until the buffer is long enough: processes start between the two calls. */
function readItems(pdh: Pdh, counter: bigint, scratch: Scratch): PdhItem[] | null {
  const count = new Uint32Array(1)
  for (let attempt = 0; attempt < 4; attempt++) {
    const bytes = Uint32Array.of(scratch.lengthBytes)
    const status = pdh.PdhGetRawCounterArrayW(counter, bytes, count, scratch.address) >>> 0
    const length = bytes[0] ?? 0
    if (status === 0) return parseItems(scratch.read(length), scratch.address, count[0] ?? 0)
    if (status !== MORE_DATA || length > MOST_BYTES || !scratch.grow(Math.max(length, scratch.lengthBytes) * 2)) break
  }
  return null
}
