import { type Problem, problem } from '../../contract/result.ts'
import type { MachineFacts } from '../host/host.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import { describeCard, type Measure, measureOf, powerMw, shiftMs } from './nvml-domain.ts'
import { codeProblem, NVML_CODE } from './nvml-problems.ts'
import type { CardDescription, CardRecord } from './nvml-record.ts'
import { CardSleep } from './nvml-sleep.ts'
import { CardUse, type UseContext } from './nvml-use.ts'
import type { Domain, Reading, SourceFault } from './source.ts'

/** As often in a row an error may pass by itself; then the library is loaded anew. */
const MOST_FAILURES = 5
const TRANSIENT: ReadonlySet<number> = new Set([NVML_CODE.uninitialised, NVML_CODE.timeout, NVML_CODE.unknown])
/** A counter updates at least ten times a second: one that stands still this long while power flows does not count. */
const FROZEN_MS = 5_000
const FROZEN_MW = 5_000
/** Of a counter of 64 bits that counts mJ no machine reaches the upper half; all ones means "not available". */
const LEAST_NONSENSE = 2n ** 63n
/** A unified-memory chip or a garbled answer: then nothing limits what a process may hold. */
const MOST_BYTES = Number.MAX_SAFE_INTEGER

/** One card: what is known of it, and what its newest answer means. */
export class NvmlGpu {
  readonly pci: string
  readonly sleep: CardSleep
  readonly use: CardUse
  domain: Domain | null = null
  /** Return code of getting hold of it, or of its newest reading. */
  code: number = NVML_CODE.success
  readonly #facts: MachineFacts
  #description: CardDescription | null = null
  #measure: Measure = 'energy'
  #failures = 0
  #frozen = { raw: -1n, sinceMs: 0 }

  constructor(pci: string, context: UseContext, facts: MachineFacts) {
    this.pci = pci
    this.sleep = new CardSleep(context.files, pci)
    this.use = new CardUse(context, pci)
    this.#facts = facts
  }

  /** Its link broke, or it needs a reset. */
  get isLost(): boolean {
    return this.code === NVML_CODE.lost || this.code === NVML_CODE.resetRequired
  }

  /** Errors that should have passed have not. */
  get mustReload(): boolean {
    return this.#failures >= MOST_FAILURES
  }

  /** Before it was ever awake. */
  describeAsleep(): void {
    this.domain ??= describeCard(this.pci, 'energy', null)
  }

  /** `true` where that changes its domain. */
  describe(record: CardRecord): boolean {
    this.code = record.code
    if (record.description === null) return false
    this.#description = record.description
    // An error that passes says nothing of what the card can tell.
    const isHiccup = this.domain !== null && TRANSIENT.has(this.#codeOf(record))
    const measure = isHiccup ? this.#measure : measureOf(record)
    if (measure === null) {
      // Refused for the moment it still is what it was; never told, it is no domain.
      this.code = record.codes.powerUsageMw ?? NVML_CODE.notSupported
      return false
    }
    this.#measure = measure
    const before = this.domain
    this.domain = describeCard(this.pci, measure, record.description)
    return JSON.stringify(before) !== JSON.stringify(this.domain)
  }

  /** Nothing where the driver hiccups: a counter loses nothing by being read a second later. */
  reading(record: CardRecord, atMs: number): Reading | null {
    if (this.domain === null) return null
    const code = record.code === NVML_CODE.success ? this.#codeOf(record) : record.code
    this.code = code
    if (TRANSIENT.has(code)) {
      this.#failures += 1
      return this.mustReload ? this.fault(atMs, codeProblem(code, this.domain.name, this.#facts)) : null
    }
    this.#failures = 0
    if (code !== NVML_CODE.success) return this.fault(atMs, codeProblem(code, this.domain.name, this.#facts))
    return this.#measure === 'energy' ? this.#counter(record, atMs) : this.#sensor(record, this.#measure, atMs)
  }

  whatRan(record: CardRecord, atMs: number): DeviceUse | null {
    const bytes = Number(this.#description?.memoryBytes ?? 0)
    return this.use.take(record, bytes > 0 && bytes < MOST_BYTES ? bytes : null, atMs)
  }

  fault(atMs: number, why: Problem<SourceFault>): Reading {
    return { kind: 'fault', domain: this.#domain().id, atMs, problem: why }
  }

  /** The library is loaded anew. */
  restart(): void {
    this.#failures = 0
    this.#frozen = { raw: -1n, sinceMs: 0 }
    this.use.restart()
  }

  /** Of the value that its energy is told by; a success without a value is none. */
  #codeOf(record: CardRecord): number {
    switch (this.#measure) {
      case 'energy':
        return record.energyMj === null ? (record.codes.energyMj ?? NVML_CODE.unknown) : NVML_CODE.success
      case 'average':
        return record.powerAverageMw === null ? (record.codes.powerAverageMw ?? NVML_CODE.unknown) : NVML_CODE.success
      case 'instant':
        return record.powerInstantMw === null ? (record.codes.powerInstantMw ?? NVML_CODE.unknown) : NVML_CODE.success
      case 'usage':
        return record.powerUsageMw === null ? (record.codes.powerUsageMw ?? NVML_CODE.unknown) : NVML_CODE.success
    }
  }

  #counter(record: CardRecord, atMs: number): Reading {
    const raw = BigInt(record.energyMj ?? 0)
    const { id, name } = this.#domain()
    if (raw >= LEAST_NONSENSE) return this.fault(atMs, broken(`The energy counter of ${name} gave no number.`))
    if (raw !== this.#frozen.raw || (record.powerUsageMw ?? 0) < FROZEN_MW) this.#frozen = { raw, sinceMs: atMs }
    if (atMs - this.#frozen.sinceMs >= FROZEN_MS) {
      return this.fault(atMs, broken(`The energy counter of ${name} stands still, although the card draws power.`))
    }
    return { kind: 'counter', domain: id, atMs, raw, unitNj: 1_000_000n, wrapsAfter: null }
  }

  #sensor(record: CardRecord, measure: Exclude<Measure, 'energy'>, atMs: number): Reading {
    const { id, name, plausibleMaxW } = this.#domain()
    const powerW = (powerMw(record, measure) ?? 0) / 1_000
    // A card that answers is on, and draws something.
    if (!(powerW > 0 && powerW <= plausibleMaxW)) {
      return this.fault(atMs, broken(`The power sensor of ${name} gave ${powerW} W, which cannot be.`))
    }
    return { kind: 'sensor', domain: id, atMs: atMs - shiftMs(measure, this.#description), powerW }
  }

  #domain(): Domain {
    if (this.domain === null) throw new Error(`card ${this.pci} was never described`)
    return this.domain
  }
}

function broken(reason: string): Problem<SourceFault> {
  return problem('broken', reason)
}
