import type { CardDescription, CardRecord, RawProcesses } from '../sources/nvml-record.ts'
import {
  FIELD_BYTES,
  FUNCTION_NOT_FOUND,
  fieldIn,
  fieldsAsking,
  INSUFFICIENT_SIZE,
  LONGEST_PROCESS_BYTES,
  MEMORY_BYTES,
  NAME_BYTES,
  NOT_FOUND,
  NOT_SUPPORTED,
  POWER_AVERAGE,
  POWER_INSTANT,
  RATES_BYTES,
  SAMPLE_BYTES,
  SUCCESS,
  samplesIn,
  textIn,
  UNKNOWN,
  viewOf,
} from './nvml-structs.ts'

/** Calls a function of the library by name and gives its return code; one that this version lacks gives FUNCTION_NOT_FOUND. */
export type NvmlCall = (name: string, ...args: readonly unknown[]) => number

type ProcessKind = RawProcesses['kind']
const LISTS: Readonly<Record<ProcessKind, string>> = {
  compute: 'nvmlDeviceGetComputeRunningProcesses',
  graphics: 'nvmlDeviceGetGraphicsRunningProcesses',
  mps: 'nvmlDeviceGetMPSComputeRunningProcesses',
}
const KINDS: readonly ProcessKind[] = ['compute', 'graphics', 'mps']
/** Bytes that the library has not written still hold it. */
const SENTINEL = 0xa5
/** Above this a count is no count. */
const MOST_ENTRIES = 4_096
const FIRST_ENTRIES = 64
const MOST_INSTANCES = 16

/** One card of which a handle is open. Each value that the library refuses is `null` and has its return code beside it. */
export class NvmlCard {
  readonly #call: NvmlCall
  readonly #device: bigint
  readonly #pci: string
  /** Functions that this card does not have: they are not called again before the next slow reading. */
  readonly #refused = new Map<string, number>()
  #entries = FIRST_ENTRIES

  constructor(call: NvmlCall, device: bigint, pci: string) {
    this.#call = call
    this.#device = device
    this.#pci = pci
  }

  read(sinceUs: bigint, isSlow: boolean): CardRecord {
    if (isSlow) this.#refused.clear()
    const codes: Record<string, number> = {}
    const energyMj = this.#u64(codes, 'energyMj', 'nvmlDeviceGetTotalEnergyConsumption')
    const powerUsageMw = this.#u32(codes, 'powerUsageMw', 'nvmlDeviceGetPowerUsage')
    // A card that counts its energy needs no power but for a look at whether the counter moves.
    const powers = energyMj === null ? this.#powers(codes) : { powerAverageMw: null, powerInstantMw: null }
    const isSplit = this.#isSplit(codes)
    return {
      pci: this.#pci,
      code: SUCCESS,
      codes,
      energyMj,
      ...powers,
      powerUsageMw,
      gpuPct: this.#first(codes, 'gpuPct', 'nvmlDeviceGetUtilizationRates', RATES_BYTES),
      isSplit,
      lists: [...this.#lists(codes, this.#device), ...(isSplit ? this.#instanceLists() : [])],
      samples: this.#samples(codes, sinceUs),
      description: isSlow ? this.#describe(codes) : null,
    }
  }

  #describe(codes: Record<string, number>): CardDescription {
    const memory = this.#bytes(codes, 'memoryBytes', 'nvmlDeviceGetMemoryInfo', MEMORY_BYTES)
    return {
      name: this.#text(codes, 'name', 'nvmlDeviceGetName'),
      uuid: this.#text(codes, 'uuid', 'nvmlDeviceGetUUID'),
      architecture: this.#u32(codes, 'architecture', 'nvmlDeviceGetArchitecture'),
      enforcedLimitMw: this.#u32(codes, 'enforcedLimitMw', 'nvmlDeviceGetEnforcedPowerLimit'),
      defaultLimitMw: this.#u32(codes, 'defaultLimitMw', 'nvmlDeviceGetPowerManagementDefaultLimit'),
      memoryBytes: memory === null ? null : String(viewOf(memory).getBigUint64(0, true)),
    }
  }

  /** Both in one call; each has a return code of its own. */
  #powers(codes: Record<string, number>): Pick<CardRecord, 'powerAverageMw' | 'powerInstantMw'> {
    const fields = fieldsAsking([POWER_AVERAGE, POWER_INSTANT])
    const count = fields.length / FIELD_BYTES
    const code = this.#ask('nvmlDeviceGetFieldValues', count, fields)
    const [average, instant] = [0, 1].map((index) =>
      code === SUCCESS ? fieldIn(fields, index) : { code, value: null },
    ) as [ReturnType<typeof fieldIn>, ReturnType<typeof fieldIn>]
    if (average.value === null) codes.powerAverageMw = average.code
    if (instant.value === null) codes.powerInstantMw = instant.code
    return { powerAverageMw: average.value, powerInstantMw: instant.value }
  }

  #isSplit(codes: Record<string, number>): boolean {
    const pending = new Uint8Array(4)
    return this.#first(codes, 'isSplit', 'nvmlDeviceGetMigMode', 4, pending) === 1
  }

  #lists(codes: Record<string, number>, device: bigint): RawProcesses[] {
    const lists: RawProcesses[] = []
    for (const kind of KINDS) {
      const list = this.#list(kind, device)
      if (typeof list === 'number') codes[kind] = list
      else lists.push(list)
    }
    return lists
  }

  /** The newest function that the library has, with room for the longest record, filled so that what is not written shows. */
  #list(kind: ProcessKind, device: bigint): RawProcesses | number {
    for (const version of ['_v3', '_v2', '']) {
      const list = this.#listBy(`${LISTS[kind]}${version}`, kind, device)
      if (list !== FUNCTION_NOT_FOUND) return list
    }
    return FUNCTION_NOT_FOUND
  }

  #listBy(name: string, kind: ProcessKind, device: bigint): RawProcesses | number {
    for (let attempt = 0; attempt < 3; attempt++) {
      const bytes = new Uint8Array(this.#entries * LONGEST_PROCESS_BYTES).fill(SENTINEL)
      const count = new Uint32Array([this.#entries])
      const code = this.#call(name, device, count, bytes)
      const needed = count[0] as number
      if (code === SUCCESS) return needed > this.#entries ? UNKNOWN : { kind, count: needed, bytes: written(bytes) }
      if (code !== INSUFFICIENT_SIZE || needed > MOST_ENTRIES) return code
      // Processes come between two calls: NVIDIA advises slack.
      this.#entries = Math.max(this.#entries + 5, Math.ceil(needed * 1.25) + 5)
    }
    return INSUFFICIENT_SIZE
  }

  /** Of a card that is split, each instance's processes: not every caller may see those of all at once. */
  #instanceLists(): RawProcesses[] {
    const most = this.#first({}, '', 'nvmlDeviceGetMaxMigDeviceCount', 4) ?? 0
    const lists: RawProcesses[] = []
    for (let index = 0; index < Math.min(most, MOST_INSTANCES); index++) {
      const handle = new BigUint64Array(1)
      if (this.#ask('nvmlDeviceGetMigDeviceHandleByIndex', index, handle) !== SUCCESS) continue
      lists.push(...this.#lists({}, handle[0] as bigint))
    }
    return lists
  }

  /** "Not found" is nobody at work, a measured zero. */
  #samples(codes: Record<string, number>, sinceUs: bigint): CardRecord['samples'] {
    const name = 'nvmlDeviceGetProcessUtilization'
    const count = new Uint32Array(1)
    const first = this.#ask(name, null, count, sinceUs)
    if (first === NOT_FOUND || (first === SUCCESS && count[0] === 0)) return []
    const needed = count[0] as number
    if (first !== INSUFFICIENT_SIZE || needed > MOST_ENTRIES) return this.#failed(codes, 'samples', first)
    const bytes = new Uint8Array(needed * SAMPLE_BYTES)
    const code = this.#ask(name, bytes, count, sinceUs)
    if (code === NOT_FOUND) return []
    if (code !== SUCCESS) return this.#failed(codes, 'samples', code)
    return samplesIn(bytes, count[0] as number).filter(({ pid, atUs }) => pid !== 0 || atUs !== '0')
  }

  #text(codes: Record<string, number>, field: string, name: string): string | null {
    const bytes = new Uint8Array(NAME_BYTES)
    const code = this.#ask(name, bytes, NAME_BYTES)
    return code === SUCCESS ? textIn(bytes) : this.#failed(codes, field, code)
  }

  #u64(codes: Record<string, number>, field: string, name: string): string | null {
    const bytes = this.#bytes(codes, field, name, 8)
    return bytes === null ? null : String(viewOf(bytes).getBigUint64(0, true))
  }

  #u32(codes: Record<string, number>, field: string, name: string): number | null {
    return this.#first(codes, field, name, 4)
  }

  #first(
    codes: Record<string, number>,
    field: string,
    name: string,
    length: number,
    ...rest: readonly Uint8Array[]
  ): number | null {
    const bytes = this.#bytes(codes, field, name, length, ...rest)
    return bytes === null ? null : viewOf(bytes).getUint32(0, true)
  }

  #bytes(
    codes: Record<string, number>,
    field: string,
    name: string,
    length: number,
    ...rest: readonly Uint8Array[]
  ): Uint8Array | null {
    const bytes = new Uint8Array(length)
    const code = this.#ask(name, bytes, ...rest)
    return code === SUCCESS ? bytes : this.#failed(codes, field, code)
  }

  #ask(name: string, ...args: readonly unknown[]): number {
    return this.#known(name) ?? this.#keep(name, this.#call(name, this.#device, ...args))
  }

  #known(name: string): number | undefined {
    return this.#refused.get(name)
  }

  #keep(name: string, code: number): number {
    if (code === NOT_SUPPORTED || code === FUNCTION_NOT_FOUND) this.#refused.set(name, code)
    return code
  }

  #failed(codes: Record<string, number>, field: string, code: number): null {
    codes[field] = code
    return null
  }
}

/** What the library wrote of `bytes`, base64. */
function written(bytes: Uint8Array): string {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === SENTINEL) end--
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('base64')
}
