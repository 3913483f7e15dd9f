import type { HostFiles } from '../host/host.ts'
import { createSleepWatch, maySleep, type SleepWatch } from './runtime-status.ts'

/**
 * `ask`: read it. `let`: nothing needs it, so nothing of it may be held, and it may fall asleep. `asleep`: it does; asking would wake it.
 */
export type SleepState = 'ask' | 'let' | 'asleep'

/** Nothing of interest ran for this long: the card is let go. */
const QUIET_MS = 15_000
/** Let go, a card sleeps within seconds (6 s as measured by users); one that is still awake is held awake by somebody else. */
const FALLS_ASLEEP_MS = 30_000
/** How long between two tries with a card that somebody else keeps awake. */
const MOST_QUIET_MS = 600_000

/**
 * Decides when a card of a hybrid laptop is left alone: an open handle keeps it awake (5–25 W), a question wakes it for up to two minutes.
 * power-linux §4.1. Cards whose `power/control` is `on` never sleep, and are asked always.
 */
export class CardSleep {
  readonly #files: HostFiles
  readonly #pci: string
  readonly #watch: SleepWatch
  #state: SleepState = 'asleep'
  #sinceMs = 0
  #quietMs = QUIET_MS
  #maySleep = false

  constructor(files: HostFiles, pci: string) {
    this.#files = files
    this.#pci = pci
    this.#watch = createSleepWatch(files, pci)
    this.refresh()
  }

  /** The user, or a power-saving tool, may have changed what the driver is allowed. Once a minute. */
  refresh(): void {
    this.#maySleep = maySleep(this.#files, this.#pci)
  }

  /** Once a tick, before anything is asked. */
  look(nowMs: number): SleepState {
    if (this.#watch.isAsleep()) {
      this.#quietMs = QUIET_MS
      return this.#enter('asleep', nowMs)
    }
    const forMs = nowMs - this.#sinceMs
    switch (this.#state) {
      case 'asleep':
        this.refresh()
        return this.#enter('ask', nowMs)
      case 'ask':
        return this.#maySleep && forMs >= this.#quietMs ? this.#enter('let', nowMs) : 'ask'
      case 'let':
        if (forMs < FALLS_ASLEEP_MS) return 'let'
        this.#quietMs = Math.min(MOST_QUIET_MS, this.#quietMs * 2)
        return this.#enter('ask', nowMs)
    }
  }

  /** Something worth measuring runs on it. */
  used(nowMs: number): void {
    if (this.#state !== 'ask') return
    this.#sinceMs = nowMs
    this.#quietMs = QUIET_MS
  }

  close(): void {
    this.#watch.close()
  }

  #enter(state: SleepState, nowMs: number): SleepState {
    if (state !== this.#state) this.#sinceMs = nowMs
    this.#state = state
    return state
  }
}
