import { ok, type Result } from '../../contract/result.ts'
import type { Host, VendorFault } from '../host/host.ts'
import { bind } from './bind.ts'
import { textAt } from './process-buffer.ts'
import { allocateScratch } from './windows-memory.ts'

/** Path of its image and its command line; `null` where Windows lets only others look. */
export type ProcessImage = readonly [pid: number, path: string | null, commandLine: string | null]

/** winnt.h: PROCESS_QUERY_LIMITED_INFORMATION. ntpsapi.h (phnt): ProcessCommandLineInformation, since Windows 8.1. */
const QUERY_LIMITED = 0x1000
const COMMAND_LINE = 60
/** A UNICODE_STRING holds at most 32,767 characters; its own 16 bytes stand before them. */
const MOST_TEXT_BYTES = 65_534
const SCRATCH_BYTES = MOST_TEXT_BYTES + 16 + 2

type Kernel32 = {
  OpenProcess(access: number, inherits: number, pid: number): number
  QueryFullProcessImageNameW(handle: number, flags: number, name: Uint16Array, units: Uint32Array): number
  CloseHandle(handle: number): number
}

type Nt = {
  NtQueryInformationProcess(
    handle: number,
    kind: number,
    buffer: bigint,
    lengthBytes: number,
    returned: Uint32Array,
  ): number
}

const KERNEL32 = {
  OpenProcess: 'intptr_t __stdcall OpenProcess(uint32_t access, int32_t inherits, uint32_t pid)',
  QueryFullProcessImageNameW:
    'int32_t __stdcall QueryFullProcessImageNameW(intptr_t handle, uint32_t flags, uint16_t *name, uint32_t *units)',
  CloseHandle: 'int32_t __stdcall CloseHandle(intptr_t handle)',
} as const

const NT = {
  NtQueryInformationProcess:
    'int32_t __stdcall NtQueryInformationProcess(intptr_t handle, int32_t kind, void *buffer, uint32_t length, uint32_t *returned)',
} as const

export function imageReader(
  host: Pick<Host, 'library'>,
): Result<{ read(pid: number): ProcessImage; close(): void }, VendorFault> {
  const kernel32 = bind<Kernel32>(host, 'kernel32.dll', KERNEL32)
  if (!kernel32.ok) return kernel32
  const nt = bind<Nt>(host, 'ntdll.dll', NT)
  if (!nt.ok) return nt
  const scratch = allocateScratch(host, SCRATCH_BYTES)
  if (!scratch.ok) return scratch
  const { OpenProcess, QueryFullProcessImageNameW, CloseHandle } = kernel32.value
  const { NtQueryInformationProcess } = nt.value
  const memory = scratch.value
  const units = new Uint16Array(MOST_TEXT_BYTES / 2)

  function pathOf(handle: number): string | null {
    const length = Uint32Array.of(units.length)
    if (QueryFullProcessImageNameW(handle, 0, units, length) === 0) return null
    const bytes = new Uint8Array(units.buffer, 0, Math.min(length[0] ?? 0, units.length) * 2)
    return new TextDecoder('utf-16le').decode(bytes)
  }

  function commandLineOf(handle: number): string | null {
    const { address, lengthBytes } = memory
    const returned = new Uint32Array(1)
    if (NtQueryInformationProcess(handle, COMMAND_LINE, address, lengthBytes, returned) < 0) return null
    const text = commandLineIn(memory.read(returned[0] ?? 0), address)
    // Command lines carry prompts and keys: nothing of them stays in this memory.
    memory.write(new Uint8Array(returned[0] ?? 0))
    return text
  }

  return ok({
    read(pid) {
      const handle = OpenProcess(QUERY_LIMITED, 0, pid)
      if (handle === 0) return [pid, null, null]
      const image = [pid, pathOf(handle), commandLineOf(handle)] as const
      CloseHandle(handle)
      return image
    },
    close: () => memory.free(),
  })
}

/** A UNICODE_STRING (Length @0, pointer @8) that lay at `address`, with its text behind it. */
export function commandLineIn(bytes: Uint8Array, address: bigint): string | null {
  if (bytes.length < 16) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return textAt(view, view.getUint16(0, true), view.getBigUint64(8, true) - address, MOST_TEXT_BYTES)
}
