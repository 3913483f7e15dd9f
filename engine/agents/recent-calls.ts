import type { MeterEvent } from '../../contract/metering.ts'
import type { MeteredCall } from './join.ts'

const KEPT_MS = 600_000
const MOST_CALLS = 5_000

type Call = { readonly id: string; name: string | null; readonly beganMs: number; endedMs: number | null }

/** Metered requests of the last minutes, for logs that tell of the same ones a little later. Wall times. */
export class RecentCalls {
  readonly #calls = new Map<string, Call>()

  note(events: readonly MeterEvent[]): void {
    for (const event of events) {
      if (event.type === 'begin')
        this.#calls.set(event.id, { id: event.id, name: null, beganMs: event.atMs, endedMs: null })
      const call = this.#calls.get(event.id)
      if (call === undefined || event.type === 'begin') continue
      call.name = event.model ?? call.name
      if (event.type === 'end') call.endedMs = event.atMs
    }
  }

  calls(nowMs: number): readonly MeteredCall[] {
    for (const [id, { beganMs, endedMs }] of this.#calls) {
      const isOld = nowMs - (endedMs ?? beganMs) > (endedMs === null ? 24 * 6 : 1) * KEPT_MS
      if (isOld || this.#calls.size > MOST_CALLS) this.#calls.delete(id)
    }
    return Array.from(this.#calls.values(), ({ endedMs, ...call }) => ({ ...call, endedMs: endedMs ?? nowMs }))
  }
}
