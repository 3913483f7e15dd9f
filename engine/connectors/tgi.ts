import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer, OutputTotals, ServerReport } from './connector.ts'
import { askMetrics, Count, recogniseJson } from './json-answer.ts'
import { counterNames, type Exposition } from './prometheus-text.ts'
import {
  fileTitle,
  loadedModel,
  NOTHING_TOLD,
  OPENAI_CLIENT_SETTING,
  outputTotals,
  quantisationInName,
} from './server-words.ts'

/** GET /info. Embedding servers of the same makers answer there too, with a `model_type`. */
const Facts = z.object({
  model_id: z.string().min(1),
  max_total_tokens: Count,
  validation_workers: Count,
  model_type: z.never().optional(),
  model_dtype: z.string().nullish(),
  version: z.string().nullish(),
})

const PROMPT = 'tgi_request_input_length_sum'
const OUTPUT = 'tgi_request_generated_tokens_sum'
const SUCCEEDED = counterNames('tgi_request_success')
const FAILED = counterNames('tgi_request_failure')
const BUSY_S = 'tgi_request_inference_duration_sum'
const RUNNING = 'tgi_batch_current_size'
const WAITING = 'tgi_queue_size'
const METRICS = [PROMPT, OUTPUT, SUCCEEDED, FAILED, BUSY_S, RUNNING, WAITING].flat()

/** Text Generation Inference (router/src/server.rs, db931fcf). Tokens are added when a request succeeds: those of aborted ones are missing. */
export const tgi: Connector = {
  id: 'tgi',
  title: 'Text Generation Inference',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const facts = await recogniseJson(ask, '/info', Facts)
    if (!facts.ok || facts.value === null) return facts.ok ? ok(null) : facts
    const { model_id, model_dtype, max_total_tokens, version } = facts.value
    const name = /^\.{0,2}\//.test(model_id) ? fileTitle(model_id) : model_id
    const model = loadedModel(model_id, {
      name,
      quantisation: quantisationInName(name) ?? model_dtype?.replace('torch.', '') ?? null,
      contextTokens: max_total_tokens,
    })
    return ok(open(ask, model, version ?? null))
  },
}

function open(ask: Ask, model: LoadedModel, version: string | null): OpenServer {
  return {
    unload: null,
    async poll() {
      const metrics = await askMetrics(ask, '/metrics', METRICS)
      if (!metrics.ok) return metrics
      const report: ServerReport = {
        ...NOTHING_TOLD,
        version,
        models: [model],
        inFlight: metrics.value.count(RUNNING),
        waiting: metrics.value.count(WAITING),
        totals: [totalsOf(metrics.value, model)],
        counts: 'server',
      }
      return ok(report)
    },
  }
}

/** A series appears with its first request: before that nothing was counted, and nothing is said. */
function totalsOf(metrics: Exposition, { name }: LoadedModel): OutputTotals {
  const succeeded = metrics.sum(SUCCEEDED)
  const failed = metrics.sum(FAILED)
  const busyS = metrics.sum(BUSY_S)
  return outputTotals(name, {
    promptTokens: metrics.sum(PROMPT),
    outputTokens: metrics.sum(OUTPUT),
    requests: succeeded === null && failed === null ? null : (succeeded ?? 0) + (failed ?? 0),
    failedRequests: failed,
    busyMs: busyS === null ? null : busyS * 1_000,
  })
}
