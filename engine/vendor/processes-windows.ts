import { ok } from '../../contract/result.ts'
import { bind } from './bind.ts'
import type { VendorDriver } from './driver.ts'
import { type ProcessRow, parseEfficiencyClasses, parseProcesses } from './process-buffer.ts'
import { imageReader, type ProcessImage } from './process-image.ts'
import { allocateScratch, type Scratch } from './windows-memory.ts'

/** Processes of which image path and command line are wanted too. */
export type ProcessesRequest = { readonly identify: readonly number[] }

export type ProcessesRecord = {
  readonly processes: readonly ProcessRow[] | null
  /** Of all CPUs since the start of Windows, 100 ns: idle, kernel (idle in it), user. */
  readonly times: readonly [string, string, string] | null
  readonly images: readonly ProcessImage[]
  /** By logical processor; all alike where cores do not differ. */
  readonly efficiencyClasses: readonly number[]
}

const SYSTEM_PROCESS_INFORMATION = 5
const INFO_LENGTH_MISMATCH = 0xc000_0004
const FIRST_BYTES = 1 << 20
const MOST_BYTES = 1 << 27

type Nt = {
  NtQuerySystemInformation(kind: number, buffer: bigint, lengthBytes: number, returned: Uint32Array): number
}

type Kernel32 = {
  GetSystemTimes(idle: BigUint64Array, kernel: BigUint64Array, user: BigUint64Array): number
  GetSystemCpuSetInformation(
    buffer: Uint8Array,
    lengthBytes: number,
    returned: Uint32Array,
    process: null,
    flags: number,
  ): number
}

const NT = {
  NtQuerySystemInformation:
    'int32_t __stdcall NtQuerySystemInformation(int32_t kind, void *buffer, uint32_t length, uint32_t *returned)',
} as const

const KERNEL32 = {
  GetSystemTimes: 'int32_t __stdcall GetSystemTimes(uint64_t *idle, uint64_t *kernel, uint64_t *user)',
  GetSystemCpuSetInformation:
    'int32_t __stdcall GetSystemCpuSetInformation(uint8_t *information, uint32_t length, uint32_t *returned, void *process, uint32_t flags)',
} as const

/** All processes of a Windows machine in one call. Needs no privilege; image and command line only of processes that we may open. */
export const processesWindowsDriver: VendorDriver = {
  name: 'processes-windows',
  platforms: ['win32'],
  open(host) {
    const nt = bind<Nt>(host, 'ntdll.dll', NT)
    if (!nt.ok) return nt
    const kernel32 = bind<Kernel32>(host, 'kernel32.dll', KERNEL32)
    if (!kernel32.ok) return kernel32
    const images = imageReader(host)
    if (!images.ok) return images
    const scratch = allocateScratch(host, FIRST_BYTES)
    if (!scratch.ok) {
      images.value.close()
      return scratch
    }
    const efficiencyClasses = readEfficiencyClasses(kernel32.value)
    return ok({
      read(request): ProcessesRecord {
        const times = readTimes(kernel32.value)
        const processes = readProcesses(nt.value, scratch.value)
        return { times, processes, images: identified(request).map(images.value.read), efficiencyClasses }
      },
      close() {
        images.value.close()
        scratch.value.free()
      },
    })
  },
}

function readProcesses(nt: Nt, scratch: Scratch): ProcessRow[] | null {
  const returned = new Uint32Array(1)
  for (let attempt = 0; attempt < 4; attempt++) {
    const { address, lengthBytes } = scratch
    const status = nt.NtQuerySystemInformation(SYSTEM_PROCESS_INFORMATION, address, lengthBytes, returned) >>> 0
    const length = returned[0] ?? 0
    if (status === 0) return parseProcesses(scratch.read(length), address)
    if (status !== INFO_LENGTH_MISMATCH || length > MOST_BYTES) break
    if (!scratch.grow(Math.max(length, lengthBytes) * 2)) break
  }
  return null
}

function readTimes(kernel32: Kernel32): ProcessesRecord['times'] {
  const [idle, kernel, user] = [new BigUint64Array(1), new BigUint64Array(1), new BigUint64Array(1)] as const
  if (kernel32.GetSystemTimes(idle, kernel, user) === 0) return null
  return [`${idle[0]}`, `${kernel[0]}`, `${user[0]}`]
}

/** 32 bytes for each logical processor, of which Windows has at most 2,048. */
function readEfficiencyClasses(kernel32: Kernel32): number[] {
  const bytes = new Uint8Array(2_048 * 32)
  const returned = new Uint32Array(1)
  if (kernel32.GetSystemCpuSetInformation(bytes, bytes.length, returned, null, 0) === 0) return []
  return parseEfficiencyClasses(bytes.subarray(0, returned[0] ?? 0))
}

function identified(request: unknown): number[] {
  if (typeof request !== 'object' || request === null || !('identify' in request)) return []
  return Array.isArray(request.identify) ? request.identify.filter((pid: unknown) => typeof pid === 'number') : []
}
