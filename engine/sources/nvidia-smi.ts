import { SourceId } from '../../contract/ids.ts'
import { ok, type Problem, problem } from '../../contract/result.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import { type SmiTool, smiTool } from './nvidia-smi-ask.ts'
import type { SmiCard, SmiProcess } from './nvidia-smi-text.ts'
import { isOurs } from './nvml-cards.ts'
import { describeCard, withDistinctNames } from './nvml-domain.ts'
import { listPciCards } from './nvml-pci.ts'
import { NO_CARD, otherDriver } from './nvml-problems.ts'
import { CardSleep } from './nvml-sleep.ts'
import { isAsleep } from './runtime-status.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext, SourceFault } from './source.ts'
import { GAIN } from './uncertainty.ts'

const NVIDIA_SMI = SourceId.parse('nvidia-smi')

/** A run costs up to a second of CPU time, and a sensor must speak at least twice in the 30 s over which its watts are added up. */
const EVERY_MS = 10_000
const PROCESSES_EVERY_MS = 30_000
/** After a run that failed; twice as long after each further one. */
const MOST_PAUSE_MS = 300_000
/** Half of the second over which it is a mean. */
const HALF_WINDOW_MS = 500

/**
 * NVIDIA GPUs through the program nvidia-smi, where NVIDIA's library cannot be loaded (a container that shows the program alone, a library in an
 * odd place, a C library of another make). One look in ten seconds, and none while a card sleeps: each wakes all of them.
 */
export const nvidiaSmi: Source = {
  id: NVIDIA_SMI,
  title: 'NVIDIA GPUs (nvidia-smi)',
  platforms: ['linux'],
  async probe(context) {
    const { host, facts, measuredKinds } = context
    if (measuredKinds.has('gpu')) return problem('absent', 'Better sources than nvidia-smi read the GPU already.')
    const found = listPciCards(host.files)
    const first = found[0]
    if (first === undefined) return NO_CARD
    const cards = found.filter(isOurs)
    if (cards.length === 0) return otherDriver(first.driver)
    if (cards.some(({ pci }) => isAsleep(host.files, pci)))
      return problem('absent', 'The NVIDIA GPU sleeps, and the program nvidia-smi would wake it.')
    const open = new OpenNvidiaSmi(context, smiTool(host, facts))
    const why = await open.start()
    if (why === null) return ok(open)
    open.close()
    return why
  },
}

type Card = { readonly sleep: CardSleep; domain: Domain | null }
type Answer = { readonly cards: readonly SmiCard[] | Problem<SourceFault>; readonly atMs: number }

class OpenNvidiaSmi implements OpenSource {
  domains: readonly Domain[] = []
  readonly #context: SourceContext
  readonly #tool: SmiTool
  readonly #cards = new Map<string, Card>()
  #answer: Answer | null = null
  #uses: DeviceUse[] = []
  #usedMs: number | null = null
  #processes: readonly SmiProcess[] = []
  #processesMs = Number.NEGATIVE_INFINITY
  #isAsking = false
  #isClosed = false
  #dueMs = Number.NEGATIVE_INFINITY
  #pauseMs = EVERY_MS

  constructor(context: SourceContext, tool: SmiTool) {
    this.#context = context
    this.#tool = tool
    this.#list()
  }

  /** Asks once. `null` where at least one card tells its power. */
  async start(): Promise<Problem<SourceFault> | null> {
    const cards = await this.#tool.cards()
    if (!cards.ok) return cards
    this.#describe(cards.value)
    this.#settle()
    return this.domains.length > 0 ? null : problem('absent', 'The program nvidia-smi tells the power of no GPU.')
  }

  sample(): readonly Reading[] {
    const nowMs = this.#context.host.clock.monotonicMs()
    const readings: Reading[] = []
    let mayAsk = this.#cards.size > 0
    for (const { sleep, domain } of this.#cards.values()) {
      const state = sleep.look(nowMs)
      mayAsk &&= state === 'ask'
      if (state === 'asleep' && domain !== null) readings.push({ kind: 'asleep', domain: domain.id, atMs: nowMs })
    }
    const answer = this.#answer
    this.#answer = null
    this.#uses = []
    if (!mayAsk) {
      this.#usedMs = null
      return readings
    }
    if (answer !== null) this.#take(answer, nowMs, readings)
    if (!this.#isAsking && nowMs >= this.#dueMs) void this.#ask(nowMs)
    return readings
  }

  uses(): readonly DeviceUse[] {
    return this.#uses
  }

  refresh(): boolean {
    const before = this.domains
    for (const { sleep } of this.#cards.values()) sleep.refresh()
    this.#list()
    this.#settle()
    return JSON.stringify(before) !== JSON.stringify(this.domains)
  }

  close(): void {
    this.#isClosed = true
    for (const { sleep } of this.#cards.values()) sleep.close()
    this.#cards.clear()
  }

  async #ask(nowMs: number): Promise<void> {
    const { clock } = this.#context.host
    this.#isAsking = true
    this.#dueMs = nowMs + EVERY_MS
    const cards = await this.#tool.cards()
    const answeredMs = clock.monotonicMs()
    if (cards.ok && !this.#isClosed && nowMs - this.#processesMs >= PROCESSES_EVERY_MS) {
      this.#processes = await this.#tool.processes()
      this.#processesMs = nowMs
    }
    this.#isAsking = false
    this.#pauseMs = cards.ok ? EVERY_MS : Math.min(MOST_PAUSE_MS, this.#pauseMs * 2)
    this.#dueMs = nowMs + this.#pauseMs
    this.#answer = { cards: cards.ok ? cards.value : cards, atMs: (nowMs + answeredMs) / 2 }
  }

  #take({ cards, atMs }: Answer, nowMs: number, readings: Reading[]): void {
    const fromMs = this.#usedMs
    this.#usedMs = 'ok' in cards ? null : atMs
    for (const [pci, { sleep, domain }] of this.#cards) {
      if (domain === null || !this.domains.some(({ id }) => id === domain.id)) continue
      if ('ok' in cards) {
        readings.push({ kind: 'fault', domain: domain.id, atMs, problem: cards })
        continue
      }
      const card = cards.find((one) => one.pci === pci)
      readings.push(readingOf(domain, card, atMs))
      if (card === undefined) continue
      const use = this.#whatRan(card, fromMs, atMs)
      if (use !== null) this.#uses.push(use)
      if ((card.busyRatio ?? 0) > 0 || this.#processes.some(({ uuid }) => uuid === card.uuid)) sleep.used(nowMs)
    }
    // One that was plugged in becomes a domain with the next refresh.
    if (!('ok' in cards)) this.#describe(cards)
  }

  /** The tool tells who computes and with how much memory, and not whose time it was: memory stands in. */
  #whatRan({ pci, uuid, busyRatio }: SmiCard, fromMs: number | null, toMs: number): DeviceUse | null {
    if (fromMs === null || toMs <= fromMs) return null
    const processes = this.#processes
      .filter((process) => process.uuid === uuid)
      .map(({ pid, memoryBytes }) => ({ pid, memoryBytes, busyMs: null, isResident: true }))
    return { device: pci, fromMs, toMs, busyMs: busyRatio === null ? null : busyRatio * (toMs - fromMs), processes }
  }

  #list(): void {
    const { files } = this.#context.host
    const now = listPciCards(files).filter(isOurs)
    for (const { pci } of now)
      if (!this.#cards.has(pci)) this.#cards.set(pci, { sleep: new CardSleep(files, pci), domain: null })
    for (const [pci, { sleep }] of this.#cards) {
      if (now.some((card) => card.pci === pci)) continue
      sleep.close()
      this.#cards.delete(pci)
    }
  }

  #describe(cards: readonly SmiCard[]): void {
    for (const card of cards) {
      const known = this.#cards.get(card.pci)
      if (known !== undefined && powerOf(card) !== null) known.domain ??= domainOf(card)
    }
  }

  #settle(): void {
    this.domains = withDistinctNames(Array.from(this.#cards.values(), ({ domain }) => domain ?? []).flat())
  }
}

function domainOf({ pci, uuid, name, limitW }: SmiCard): Domain {
  const limitMw = limitW === null ? null : limitW * 1_000
  const told = { name, uuid, architecture: null, enforcedLimitMw: limitMw, defaultLimitMw: null, memoryBytes: null }
  return { ...describeCard(pci, 'average', told), source: NVIDIA_SMI, gainRatio: GAIN.nvidiaSmi }
}

/** A card that answers is on, and draws something. */
function powerOf({ averageW, powerW }: SmiCard): number | null {
  const told = averageW ?? powerW
  return told !== null && told > 0 ? told : null
}

function readingOf(domain: Domain, card: SmiCard | undefined, atMs: number): Reading {
  const powerW = card === undefined ? null : powerOf(card)
  if (powerW === null || powerW > domain.plausibleMaxW) {
    const why = problem('broken', `The program nvidia-smi did not tell the power of ${domain.name}.`)
    return { kind: 'fault', domain: domain.id, atMs, problem: why }
  }
  return { kind: 'sensor', domain: domain.id, atMs: card?.averageW == null ? atMs : atMs - HALF_WINDOW_MS, powerW }
}
