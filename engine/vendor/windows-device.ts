import { ok, type Result } from '../../contract/result.ts'
import type { Host, VendorFault } from '../host/host.ts'
import { bind } from './bind.ts'

/** Devices by their interface class, and I/O control on them: what energy meters and batteries have in common. */
export interface WindowsDevices {
  /** Paths of the devices of an interface class that are present: "{45BD8344-…}". */
  paths(interfaceClass: string): string[]
  /** Opens for reading. Win32 error code where it fails. */
  open(path: string): Opened
  /** What the device answered; `null` where it refused. */
  control(handle: number, code: number, input: Uint8Array | null, outputBytes: number): Uint8Array | null
  close(handle: number): void
}

export type Opened = { readonly handle: number } | { readonly errorCode: number }

/** fileapi.h, winnt.h: GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, OPEN_EXISTING. */
const GENERIC_READ = 0x8000_0000
const SHARE_READ_WRITE = 3
const OPEN_EXISTING = 3
const INVALID_HANDLE = -1
/** cfgmgr32.h: CM_GET_DEVICE_INTERFACE_LIST_PRESENT. */
const PRESENT = 0
const MOST_PATH_UNITS = 1 << 20

type ConfigurationManager = {
  CM_Get_Device_Interface_List_SizeW(length: Uint32Array, guid: Uint8Array, device: null, flags: number): number
  CM_Get_Device_Interface_ListW(
    guid: Uint8Array,
    device: null,
    buffer: Uint16Array,
    length: number,
    flags: number,
  ): number
}

type Kernel32 = {
  CreateFileW(
    path: string,
    access: number,
    share: number,
    security: null,
    disposition: number,
    flags: number,
    template: null,
  ): number
  DeviceIoControl(
    handle: number,
    code: number,
    input: Uint8Array | null,
    inputBytes: number,
    output: Uint8Array,
    outputBytes: number,
    returned: Uint32Array,
    overlapped: null,
  ): number
  CloseHandle(handle: number): number
  GetLastError(): number
}

const CONFIGURATION_MANAGER = {
  CM_Get_Device_Interface_List_SizeW:
    'uint32_t __stdcall CM_Get_Device_Interface_List_SizeW(uint32_t *length, const uint8_t *guid, void *device, uint32_t flags)',
  CM_Get_Device_Interface_ListW:
    'uint32_t __stdcall CM_Get_Device_Interface_ListW(const uint8_t *guid, void *device, uint16_t *buffer, uint32_t length, uint32_t flags)',
} as const

const KERNEL32 = {
  CreateFileW:
    'intptr_t __stdcall CreateFileW(const char16_t *path, uint32_t access, uint32_t share, void *security, uint32_t disposition, uint32_t flags, void *template_file)',
  DeviceIoControl:
    'int32_t __stdcall DeviceIoControl(intptr_t handle, uint32_t code, const uint8_t *input, uint32_t input_bytes, uint8_t *output, uint32_t output_bytes, uint32_t *returned, void *overlapped)',
  CloseHandle: 'int32_t __stdcall CloseHandle(intptr_t handle)',
  GetLastError: 'uint32_t __stdcall GetLastError()',
} as const

export function windowsDevices(host: Pick<Host, 'library'>): Result<WindowsDevices, VendorFault> {
  const manager = bind<ConfigurationManager>(host, 'cfgmgr32.dll', CONFIGURATION_MANAGER)
  if (!manager.ok) return manager
  const kernel32 = bind<Kernel32>(host, 'kernel32.dll', KERNEL32)
  if (!kernel32.ok) return kernel32
  const { CreateFileW, DeviceIoControl, CloseHandle, GetLastError } = kernel32.value
  return ok({
    paths(interfaceClass) {
      const guid = guidBytes(interfaceClass)
      const length = new Uint32Array(1)
      if (manager.value.CM_Get_Device_Interface_List_SizeW(length, guid, null, PRESENT) !== 0) return []
      const units = new Uint16Array(Math.min(length[0] ?? 0, MOST_PATH_UNITS))
      if (units.length <= 1) return []
      const failed = manager.value.CM_Get_Device_Interface_ListW(guid, null, units, units.length, PRESENT)
      return failed === 0 ? splitPaths(units) : []
    },
    open(path) {
      const handle = CreateFileW(path, GENERIC_READ, SHARE_READ_WRITE, null, OPEN_EXISTING, 0, null)
      return handle === INVALID_HANDLE ? { errorCode: GetLastError() } : { handle }
    },
    control(handle, code, input, outputBytes) {
      const output = new Uint8Array(outputBytes)
      const returned = new Uint32Array(1)
      const inputBytes = input?.length ?? 0
      const done = DeviceIoControl(handle, code, input, inputBytes, output, outputBytes, returned, null)
      return done === 0 ? null : output.subarray(0, Math.min(returned[0] ?? 0, outputBytes))
    },
    close(handle) {
      CloseHandle(handle)
    },
  })
}

/** What a device answered as it may cross to another process; `null` where it refused. */
export function hexOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex')
}

/** A GUID as it lies in memory: the first three groups are little-endian numbers (guiddef.h). */
export function guidBytes(text: string): Uint8Array {
  const bytes = Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16))
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

/** Strings that each end in a zero; the list ends in another. */
export function splitPaths(units: Uint16Array): string[] {
  return new TextDecoder('utf-16le')
    .decode(new Uint8Array(units.buffer, units.byteOffset, units.byteLength))
    .split('\0')
    .filter((path) => path !== '')
}
