import type { Problem } from '../../contract/result.ts'
import type { VendorAnswer, VendorSession } from '../host/host.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import { nvmlAnswer } from './nvml-answer.ts'
import { NvmlCards } from './nvml-cards.ts'
import type { NvmlGpu } from './nvml-gpu.ts'
import { codeProblem, NO_CARD, NONSENSE, NVML_CODE, unanswered } from './nvml-problems.ts'
import type { NvmlRecord, NvmlRequest } from './nvml-record.ts'
import type { Domain, OpenSource, Reading, SourceContext, SourceFault } from './source.ts'

/** What rarely changes is asked for once a minute; so are cards that were lost or refused. */
const SLOW_MS = 60_000
/** After an answer that says that nothing can be read. */
const RETRY_MS = 10_000

/**
 * Hands over the vendor process's newest answer once a tick and asks for the next; decides which cards are asked, and when the library is
 * unloaded.
 */
export class OpenNvml implements OpenSource {
  readonly #context: SourceContext
  /** Who lists the cards: sysfs, so that one that sleeps is not touched, or the library, where there is no sysfs. */
  readonly #listedBy: 'pci' | 'library'
  readonly #cards: NvmlCards
  #session: VendorSession | null = null
  /** Cards of which the library may hold something open. */
  readonly #held = new Set<string>()
  #taken: VendorAnswer | null = null
  #describedMs: number | null = null
  #retryMs = Number.NEGATIVE_INFINITY
  #uses: DeviceUse[] = []

  constructor(context: SourceContext, listedBy: 'pci' | 'library') {
    this.#context = context
    this.#listedBy = listedBy
    this.#cards = new NvmlCards(context, listedBy)
    this.#cards.list()
  }

  get domains(): readonly Domain[] {
    return this.#cards.domains
  }

  /** Asks once, unless everything sleeps. `null` where at least one card can be read, now or when it wakes. */
  async start(): Promise<Problem<SourceFault> | null> {
    const { host, facts } = this.#context
    const nowMs = host.clock.monotonicMs()
    for (const gpu of this.#cards.all) if (gpu.sleep.look(nowMs) === 'asleep') gpu.describeAsleep()
    const awake = this.#cards.all.filter(({ domain }) => domain === null)
    let why: Problem<SourceFault> | null = null
    if (awake.length > 0 || this.#listedBy === 'library') {
      for (const { pci } of awake) this.#held.add(pci)
      const session = this.#open()
      const answer = await session.answer(this.#request(awake, nowMs))
      if (!answer.ok) return unanswered(answer, facts)
      const record = nvmlAnswer(answer.value.value)
      if (record === null) return NONSENSE
      if (record.init !== NVML_CODE.success) return codeProblem(record.init, 'NVIDIA’s driver', facts)
      this.#cards.describe(record.cards)
      if (record.isSlow) this.#describedMs = nowMs
      if (this.#cards.all.length === 0) return NO_CARD
      const refused = this.#cards.all.find(({ domain }) => domain === null)
      why = codeProblem(refused?.code ?? NVML_CODE.notFound, 'the NVIDIA GPU', facts)
    }
    this.#cards.settle()
    return this.domains.length > 0 ? null : why
  }

  sample(): readonly Reading[] {
    const nowMs = this.#context.host.clock.monotonicMs()
    const readings: Reading[] = []
    const asked: NvmlGpu[] = []
    let isLetGo = false
    this.#uses = []
    for (const gpu of this.#cards.all) {
      const state = gpu.sleep.look(nowMs)
      if (state === 'ask') asked.push(gpu)
      else gpu.use.restart()
      if (state === 'let' && this.#held.has(gpu.pci)) isLetGo = true
      if (state === 'asleep' && gpu.domain !== null)
        readings.push({ kind: 'asleep', domain: gpu.domain.id, atMs: nowMs })
    }
    this.#take(asked, nowMs, readings)
    const hasNothing = asked.length === 0 && this.#listedBy === 'pci'
    // One handle cannot be given back: all are, and the others are opened again.
    if (isLetGo || hasNothing || asked.some(({ mustReload }) => mustReload)) this.#unload()
    if (!hasNothing && nowMs >= this.#retryMs) this.#ask(asked, nowMs)
    return readings
  }

  uses(): readonly DeviceUse[] {
    return this.#uses
  }

  refresh(): boolean {
    for (const gpu of this.#cards.all) gpu.sleep.refresh()
    this.#cards.list()
    return this.#cards.settle()
  }

  close(): void {
    this.#unload()
    this.#cards.close()
  }

  #ask(asked: readonly NvmlGpu[], nowMs: number): void {
    // A library that lost all its cards finds them again only when it is loaded anew; one that was just loaded has yet to answer.
    const isDue = this.#describedMs !== null && this.#isSlow(nowMs)
    if (isDue && asked.length > 0 && asked.every(({ isLost }) => isLost)) this.#unload()
    for (const { pci } of asked) this.#held.add(pci)
    this.#open().ask(this.#request(asked, nowMs))
  }

  /** The newest answer, once. */
  #take(asked: readonly NvmlGpu[], nowMs: number, readings: Reading[]): void {
    const answer = this.#session?.latest ?? null
    if (answer === null || answer === this.#taken) {
      const why = this.#session?.problem ?? null
      if (why !== null) this.#failAll(asked, unanswered(why, this.#context.facts), nowMs, readings)
      return
    }
    this.#taken = answer
    const record = nvmlAnswer(answer.value)
    if (record === null) {
      this.#failAll(asked, NONSENSE, nowMs, readings)
      return
    }
    const { init } = record
    if (init === NVML_CODE.success) {
      // Within the time between question and answer, nobody knows when the card was read.
      this.#read(record, asked, (answer.askedMs + answer.answeredMs) / 2, readings)
      return
    }
    this.#failAll(asked, codeProblem(init, 'NVIDIA’s driver', this.#context.facts), nowMs, readings)
    this.#reloadLater(nowMs)
  }

  #read(answer: NvmlRecord, asked: readonly NvmlGpu[], atMs: number, readings: Reading[]): void {
    const nowMs = this.#context.host.clock.monotonicMs()
    if (answer.isSlow) this.#describedMs = nowMs
    this.#cards.describe(answer.cards)
    for (const record of answer.cards) {
      const gpu = this.#cards.of(record.pci)
      if (gpu === undefined || !asked.includes(gpu)) continue
      const reading = gpu.reading(record, atMs)
      if (reading !== null) readings.push(reading)
      if (record.code !== NVML_CODE.success) continue
      const use = gpu.whatRan(record, atMs)
      if (use !== null) this.#uses.push(use)
      const isUsed = (record.gpuPct ?? 0) > 0 || use?.processes.some(({ isResident }) => isResident) === true
      if (isUsed) gpu.sleep.used(nowMs)
    }
    // The driver was exchanged under a library that is loaded: the one that fits comes with a new process.
    if (asked.some(({ code }) => code === NVML_CODE.versionMismatch)) this.#reloadLater(nowMs)
  }

  #failAll(asked: readonly NvmlGpu[], why: Problem<SourceFault>, atMs: number, readings: Reading[]): void {
    for (const gpu of asked) if (gpu.domain !== null) readings.push(gpu.fault(atMs, why))
  }

  #request(asked: readonly NvmlGpu[], nowMs: number): NvmlRequest {
    return {
      pcis: this.#listedBy === 'library' ? null : asked.map(({ pci }) => pci),
      sinceUs: Object.fromEntries(asked.map(({ pci, use }) => [pci, String(use.sinceUs())])),
      isSlow: this.#isSlow(nowMs),
    }
  }

  #isSlow(nowMs: number): boolean {
    return this.#describedMs === null || nowMs - this.#describedMs >= SLOW_MS
  }

  #open(): VendorSession {
    this.#session ??= this.#context.host.vendor('nvml')
    return this.#session
  }

  #reloadLater(nowMs: number): void {
    this.#unload()
    this.#retryMs = nowMs + RETRY_MS
  }

  /** Nothing of any card stays open. */
  #unload(): void {
    this.#session?.close()
    this.#session = null
    this.#taken = null
    this.#describedMs = null
    this.#held.clear()
    for (const gpu of this.#cards.all) gpu.restart()
  }
}
