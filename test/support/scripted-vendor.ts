import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import type { Clock } from '../../engine/clock/clock.ts'
import type { VendorAnswer, VendorFault, VendorSession } from '../../engine/host/host.ts'

/** A driver library whose answers a test wrote, given at once: a function of what is asked. `fault` stands for the driver's own. */
export class ScriptedVendor implements VendorSession {
  latest: VendorAnswer | null = null
  fault: Problem<VendorFault> | null = null
  isClosed = false
  readonly asked: unknown[] = []
  readonly #clock: Clock
  readonly #respond: (request: unknown) => unknown

  constructor(clock: Clock, respond: (request: unknown) => unknown) {
    this.#clock = clock
    this.#respond = respond
  }

  get problem(): Problem<VendorFault> | null {
    return this.fault
  }

  ask(request?: unknown): void {
    if (this.isClosed) throw new Error('asked after close')
    this.asked.push(request)
    const nowMs = this.#clock.monotonicMs()
    this.latest = this.fault === null ? { value: this.#respond(request), askedMs: nowMs, answeredMs: nowMs } : null
  }

  async answer(request?: unknown): Promise<Result<VendorAnswer, VendorFault>> {
    this.ask(request)
    return this.latest === null ? (this.fault ?? problem('broken', 'The driver said nothing.')) : ok(this.latest)
  }

  close(): void {
    this.isClosed = true
    this.latest = null
  }
}
