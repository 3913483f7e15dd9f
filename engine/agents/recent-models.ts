import type { HeldModel } from '../servers/servers.ts'
import type { ServedModel } from './join.ts'

/** A server may have let go of a model by the time that a log tells of its answer. */
const KEPT_MS = 3_600_000
const MOST_MODELS = 1_000

/** Models that servers here held in the last hour. Wall times. */
export class RecentModels {
  readonly #seen = new Map<string, { readonly served: ServedModel; readonly seenMs: number }>()

  note(held: readonly HeldModel[], nowMs: number): void {
    for (const { modelId, app, name, isRemote } of held) {
      this.#seen.delete(modelId)
      this.#seen.set(modelId, { served: { model: modelId, app, name, isRemote }, seenMs: nowMs })
    }
    for (const [id, { seenMs }] of this.#seen)
      if (nowMs - seenMs > KEPT_MS || this.#seen.size > MOST_MODELS) this.#seen.delete(id)
      else break
  }

  /** Those seen last come first. */
  served(): readonly ServedModel[] {
    return Array.from(this.#seen.values(), ({ served }) => served).reverse()
  }
}
