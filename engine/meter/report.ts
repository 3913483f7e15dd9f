import type { InputOf } from '../../contract/define.ts'
import type { meteringContract } from '../../contract/metering.ts'
import { MeterBook } from './book.ts'
import { EngineLink } from './engine-link.ts'

type Report = InputOf<typeof meteringContract.meterReport>

/** At most so often, and only while something happens. */
const APART_MS = 250
/** Where no engine answers, it is looked for again: while something waits to be told. */
const RETRY_MS = 2_000

/** Tells the engine what was counted; without one it keeps what ended, and goes on when one is there again. */
export class Reporter {
  readonly book = new MeterBook(() => this.changed())
  readonly #dataDir: string
  readonly #meter: Report['meter']
  readonly #energies = new Map<string, number>()
  #link: EngineLink | null = null
  #timer: NodeJS.Timeout | null = null
  #isBusy = false
  #isStopped = false
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(dataDir: string, meter: Report['meter']) {
    this.#dataDir = dataDir
    this.#meter = meter
  }

  /** Something is worth telling. Costs nothing where a report is on its way to be made. */
  changed(): void {
    if (this.#timer !== null || this.#isBusy || this.#isStopped) return
    this.#after(Math.max(0, this.#lastMs + APART_MS - performance.now()))
  }

  /** mJ that a request in flight has drawn so far, as the engine last told; `null` where it has not. */
  energyMj(id: string): number | null {
    return this.#energies.get(id) ?? null
  }

  /** Tells what is left to be told, and lets the engine go. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (!this.#isBusy && !this.book.isEmpty) await this.#report()
    this.#isStopped = true
    this.#link?.close()
  }

  #after(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#report()
    }, ms)
    this.#timer.unref()
  }

  async #report(): Promise<void> {
    this.#isBusy = true
    this.#lastMs = performance.now()
    const isTold = await this.#tell()
    this.#isBusy = false
    if (this.#isStopped || this.book.isEmpty) return
    // A request under way is looked at again, whether its stream has moved or not.
    this.#after(isTold ? APART_MS : RETRY_MS)
  }

  async #tell(): Promise<boolean> {
    const link = this.#link ?? (await this.#attach())
    if (link === null) return false
    const batch = this.book.take()
    if (batch.events.length === 0 && batch.unmetered === 0 && batch.uncounted === 0) return true
    const report: Report = {
      meter: this.#meter,
      events: [...batch.events],
      unmetered: batch.unmetered,
      uncounted: batch.uncounted,
    }
    const answer = await link.call('meterReport', report)
    if (!answer.ok && answer.code !== 'badInput') {
      // An engine that is going, or one too old to be told.
      link.close()
      return false
    }
    this.book.taken(batch)
    if (answer.ok) this.#keepEnergies(answer.value)
    else this.book.uncounted(batch.events.filter(({ type }) => type === 'end').length)
    return true
  }

  async #attach(): Promise<EngineLink | null> {
    const link = await EngineLink.open(this.#dataDir)
    if (link === null) return null
    this.#link = link
    this.book.startAgain()
    void link.ended.then(() => {
      if (this.#link === link) this.#link = null
    })
    return link
  }

  #keepEnergies(value: unknown): void {
    this.#energies.clear()
    const told = typeof value === 'object' && value !== null && 'energies' in value ? value.energies : null
    if (!Array.isArray(told)) return
    for (const one of told)
      if (typeof one?.id === 'string' && Number.isInteger(one.energyMj)) this.#energies.set(one.id, one.energyMj)
  }
}
