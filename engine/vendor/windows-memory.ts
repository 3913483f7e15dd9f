import { ok, problem, type Result } from '../../contract/result.ts'
import type { Host, VendorFault } from '../host/host.ts'
import { bind } from './bind.ts'

/** Memory whose address is known: for calls that fill a buffer with pointers into itself, or that take a structure with a pointer in it. */
export interface Scratch {
  readonly address: bigint
  readonly lengthBytes: number
  /** A copy of its first bytes. */
  read(lengthBytes: number): Uint8Array
  write(bytes: Uint8Array): void
  /** Makes it at least so long; what was in it is lost. `false` where the system has no memory. */
  grow(lengthBytes: number): boolean
  free(): void
}

/** winnt.h: MEM_COMMIT | MEM_RESERVE, MEM_RELEASE, PAGE_READWRITE. */
const COMMIT_AND_RESERVE = 0x3000
const RELEASE = 0x8000
const READ_WRITE = 0x04

type Kernel32 = {
  VirtualAlloc(address: null, lengthBytes: number, type: number, protect: number): number | bigint
  VirtualFree(address: bigint, lengthBytes: number, type: number): number
  RtlMoveMemory(to: Uint8Array | bigint, from: Uint8Array | bigint, lengthBytes: number): void
}

const PROTOTYPES = {
  VirtualAlloc: 'uintptr_t __stdcall VirtualAlloc(void *address, size_t size, uint32_t type, uint32_t protect)',
  VirtualFree: 'int32_t __stdcall VirtualFree(void *address, size_t size, uint32_t type)',
  RtlMoveMemory: 'void __stdcall RtlMoveMemory(void *destination, void *source, size_t length)',
} as const

export function allocateScratch(host: Pick<Host, 'library'>, lengthBytes: number): Result<Scratch, VendorFault> {
  const kernel32 = bind<Kernel32>(host, 'kernel32.dll', PROTOTYPES)
  if (!kernel32.ok) return kernel32
  const { VirtualAlloc, VirtualFree, RtlMoveMemory } = kernel32.value
  let address = 0n
  let length = 0

  function free(): void {
    if (address !== 0n) VirtualFree(address, 0, RELEASE)
    address = 0n
    length = 0
  }

  function grow(wanted: number): boolean {
    if (wanted <= length) return true
    free()
    address = BigInt(VirtualAlloc(null, wanted, COMMIT_AND_RESERVE, READ_WRITE))
    length = address === 0n ? 0 : wanted
    return address !== 0n
  }

  if (!grow(lengthBytes)) return problem('broken', 'Windows gave no memory to read into.')
  return ok({
    get address() {
      return address
    },
    get lengthBytes() {
      return length
    },
    read(lengthBytes) {
      const bytes = new Uint8Array(Math.min(lengthBytes, length))
      RtlMoveMemory(bytes, address, bytes.length)
      return bytes
    },
    write(bytes) {
      RtlMoveMemory(address, bytes, Math.min(bytes.length, length))
    },
    grow,
    free,
  })
}
