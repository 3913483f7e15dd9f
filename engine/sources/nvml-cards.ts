import { withDistinctNames } from './nvml-domain.ts'
import { NvmlGpu } from './nvml-gpu.ts'
import { listPciCards, type PciCard } from './nvml-pci.ts'
import type { CardRecord } from './nvml-record.ts'
import type { Domain, SourceContext } from './source.ts'

/** Run by NVIDIA's driver. A link that is not shown may still be that, in some containers. */
export function isOurs({ driver }: PciCard): boolean {
  return driver === null || driver === 'nvidia'
}

/** The machine's cards, and those of them that are domains. */
export class NvmlCards {
  readonly #context: SourceContext
  readonly #listedBy: 'pci' | 'library'
  readonly #gpus = new Map<string, NvmlGpu>()
  #all: readonly NvmlGpu[] = []
  #domains: readonly Domain[] = []
  #hasChanged = false

  constructor(context: SourceContext, listedBy: 'pci' | 'library') {
    this.#context = context
    this.#listedBy = listedBy
  }

  get all(): readonly NvmlGpu[] {
    return this.#all
  }

  get domains(): readonly Domain[] {
    return this.#domains
  }

  of(pci: string): NvmlGpu | undefined {
    return this.#gpus.get(pci)
  }

  /** Cards come and go (Thunderbolt), or are handed to a virtual machine. */
  list(): void {
    if (this.#listedBy === 'library') return
    const now = listPciCards(this.#context.host.files).filter(isOurs)
    for (const { pci } of now) if (!this.#gpus.has(pci)) this.#add(pci)
    for (const [pci, gpu] of this.#gpus) {
      if (now.some((card) => card.pci === pci)) continue
      gpu.sleep.close()
      this.#gpus.delete(pci)
      this.#hasChanged = true
    }
    this.#all = [...this.#gpus.values()]
  }

  /** Before they are read: what the library says of them may make domains of them. */
  describe(records: readonly CardRecord[]): void {
    for (const record of records) {
      if (this.#listedBy === 'library' && !this.#gpus.has(record.pci)) this.#add(record.pci)
      if (this.#gpus.get(record.pci)?.describe(record) === true) this.#hasChanged = true
    }
  }

  /** The domains of now; `true` where they are others than before. */
  settle(): boolean {
    const hasChanged = this.#hasChanged
    this.#hasChanged = false
    this.#domains = withDistinctNames(this.#all.flatMap(({ domain }) => domain ?? []))
    return hasChanged
  }

  close(): void {
    for (const { sleep } of this.#all) sleep.close()
  }

  #add(pci: string): void {
    const { host, facts } = this.#context
    const seesAll = facts.virtualisation !== 'container'
    const context = { files: host.files, clock: host.clock, seesAll, isToldElsewhere: host.platform === 'win32' }
    this.#gpus.set(pci, new NvmlGpu(pci, context, facts))
    this.#all = [...this.#gpus.values()]
  }
}
