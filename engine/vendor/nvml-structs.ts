/**
 * NVML's C interface: prototypes and the layout of its structs. nvml.h (NVIDIA/go-nvml gen/nvml/nvml.h, API version 13). Handles travel
 * as integers and everything else through byte buffers, so that no number of 64 bits is rounded on the way.
 */
export const PROTOTYPES: readonly string[] = [
  'int nvmlInit_v2()',
  'int nvmlShutdown()',
  'int nvmlDeviceGetCount_v2(void *count)',
  'int nvmlDeviceGetHandleByIndex_v2(uint32_t index, void *device)',
  'int nvmlDeviceGetHandleByPciBusId_v2(const char *address, void *device)',
  'int nvmlDeviceGetPciInfo_v3(uintptr_t device, void *pci)',
  'int nvmlDeviceGetName(uintptr_t device, void *text, uint32_t length)',
  'int nvmlDeviceGetUUID(uintptr_t device, void *text, uint32_t length)',
  'int nvmlDeviceGetArchitecture(uintptr_t device, void *architecture)',
  'int nvmlDeviceGetEnforcedPowerLimit(uintptr_t device, void *mw)',
  'int nvmlDeviceGetPowerManagementDefaultLimit(uintptr_t device, void *mw)',
  'int nvmlDeviceGetMemoryInfo(uintptr_t device, void *memory)',
  'int nvmlDeviceGetTotalEnergyConsumption(uintptr_t device, void *mj)',
  'int nvmlDeviceGetPowerUsage(uintptr_t device, void *mw)',
  'int nvmlDeviceGetFieldValues(uintptr_t device, int count, void *values)',
  'int nvmlDeviceGetUtilizationRates(uintptr_t device, void *rates)',
  'int nvmlDeviceGetMigMode(uintptr_t device, void *current, void *pending)',
  'int nvmlDeviceGetMaxMigDeviceCount(uintptr_t device, void *count)',
  'int nvmlDeviceGetMigDeviceHandleByIndex(uintptr_t device, uint32_t index, void *instance)',
  ...['Compute', 'Graphics', 'MPSCompute'].flatMap((kind) =>
    ['_v3', '_v2', ''].map(
      (version) => `int nvmlDeviceGet${kind}RunningProcesses${version}(uintptr_t device, void *count, void *list)`,
    ),
  ),
  'int nvmlDeviceGetProcessUtilization(uintptr_t device, void *samples, void *count, uint64_t lastSeenUs)',
]

export const SUCCESS = 0
export const NOT_SUPPORTED = 3
export const NOT_FOUND = 6
export const INSUFFICIENT_SIZE = 7
export const FUNCTION_NOT_FOUND = 13
export const UNKNOWN = 999

export const NAME_BYTES = 96
export const PCI_BYTES = 68
/** nvmlPciInfo_t.busId; the 16 bytes at 0 are its older, shorter form. */
export const PCI_ADDRESS_AT = 36
export const MEMORY_BYTES = 24
export const RATES_BYTES = 8
/** The longest of the three process records that one and the same function has written (16, 24, 32 bytes). */
export const LONGEST_PROCESS_BYTES = 32
export const SAMPLE_BYTES = 32
export const FIELD_BYTES = 40

/** Ids of nvmlFieldValue_t: mean of the last second, and the power of now; mW. */
export const POWER_AVERAGE = 185
export const POWER_INSTANT = 186

/** Text up to its first zero byte. */
export function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1')
}

/** Fields asked for, in their order: fieldId at 0, scopeId (0: the GPU) at 4, the rest is the answer's. */
export function fieldsAsking(ids: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(FIELD_BYTES * ids.length)
  const view = viewOf(bytes)
  for (const [index, id] of ids.entries()) {
    view.setUint32(index * FIELD_BYTES, id, true)
    view.setInt32(index * FIELD_BYTES + 28, UNKNOWN, true)
  }
  return bytes
}

/** Value types that a power comes in, by nvmlValueType_t: double, u32, unsigned long, u64, i64, i32. */
export function fieldIn(bytes: Uint8Array, index: number): { code: number; value: number | null } {
  const view = new DataView(bytes.buffer, bytes.byteOffset + index * FIELD_BYTES, FIELD_BYTES)
  const code = view.getInt32(28, true)
  if (code !== SUCCESS) return { code, value: null }
  switch (view.getInt32(24, true)) {
    case 0:
      return { code, value: Math.round(view.getFloat64(32, true)) }
    case 1:
    // An unsigned long has 4 bytes on Windows and 8 elsewhere; no power in mW needs more than 4.
    case 2:
      return { code, value: view.getUint32(32, true) }
    case 3:
      return { code, value: Number(view.getBigUint64(32, true)) }
    case 4:
      return { code, value: Number(view.getBigInt64(32, true)) }
    case 5:
      return { code, value: view.getInt32(32, true) }
    default:
      return { code: UNKNOWN, value: null }
  }
}

/** nvmlProcessUtilizationSample_t: pid at 0, time in µs since 1970 at 8, SM utilisation in percent at 16. */
export function samplesIn(bytes: Uint8Array, count: number): { pid: number; atUs: string; smPct: number }[] {
  const view = viewOf(bytes)
  return Array.from({ length: Math.min(count, Math.floor(bytes.length / SAMPLE_BYTES)) }, (_, index) => ({
    pid: view.getUint32(index * SAMPLE_BYTES, true),
    atUs: String(view.getBigUint64(index * SAMPLE_BYTES + 8, true)),
    smPct: view.getUint32(index * SAMPLE_BYTES + 16, true),
  }))
}

/** "00000000:01:00.0", as NVML writes it, to "0000:01:00.0", as sysfs does; `null` where it is none. */
export function pciAddress(text: string): string | null {
  const match = /^([\da-f]{4,8}):([\da-f]{2}):([\da-f]{2})\.([\da-f])$/i.exec(text)
  if (match === null) return null
  const domain = Number.parseInt(match[1] as string, 16)
    .toString(16)
    .padStart(4, '0')
  return `${domain}:${match[2]}:${match[3]}.${match[4]}`.toLowerCase()
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
