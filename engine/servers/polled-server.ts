import type { AppId } from '../../contract/ids.ts'
import type { Problem } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer, ServerFault, ServerReport } from '../connectors/connector.ts'
import { type OutputRise, OutputRises } from './output-rises.ts'

/** A server's counters between two looks, monotonic times. */
export type TimedRise = OutputRise & { readonly fromMs: number; readonly toMs: number }

/** How often a server is asked: while it works, while it is quiet, and while nobody has wanted anything of it for long. */
const WORKING_MS = 1_000
const QUIET_MS = 15_000
const RESTING_MS = 60_000
const RESTS_AFTER_MS = 5 * 60_000
const RETRY_FIRST_MS = 2_000
const RETRY_MOST_MS = 60_000
/** A process that answers like no server we know is tried again this rarely: it may have been still loading. */
const UNKNOWN_RETRY_MS = 60_000

export type PolledState = 'asking' | 'connected' | 'starting' | 'denied' | 'gone' | 'unknown' | 'broken'

/**
 * One server on a port: identified once, then looked at as often as it changes. Looks never overlap. A server whose models all sleep, or that
 * holds none, is left alone while its processes do nothing: asking must not wake or keep anything (ai-servers.md §0.1).
 */
export class PolledServer {
  readonly origin: string
  readonly app: AppId | null
  /** Process that answers; `null` where it is not seen. Another one is another server. */
  readonly processKey: string | null
  readonly #ask: Ask
  readonly #dialects: readonly Connector[]
  readonly #rises = new OutputRises()
  #risen: TimedRise[] = []
  #connector: Connector | null = null
  #open: OpenServer | null = null
  #report: ServerReport | null = null
  #state: PolledState = 'asking'
  #problem: Problem<ServerFault> | null = null
  #failures = 0
  #dueMs = 0
  #answeredMs: number | null = null
  #workedMs: number
  #quietLooks = 0
  #wasBusy = false
  #looking: Promise<void> | null = null
  #hasChanged = true
  isClosed = false

  constructor(options: {
    readonly origin: string
    readonly app: AppId | null
    readonly processKey: string | null
    readonly ask: Ask
    readonly dialects: readonly Connector[]
    readonly nowMs: number
  }) {
    this.origin = options.origin
    this.app = options.app
    this.processKey = options.processKey
    this.#ask = options.ask
    this.#dialects = options.dialects
    this.#dueMs = options.nowMs
    this.#workedMs = options.nowMs
  }

  get connector(): Connector | null {
    return this.#connector
  }
  get report(): ServerReport | null {
    return this.#state === 'connected' ? this.#report : null
  }
  get state(): PolledState {
    return this.#state
  }
  get problem(): Problem<ServerFault> | null {
    return this.#problem
  }
  get answeredMs(): number | null {
    return this.#answeredMs
  }
  get looking(): Promise<void> | null {
    return this.#looking
  }
  get unload(): OpenServer['unload'] {
    return this.#open?.unload ?? null
  }
  get upstreams(): readonly string[] {
    return this.#open?.upstreams?.() ?? []
  }
  /** Nothing was in flight in the newest two looks, and nothing was delivered between them. */
  get isIdle(): boolean {
    return this.#state === 'connected' && this.#quietLooks >= 2
  }

  /** @param now wall and monotonic time; `isBusy`: its processes worked in this tick. */
  tick(now: { readonly monotonicMs: () => number }, isBusy: boolean): void {
    const nowMs = now.monotonicMs()
    if (isBusy) {
      // What was said before it began to work says nothing of what it does now.
      if (!this.#wasBusy && nowMs - (this.#answeredMs ?? 0) > 2 * WORKING_MS) this.#quietLooks = 0
      this.#workedMs = nowMs
      this.#dueMs = Math.min(
        this.#dueMs,
        (this.#answeredMs ?? nowMs) + (this.#state === 'connected' ? WORKING_MS : RETRY_FIRST_MS),
      )
    }
    this.#wasBusy = isBusy
    if (this.#looking !== null || nowMs < this.#dueMs || this.isClosed) return
    this.look(now)
  }

  /** Its app's processes came or went: what it holds may have changed. */
  lookSoon(nowMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, nowMs)
  }

  /** Looks now, unless a look is under way; resolves when it is over. */
  look(now: { readonly monotonicMs: () => number }): Promise<void> {
    this.#looking ??= this.#lookOnce(now).finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  takeRises(): readonly TimedRise[] {
    const risen = this.#risen
    this.#risen = []
    return risen
  }

  takeChanged(): boolean {
    const hasChanged = this.#hasChanged
    this.#hasChanged = false
    return hasChanged
  }

  async #lookOnce(now: { readonly monotonicMs: () => number }): Promise<void> {
    const fromMs = this.#answeredMs
    if (this.#open === null && !(await this.#identify(now))) return
    const answer = await this.#open?.poll()
    if (answer === undefined || this.isClosed) return
    const nowMs = now.monotonicMs()
    if (!answer.ok) return this.#failed(answer, nowMs)
    this.#failures = 0
    this.#answeredMs = nowMs
    this.#noteModels(answer.value)
    this.#report = answer.value
    this.#set('connected', null)
    const rises = this.#rises.take(answer.value)
    if (fromMs !== null) for (const rise of rises) this.#risen.push({ ...rise, fromMs, toMs: nowMs })
    const isQuiet = answer.value.inFlight === 0 && (answer.value.waiting ?? 0) === 0 && rises.length === 0
    this.#quietLooks = isQuiet ? this.#quietLooks + 1 : 0
    const works =
      rises.length > 0 || (answer.value.inFlight ?? 0) > 0 || answer.value.models.some((one) => one.state === 'loading')
    if (works) this.#workedMs = nowMs
    this.#dueMs = nowMs + this.#pauseMs(nowMs, answer.value)
  }

  #pauseMs(nowMs: number, { models }: ServerReport): number {
    const restedMs = nowMs - this.#workedMs
    if (restedMs <= 2 * WORKING_MS) return WORKING_MS
    const holdsNothing = models.every((one) => one.state === 'sleeping')
    // Asleep: nothing more is asked until its processes work again, but for a rare sign of life.
    if (holdsNothing && restedMs > QUIET_MS) return RESTS_AFTER_MS
    return restedMs > RESTS_AFTER_MS ? RESTING_MS : QUIET_MS
  }

  async #identify(now: { readonly monotonicMs: () => number }): Promise<boolean> {
    let fault: Problem<ServerFault> | null = null
    for (const connector of this.#dialects) {
      const identified = await connector.identify(this.#ask)
      if (this.isClosed) return false
      if (identified.ok && identified.value !== null) {
        this.#connector = connector
        this.#open = identified.value
        return true
      }
      if (identified.ok) continue
      if (identified.code === 'denied' || identified.code === 'starting') {
        this.#connector = connector
        this.#failed(identified, now.monotonicMs())
        return false
      }
      fault ??= identified
      if (identified.code === 'absent') break
    }
    if (fault !== null) this.#failed(fault, now.monotonicMs())
    else {
      this.#set('unknown', null)
      this.#dueMs = now.monotonicMs() + UNKNOWN_RETRY_MS
    }
    return false
  }

  #failed(fault: Problem<ServerFault>, nowMs: number): void {
    this.#failures += 1
    const states: Record<ServerFault, PolledState> = {
      absent: 'gone',
      denied: 'denied',
      starting: 'starting',
      foreign: 'unknown',
      broken: 'broken',
    }
    // One missed answer of a server under load, or a full queue, is not its end; what it said last stands until the next.
    const mayPass = fault.code === 'broken' || fault.code === 'starting'
    if (mayPass && this.#state === 'connected' && this.#failures < 3) {
      this.#dueMs = nowMs + RETRY_FIRST_MS
      return
    }
    if (fault.code === 'absent' || fault.code === 'foreign') this.#open = null
    // Who answers there next began anew, however far its counters are by then.
    if (fault.code === 'absent') this.#rises.restart()
    this.#quietLooks = 0
    this.#set(states[fault.code], fault)
    this.#dueMs = nowMs + Math.min(RETRY_FIRST_MS * 2 ** Math.min(this.#failures - 1, 10), RETRY_MOST_MS)
  }

  #noteModels(next: ServerReport): void {
    const names = (report: ServerReport | null) => report?.models.map((one) => `${one.id} ${one.state}`).join() ?? ''
    if (names(this.#report) !== names(next)) this.#hasChanged = true
  }

  #set(state: PolledState, fault: Problem<ServerFault> | null): void {
    if (state !== this.#state) this.#hasChanged = true
    this.#state = state
    this.#problem = fault
  }
}
