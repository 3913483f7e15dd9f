import { ok, type Problem, type Result } from '../../contract/result.ts'
import type { Clock } from '../../engine/clock/clock.ts'
import type { VendorAnswer, VendorFault, VendorSession } from '../../engine/host/host.ts'

/** What a driver answers to a request: a record, or why there is none. */
export type Script = (request: unknown) => unknown

/** A session of a driver library that cannot be loaded here: it answers at once, as the test wrote it, or takes as long as told. */
export class ScriptedSession implements VendorSession {
  latest: VendorAnswer | null = null
  problem: Problem<VendorFault> | null = null
  script: Script
  /** Between question and answer. */
  takesMs = 0
  isClosed = false
  readonly requests: unknown[] = []
  readonly #clock: Clock

  constructor(clock: Clock, script: Script) {
    this.#clock = clock
    this.script = script
  }

  ask(request?: unknown): void {
    this.requests.push(request)
    const askedMs = this.#clock.monotonicMs()
    // As the real channel does: nothing but JSON passes.
    const value: unknown = JSON.parse(JSON.stringify(this.script(request) ?? null))
    this.problem = isProblem(value) ? value : null
    this.latest = this.problem === null ? { value, askedMs, answeredMs: askedMs + this.takesMs } : null
  }

  async answer(request?: unknown): Promise<Result<VendorAnswer, VendorFault>> {
    this.ask(request)
    return this.latest === null ? (this.problem as Problem<VendorFault>) : ok(this.latest)
  }

  close(): void {
    this.isClosed = true
  }
}

function isProblem(value: unknown): value is Problem<VendorFault> {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false
}
