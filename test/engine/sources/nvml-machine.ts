import { ok, type Problem } from '../../../contract/result.ts'
import type { MachineFacts, VendorAnswer, VendorFault, VendorSession } from '../../../engine/host/host.ts'
import type { CardRecord, NvmlRecord, NvmlRequest } from '../../../engine/sources/nvml-record.ts'
import { PowercapMachine } from './powercap.ts'

export const PCI = '0000:01:00.0'

export type Listed = { pid: number; bytes?: bigint; kind?: 'compute' | 'graphics' | 'mps' }

/** A card whose values a test sets: what the driver tells of it, and what sysfs does. */
export type ScriptedCard = Partial<CardRecord> & { processes?: readonly Listed[] }

const DESCRIPTION = {
  name: 'NVIDIA GeForce RTX 4090',
  uuid: 'GPU-1',
  architecture: 8,
  enforcedLimitMw: 450_000,
  defaultLimitMw: 450_000,
  memoryBytes: String(24 * 2 ** 30),
}

/** A machine with NVIDIA cards whose vendor process answers at once, as engine/vendor/nvml.ts would (nvml.h); the library itself is not here. */
export class NvmlMachine extends PowercapMachine {
  readonly cards = new Map<string, ScriptedCard>()
  /** Of nvmlInit_v2. */
  init = 0
  /** Why nothing is answered. */
  fault: Problem<VendorFault> | null = null
  /** Questions are taken and not answered. */
  isHung = false
  /** Stands in for the whole answer. */
  answer: unknown = undefined
  readonly requests: NvmlRequest[] = []
  opened = 0
  closed = 0

  constructor(cards: Readonly<Record<string, ScriptedCard>> = { [PCI]: {} }, facts: Partial<MachineFacts> = {}) {
    super({}, facts)
    for (const [pci, card] of Object.entries(cards)) this.plug(pci, card)
    const session = () => this.#session()
    this.host.vendor = (driver) => {
      if (driver !== 'nvml') throw new Error(`nobody asked for ${driver}`)
      return session()
    }
  }

  plug(pci: string, card: ScriptedCard = {}, driver: string | null = 'nvidia'): void {
    this.cards.set(pci, card)
    const path = `/sys/bus/pci/devices/${pci}`
    this.host.write(`${path}/vendor`, '0x10de\n')
    this.host.write(`${path}/class`, '0x030000\n')
    this.host.write(`${path}/power/runtime_status`, 'active\n')
    this.host.write(`${path}/power/control`, 'on\n')
    if (driver !== null) this.host.links.set(`${path}/driver`, `../../../../bus/pci/drivers/${driver}`)
  }

  unplug(pci: string): void {
    this.cards.delete(pci)
    for (const name of ['vendor', 'class', 'power/runtime_status', 'power/control'])
      this.host.remove(`/sys/bus/pci/devices/${pci}/${name}`)
    this.host.links.delete(`/sys/bus/pci/devices/${pci}/driver`)
  }

  /** From now on the card tells this. */
  set(pci: string, card: ScriptedCard): void {
    this.cards.set(pci, { ...this.cards.get(pci), ...card })
  }

  power(pci: string, status: 'active' | 'suspended', control: 'auto' | 'on'): void {
    this.host.write(`/sys/bus/pci/devices/${pci}/power/runtime_status`, `${status}\n`)
    this.host.write(`/sys/bus/pci/devices/${pci}/power/control`, `${control}\n`)
  }

  get isLoaded(): boolean {
    return this.opened > this.closed
  }

  #session(): VendorSession {
    const machine = this
    let latest: VendorAnswer | null = null
    let isOpen = true
    let isUsed = false
    function ask(request: unknown): void {
      if (!isOpen) throw new Error('asked after close')
      if (!isUsed) machine.opened += 1
      isUsed = true
      machine.requests.push(request as NvmlRequest)
      if (machine.fault !== null) latest = null
      else if (!machine.isHung) latest = machine.#answered(request as NvmlRequest)
    }
    return {
      ask,
      get latest() {
        return latest
      },
      get problem() {
        return machine.fault
      },
      async answer(request) {
        ask(request)
        return latest === null ? (machine.fault as Problem<VendorFault>) : ok(latest)
      },
      close() {
        if (isOpen && isUsed) machine.closed += 1
        isOpen = false
        latest = null
      },
    }
  }

  #answered(request: NvmlRequest): VendorAnswer {
    const nowMs = this.host.clock.monotonicMs()
    const pcis = this.init === 0 ? (request.pcis ?? [...this.cards.keys()]) : []
    const record: NvmlRecord = {
      init: this.init,
      isSlow: request.isSlow,
      cards: pcis.map((pci) => recordOf(pci, this.cards.get(pci) ?? { code: 6 }, request.isSlow)),
    }
    return { value: this.answer ?? record, askedMs: nowMs, answeredMs: nowMs }
  }
}

function recordOf(pci: string, { processes = [], ...card }: ScriptedCard, isSlow: boolean): CardRecord {
  const isThere = (card.code ?? 0) === 0
  return {
    pci,
    code: 0,
    codes: {},
    energyMj: isThere ? '1000' : null,
    powerAverageMw: null,
    powerInstantMw: null,
    powerUsageMw: isThere ? 4_000 : null,
    gpuPct: isThere ? 0 : null,
    isSplit: false,
    lists: (['compute', 'graphics', 'mps'] as const).map((kind) => listOf(kind, processes)),
    samples: isThere ? [] : null,
    ...card,
    description: isSlow && isThere ? { ...DESCRIPTION, ...card.description } : null,
  }
}

function listOf(kind: 'compute' | 'graphics' | 'mps', processes: readonly Listed[]) {
  const own = processes.filter((process) => (process.kind ?? 'compute') === kind)
  const bytes = own.map((process) => processRecord(24, process.pid, process.bytes ?? 0n))
  return { kind, count: own.length, bytes: Buffer.concat(bytes).toString('base64') }
}

/** nvmlProcessInfo_v1_t, nvmlProcessInfo_t or nvmlProcessDetail_v1_t, without MIG. */
export function processRecord(length: 16 | 24 | 32, pid: number, memoryBytes: bigint): Buffer {
  const record = Buffer.alloc(length)
  record.writeUInt32LE(pid, 0)
  record.writeBigUInt64LE(memoryBytes, 8)
  if (length > 16) record.fill(0xff, 16, 24)
  return record
}
