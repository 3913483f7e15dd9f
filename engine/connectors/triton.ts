import { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer, ServerFault } from './connector.ts'
import { askJson, askMetrics, askToUnload, Count, recogniseJson } from './json-answer.ts'
import { counterNames, readExposition } from './prometheus-text.ts'
import { loadedModel, NOTHING_TOLD, outputTotals } from './server-words.ts'
import { totalsByLabel } from './totals-by-label.ts'

const Server = z.object({ name: z.literal('triton'), version: z.string() })
const Times = z.object({ count: Count }).nullish()
/** GET /v2/models/stats: totals per model and version since it was loaded, of those that are (protocol/extension_statistics.md). */
const Statistics = z.object({
  model_stats: z.array(
    z.object({ name: z.string().min(1), inference_stats: z.object({ success: Times, fail: Times }).nullish() }),
  ),
})

/** On the port for metrics, 8002 by itself (docs/user_guide/metrics.md). Requests are not read here: the other port tells them, per model. */
const ENERGY = 'nv_energy_consumption'
const PENDING = 'nv_inference_pending_request_count'
/** Of its vLLM backend. */
const TOKENS = {
  prompt: counterNames('vllm:prompt_tokens'),
  output: counterNames('vllm:generation_tokens'),
  requests: [],
}
const RUNNING = 'vllm:num_requests_running'
const NAMES = [ENERGY, PENDING, RUNNING, ...TOKENS.prompt, ...TOKENS.output]

export const triton: Connector = {
  id: 'triton',
  title: 'Triton Inference Server',
  clientSetting: null,
  unloadsBy: 'api',
  async identify(ask) {
    const server = await recogniseJson(ask, '/v2', Server)
    if (!server.ok) return server
    if (server.value !== null) return ok(openApi(ask, server.value.version))
    // Its port for metrics has nothing else; a server of models may lose something by this question (TensorRT-LLM's /metrics empties itself).
    const models = await ask('/v1/models')
    if (!models.ok) return models.code === 'foreign' ? ok(null) : models
    if ([200, 401, 403].includes(models.value.status)) return ok(null)
    const metrics = await ask('/metrics')
    if (!metrics.ok) return metrics.code === 'foreign' ? ok(null) : metrics
    const isTriton = metrics.value.status === 200 && /^# TYPE nv_inference_/m.test(metrics.value.body)
    return ok(isTriton && readExposition(metrics.value.body, []).ok ? openMetrics(ask) : null)
  },
}

function openApi(ask: Ask, version: string): OpenServer {
  return {
    async poll() {
      const told = await askJson(ask, '/v2/models/stats', Statistics)
      if (!told.ok) return told
      const byModel = Map.groupBy(told.value.model_stats, ({ name }) => name)
      return ok({
        ...NOTHING_TOLD,
        version,
        models: Array.from(byModel.keys(), (name) => loadedModel(name)),
        totals: Array.from(byModel, ([name, versions]) => {
          const failed = sumOf(versions, (one) => one.inference_stats?.fail?.count)
          return outputTotals(name, {
            requests: sumOf(versions, (one) => one.inference_stats?.success?.count) + failed,
            failedRequests: failed,
          })
        }),
        counts: 'server',
      })
    },
    // It refuses unless it was started with --model-control-mode=explicit.
    unload: (model): Promise<Result<null, ServerFault>> =>
      askToUnload(ask, `/v2/repository/models/${encodeURIComponent(model.id)}/unload`, {}),
  }
}

/** Its power figures are NVML's, the same counters that are read here: compared, never added. */
function openMetrics(ask: Ask): OpenServer {
  return {
    async poll() {
      const metrics = await askMetrics(ask, '/metrics', NAMES)
      if (!metrics.ok) return metrics
      return ok({
        ...NOTHING_TOLD,
        inFlight: metrics.value.sum(RUNNING),
        waiting: metrics.value.sum(PENDING),
        totals: totalsByLabel(metrics.value, 'model', TOKENS),
        counts: 'server',
        energy: metrics.value.series(ENERGY).map(({ labels, value }) => ({
          device: labels.get('gpu_uuid') ?? 'gpu',
          totalMj: Math.round(value * 1_000),
        })),
      })
    },
    unload: null,
  }
}

function sumOf<T>(items: readonly T[], figure: (one: T) => number | undefined): number {
  return items.reduce((sum, one) => sum + (figure(one) ?? 0), 0)
}
