/** Work or memory of one process on one adapter, as Windows names it. `engine` is `null` for memory, which no engine holds. */
export type PdhInstance = {
  readonly pid: number
  /** "HIGH_LOW", as the name spells it. */
  readonly luid: string
  readonly engine: number | null
}

/** "pid_12220_luid_0x00000000_0x0000C85A_phys_0_eng_5_engtype_Copy"; memory ends behind `phys`. The type may hold blanks or be missing. */
const INSTANCE = /^pid_(\d{1,10})_luid_(0x[0-9a-f]{8}_0x[0-9a-f]{8})_phys_\d{1,4}(?:_eng_(\d{1,4})(?:_.*)?)?$/is

/** `null` where it is none: other objects, and the sum `_Total`. */
export function parseInstance(name: string): PdhInstance | null {
  const [, pid, luid, engine] = INSTANCE.exec(name) ?? []
  if (pid === undefined || luid === undefined) return null
  return { pid: Number(pid), luid, engine: engine === undefined ? null : Number(engine) }
}

/** "0000:01:00.0" of bus, device and function; `null` where it is none. Windows tells no segment: machines with GPUs in several are servers. */
export function pciAddress(told: unknown): string | null {
  if (!Array.isArray(told)) return null
  const [bus, device, fn]: readonly unknown[] = told
  if (!isWithin(bus, 255) || !isWithin(device, 31) || !isWithin(fn, 7)) return null
  return `0000:${hex(bus)}:${hex(device)}.${fn}`
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0')
}
