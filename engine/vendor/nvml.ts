import { ok, problem } from '../../contract/result.ts'
import type { CardRecord, NvmlRecord, NvmlRequest } from '../sources/nvml-record.ts'
import type { VendorDriver, VendorLibrary } from './driver.ts'
import { type NvmlCall, NvmlCard } from './nvml-card.ts'
import {
  FUNCTION_NOT_FOUND,
  PCI_ADDRESS_AT,
  PCI_BYTES,
  PROTOTYPES,
  pciAddress,
  SUCCESS,
  textIn,
  UNKNOWN,
} from './nvml-structs.ts'

/**
 * By its soname first, then where distributions, WSL and NixOS keep it; then Windows. The name without `.1` is a stub for linking.
 */
const LIBRARIES = [
  'libnvidia-ml.so.1',
  '/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1',
  '/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1',
  '/usr/lib64/libnvidia-ml.so.1',
  '/usr/lib/wsl/lib/libnvidia-ml.so.1',
  '/run/opengl-driver/lib/libnvidia-ml.so.1',
  '/usr/lib/nvidia/current/libnvidia-ml.so.1',
  'nvml.dll',
  'C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvml.dll',
] as const

const ERROR_GONE: ReadonlySet<number> = new Set([15, 16])
const MOST_CARDS = 256

/** NVIDIA's management library. docs.nvidia.com/deploy/nvml-api; nvml.h of NVIDIA/go-nvml. */
export const nvmlDriver: VendorDriver = {
  name: 'nvml',
  platforms: ['linux', 'win32'],
  open(host) {
    let isBroken = false
    for (const name of LIBRARIES) {
      const library = host.library(name, PROTOTYPES)
      if (library.ok) return ok(new Nvml(callerOf(library.value)))
      isBroken ||= library.code === 'broken'
    }
    return isBroken
      ? problem('broken', 'NVIDIA’s library is installed, but it could not be loaded.')
      : problem('absent', 'NVIDIA’s library (libnvidia-ml.so.1) is not installed.')
  },
}

class Nvml implements VendorLibrary {
  readonly #call: NvmlCall
  readonly #cards = new Map<string, NvmlCard>()
  /** Return codes of cards that could not be had; tried again by slow readings alone. */
  readonly #missing = new Map<string, number>()
  #isOpen = false
  #all: readonly string[] | null = null

  constructor(call: NvmlCall) {
    this.#call = call
  }

  read(request: unknown): NvmlRecord {
    const { pcis, sinceUs, isSlow } = parsed(request)
    if (!this.#isOpen) {
      const init = this.#call('nvmlInit_v2')
      if (init !== SUCCESS) return { init, isSlow, cards: [] }
      this.#isOpen = true
    }
    if (isSlow) this.#missing.clear()
    const wanted = pcis ?? this.#listed(isSlow)
    const cards = wanted.map((pci) => this.#read(pci, BigInt(sinceUs[pci] ?? 0), isSlow))
    return { init: SUCCESS, isSlow, cards }
  }

  close(): void {
    if (this.#isOpen) this.#call('nvmlShutdown')
    this.#isOpen = false
    this.#all = null
    this.#cards.clear()
    this.#missing.clear()
  }

  #read(pci: string, sinceUs: bigint, isSlow: boolean): CardRecord {
    const card = this.#cards.get(pci) ?? this.#missing.get(pci) ?? this.#open(pci)
    if (typeof card === 'number') return without(pci, card)
    const record = card.read(sinceUs, isSlow)
    const gone = Object.values(record.codes).find((code) => ERROR_GONE.has(code))
    if (gone === undefined) return record
    this.#cards.delete(pci)
    this.#missing.set(pci, gone)
    return without(pci, gone)
  }

  /** By its address: the library wakes and attaches this card alone. */
  #open(pci: string): NvmlCard | number {
    const handle = new BigUint64Array(1)
    const code = this.#call('nvmlDeviceGetHandleByPciBusId_v2', pci, handle)
    if (code === SUCCESS) return this.#keep(pci, handle[0] as bigint)
    this.#missing.set(pci, code)
    return code
  }

  #keep(pci: string, device: bigint): NvmlCard {
    const card = new NvmlCard(this.#call, device, pci)
    this.#cards.set(pci, card)
    return card
  }

  /** One card that may not be used, or that is lost, does not hide the others. */
  #listed(isSlow: boolean): readonly string[] {
    if (this.#all !== null && !isSlow) return this.#all
    const count = new Uint32Array(1)
    if (this.#call('nvmlDeviceGetCount_v2', count) !== SUCCESS) return this.#all ?? []
    const found: string[] = []
    for (let index = 0; index < Math.min(count[0] as number, MOST_CARDS); index++) {
      const handle = new BigUint64Array(1)
      if (this.#call('nvmlDeviceGetHandleByIndex_v2', index, handle) !== SUCCESS) continue
      const bytes = new Uint8Array(PCI_BYTES)
      if (this.#call('nvmlDeviceGetPciInfo_v3', handle[0], bytes) !== SUCCESS) continue
      const pci = pciAddress(textIn(bytes.subarray(PCI_ADDRESS_AT)))
      if (pci === null) continue
      if (!this.#cards.has(pci)) this.#keep(pci, handle[0] as bigint)
      found.push(pci)
    }
    this.#all = found
    return found
  }
}

function without(pci: string, code: number): CardRecord {
  return {
    pci,
    code,
    codes: {},
    energyMj: null,
    powerAverageMw: null,
    powerInstantMw: null,
    powerUsageMw: null,
    gpuPct: null,
    isSplit: false,
    lists: [],
    samples: null,
    description: null,
  }
}

/** The request comes from our own engine; what it leaves out is asked for in full. */
function parsed(request: unknown): NvmlRequest {
  const asked: Partial<NvmlRequest> = typeof request === 'object' && request !== null ? request : {}
  return { pcis: asked.pcis ?? null, sinceUs: asked.sinceUs ?? {}, isSlow: asked.isSlow ?? true }
}

function callerOf(functions: Readonly<Record<string, (...args: never[]) => unknown>>): NvmlCall {
  return (name, ...args) => {
    const bound = functions[name] as ((...args: readonly unknown[]) => unknown) | undefined
    if (bound === undefined) return FUNCTION_NOT_FOUND
    const code = bound(...args)
    return typeof code === 'number' ? code : UNKNOWN
  }
}
