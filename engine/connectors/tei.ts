import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer, OutputTotals, ServerReport } from './connector.ts'
import { askMetrics, Count, recogniseJson } from './json-answer.ts'
import { counterNames, type Exposition } from './prometheus-text.ts'
import { fileTitle, loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, outputTotals } from './server-words.ts'

const Facts = z.object({
  model_id: z.string().min(1),
  model_type: z.record(z.string(), z.unknown()).or(z.string()),
  max_batch_tokens: Count,
  model_dtype: z.string().nullish(),
  served_model_name: z.string().nullish(),
  max_input_length: Count.nullish(),
  version: z.string().nullish(),
})

const PROMPT = ['te_request_input_length_sum', 'te_batch_next_tokens_sum']
const SUCCEEDED = counterNames('te_request_success')
const FAILED = counterNames('te_request_failure')
const BUSY_S = 'te_request_inference_duration_sum'
const WAITING = 'te_queue_size'
const METRICS = [PROMPT, SUCCEEDED, FAILED, BUSY_S, WAITING].flat()

/** Text Embeddings Inference (router/src/lib.rs, 0d124dc9): it takes tokens and gives vectors, so it has no output tokens. */
export const tei: Connector = {
  id: 'tei',
  title: 'Text Embeddings Inference',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const facts = await recogniseJson(ask, '/info', Facts)
    if (!facts.ok || facts.value === null) return facts.ok ? ok(null) : facts
    const { model_id, model_dtype, served_model_name, max_input_length, version } = facts.value
    const model = loadedModel(model_id, {
      name: served_model_name || (/^\.{0,2}\//.test(model_id) ? fileTitle(model_id) : model_id),
      quantisation: model_dtype ?? null,
      contextTokens: max_input_length ?? null,
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
        waiting: metrics.value.count(WAITING),
        totals: [totalsOf(metrics.value, model)],
        counts: 'server',
      }
      return ok(report)
    },
  }
}

function totalsOf(metrics: Exposition, { name }: LoadedModel): OutputTotals {
  const succeeded = metrics.sum(SUCCEEDED)
  const failed = metrics.sum(FAILED)
  const busyS = metrics.sum(BUSY_S)
  return outputTotals(name, {
    promptTokens: metrics.sum(PROMPT),
    requests: succeeded === null && failed === null ? null : (succeeded ?? 0) + (failed ?? 0),
    failedRequests: failed,
    busyMs: busyS === null ? null : busyS * 1_000,
  })
}
