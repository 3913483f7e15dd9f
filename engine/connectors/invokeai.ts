import { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer, ServerFault, ServerReport } from './connector.ts'
import { askJson, askToUnload, Count, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, outputTotals } from './server-words.ts'

const VERSION = '/api/v1/app/version'
const Version = z.strictObject({ version: z.string() })
/** GET /api/v1/queue/default/status. `completed` and `failed` are rows that are kept: pruning the queue lets them fall. */
const Status = z.object({
  queue: z.object({
    item_id: Count.nullish(),
    pending: Count,
    in_progress: Count,
    completed: Count,
    failed: Count,
  }),
})
/** GET /api/v2/models/stats; `null` before the first model. */
const CacheStats = z.object({ in_cache: Count.nullish() }).nullable()
/** GET …/current: the whole session, prompts included; only the names of main models leave this shape. */
const Current = z
  .object({
    session: z.object({
      graph: z.object({
        nodes: z.record(
          z.string(),
          z.object({
            model: z
              .object({ name: z.string().min(1), type: z.literal('main') })
              .optional()
              .catch(undefined),
          }),
        ),
      }),
    }),
  })
  .nullable()

export const invokeai: Connector = {
  id: 'invokeai',
  title: 'InvokeAI',
  clientSetting: null,
  unloadsBy: 'api',
  async identify(ask) {
    const version = await recogniseJson(ask, VERSION, Version)
    return version.ok ? ok(version.value === null ? null : new OpenInvokeai(ask, version.value.version)) : version
  },
}

/** An item of its queue is one run of a graph, which is one image in most cases: an estimate. Its counts fall, the sums here do not. */
class OpenInvokeai implements OpenServer {
  readonly #ask: Ask
  readonly #version: string
  readonly #completed = new Rise()
  readonly #failed = new Rise()
  #item: number | null = null
  #model: string | null = null

  constructor(ask: Ask, version: string) {
    this.#ask = ask
    this.#version = version
  }

  async poll(): Promise<Result<ServerReport, ServerFault>> {
    const status = await askJson(this.#ask, '/api/v1/queue/default/status', Status)
    if (!status.ok) return status
    const { item_id, pending, in_progress, completed, failed } = status.value.queue
    if (in_progress > 0 && item_id != null && item_id !== this.#item) await this.#noteModel(item_id)
    const cache = await askJson(this.#ask, '/api/v2/models/stats', CacheStats)
    const holdsModels = !cache.ok || (cache.value?.in_cache ?? 0) > 0
    return ok({
      ...NOTHING_TOLD,
      version: this.#version,
      models:
        this.#model === null || !holdsModels ? [] : [loadedModel(this.#model, { inFlight: Math.min(in_progress, 1) })],
      inFlight: in_progress,
      waiting: pending,
      totals: [
        outputTotals(null, {
          images: this.#completed.take(completed),
          requests: this.#completed.sum + this.#failed.take(failed),
          failedRequests: this.#failed.sum,
          provenance: 'estimate',
        }),
      ],
      counts: 'server',
    })
  }

  /** Drops every model that is not at work. */
  readonly unload = () => askToUnload(this.#ask, '/api/v2/models/empty_model_cache', {})

  async #noteModel(item: number): Promise<void> {
    const current = await askJson(this.#ask, '/api/v1/queue/default/current', Current)
    if (!current.ok || current.value === null) return
    this.#item = item
    const nodes = Object.values(current.value.session.graph.nodes)
    const names = new Set(nodes.flatMap(({ model }) => (model === undefined ? [] : [model.name])))
    this.#model = names.size === 1 ? ([...names][0] ?? null) : null
  }
}

/** Sum of what a count rose by, since the first look. */
class Rise {
  sum = 0
  #last: number | null = null

  take(count: number): number {
    if (this.#last !== null && count > this.#last) this.sum += count - this.#last
    this.#last = count
    return this.sum
  }
}
