import type { Clock } from '../clock/clock.ts'
import type { HostFiles } from '../host/host.ts'
import type { DeviceUse, ProcessUse } from '../processes/gpu-time.ts'
import { type ListedProcess, listedProcesses, smUse } from './nvml-processes.ts'
import type { CardRecord, RawProcesses } from './nvml-record.ts'

export type UseContext = {
  readonly files: HostFiles
  readonly clock: Clock
  /** Every process that uses the card can be listed here; in a container, those outside of it cannot. */
  readonly seesAll: boolean
  /** Windows counts time and memory by process itself (processes/gpu-pdh.ts), where it lets NVIDIA's library tell neither. */
  readonly isToldElsewhere: boolean
}

/** The machine's clock was set back where samples seem to be this far ahead of it. */
const AHEAD_US = 60_000_000n

/** What processes did on one card from answer to answer. */
export class CardUse {
  readonly #context: UseContext
  readonly #pci: string
  #sinceUs: bigint | null = null
  #fromMs: number | null = null
  #listed: { readonly as: string; readonly processes: readonly ListedProcess[]; readonly pids: ReadonlySet<number> } = {
    as: '',
    processes: [],
    pids: new Set(),
  }

  constructor(context: UseContext, pci: string) {
    this.#context = context
    this.#pci = pci
  }

  /** Newest sample seen, µs since 1970; at first, and after the machine's clock was set back, a second ago. */
  sinceUs(): bigint {
    const nowUs = BigInt(Math.round(this.#context.clock.wallMs())) * 1_000n
    return this.#sinceUs === null || this.#sinceUs > nowUs + AHEAD_US ? nowUs - 1_000_000n : this.#sinceUs
  }

  /** `null` for the first answer after the start or a sleep: nothing is known of the time before it. */
  take(record: CardRecord, memoryBytes: number | null, atMs: number): DeviceUse | null {
    const { clock } = this.#context
    const { processes: listed, pids } = this.#listedIn(record.lists, memoryBytes)
    const isUntold = record.samples === null && listed.every(({ memoryBytes }) => memoryBytes === null)
    if (isUntold && this.#context.isToldElsewhere) return null
    const use = record.samples === null ? null : smUse(record.samples, pids, this.sinceUs(), clock.wallMs())
    this.#sinceUs = use?.newestUs ?? null
    const fromMs = this.#fromMs
    this.#fromMs = atMs
    if (fromMs === null || atMs <= fromMs) return null
    return this.#divided(record, listed, use?.pctByPid ?? null, fromMs, atMs)
  }

  /** Most seconds bring the same bytes as the one before. */
  #listedIn(lists: readonly RawProcesses[], memoryBytes: number | null) {
    let as = String(memoryBytes)
    for (const { kind, count, bytes } of lists) as += ` ${kind} ${count} ${bytes}`
    if (this.#listed.as === as) return this.#listed
    const { files } = this.#context
    const processes = listedProcesses(lists, { memoryBytes, isProcess: (pid) => files.owner(`/proc/${pid}`).ok })
    this.#listed = { as, processes, pids: new Set(processes.map(({ pid }) => pid)) }
    return this.#listed
  }

  restart(): void {
    this.#sinceUs = null
    this.#fromMs = null
  }

  /**
   * Utilisation by process is a weight: the time itself is the card's, where every process can be listed. Where others may be hidden, what the
   * listed ones do not explain stays unexplained.
   */
  #divided(
    record: CardRecord,
    listed: readonly ListedProcess[],
    pctByPid: ReadonlyMap<number, number> | null,
    fromMs: number,
    toMs: number,
  ): DeviceUse {
    const lengthMs = toMs - fromMs
    const cardPct = record.gpuPct !== null && record.gpuPct <= 100 ? record.gpuPct : null
    const sumPct = [...(pctByPid?.values() ?? [])].reduce((sum, pct) => sum + pct, 0)
    const mayScale = cardPct !== null && cardPct > 0 && sumPct > 0 && (this.#context.seesAll || sumPct > cardPct)
    const scale = mayScale ? cardPct / sumPct : 1
    const processes = listed.map(
      ({ pid, memoryBytes, isResident }): ProcessUse => ({
        pid,
        busyMs: pctByPid === null ? null : ((pctByPid.get(pid) ?? 0) / 100) * scale * lengthMs,
        memoryBytes,
        isResident,
      }),
    )
    return {
      device: this.#pci,
      fromMs,
      toMs,
      busyMs: cardPct === null ? null : (cardPct / 100) * lengthMs,
      processes,
    }
  }
}
