import type { Host } from '../host/host.ts'

/** Start times of processes (clock ticks since boot, sleep included) against the samples; boot time is read once a sample, if at all. */
export class StartTimes {
  readonly #host: Pick<Host, 'clock' | 'ticksPerS'>
  /** Of the sample before this one; `null` where there is none, so that nothing has started since. */
  #sampledMs: number | null = null
  #sleptMs: number | null = null

  constructor(host: Pick<Host, 'clock' | 'ticksPerS'>) {
    this.#host = host
  }

  /** Begins a sample; the one before it was taken at `sampledMs`. */
  begin(sampledMs: number | null): void {
    this.#sampledMs = sampledMs
    this.#sleptMs = null
  }

  get sampledMs(): number | null {
    return this.#sampledMs
  }

  ageMs(startTicks: number): number {
    return this.#bootMs() - this.#ms(startTicks)
  }

  /** All that such a process did, it did since the sample before. */
  hasStartedSince(startTicks: number): boolean {
    if (this.#sampledMs === null) return false
    const sinceMs = this.#host.clock.monotonicMs() - this.#sampledMs
    return this.#ms(startTicks + 1) > this.#bootMs() - sinceMs
  }

  #bootMs(): number {
    const { clock } = this.#host
    this.#sleptMs ??= clock.boottimeMs() - clock.monotonicMs()
    return clock.monotonicMs() + this.#sleptMs
  }

  #ms(ticks: number): number {
    return (ticks * 1_000) / this.#host.ticksPerS
  }
}
