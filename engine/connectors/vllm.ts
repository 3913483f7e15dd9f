import { z } from 'zod'
import { ok, problem } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer, OutputTotals, ServerReport } from './connector.ts'
import { askJson, askMetrics, Count, lostCounters, parsedJson, recogniseJson, wantsKey } from './json-answer.ts'
import { counterNames, type Exposition } from './prometheus-text.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, outputTotals, quantisationInName } from './server-words.ts'

const Version = z.object({ version: z.string().min(1) })

/** GET /v1/models: what is served, under each of its names, and adapters, which have a parent. */
const Models = z.object({
  data: z
    .array(
      z.object({
        id: z.string().min(1),
        owned_by: z.literal('vllm'),
        root: z.string().nullish(),
        parent: z.string().nullish(),
        max_model_len: Count.nullish(),
      }),
    )
    .min(1),
})
type ServedModel = z.output<typeof Models>['data'][number]

const PROMPT = counterNames('vllm:prompt_tokens')
const CACHED = counterNames('vllm:prompt_tokens_cached')
const BY_SOURCE = counterNames('vllm:prompt_tokens_by_source')
const OUTPUT = counterNames('vllm:generation_tokens')
const FINISHED = counterNames('vllm:request_success')
const RUNNING = 'vllm:num_requests_running'
const WAITING = 'vllm:num_requests_waiting'
const STARTED_S = 'process_start_time_seconds'
const METRICS = [PROMPT, CACHED, BY_SOURCE, OUTPUT, FINISHED, RUNNING, WAITING, STARTED_S].flat()

const METRICS_OFF: NonNullable<ServerReport['limits']> = problem(
  'metricsOff',
  'It does not count what it delivers: its statistics are switched off.',
  { kind: 'command', argv: ['vllm', 'serve'], asRoot: false, note: 'Start vLLM without --disable-log-stats.' },
)

/**
 * vLLM's server (vllm/v1/metrics/loggers.py). Counters rise with each step of an engine; with several engines each has its own series, and
 * they are summed. `prefix_cache_hits` counts a waiting request anew with each step, so it stands for nothing here.
 */
export const vllm: Connector = {
  id: 'vllm',
  title: 'vLLM',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const version = await recogniseJson(ask, '/version', Version)
    if (!version.ok || version.value === null) return version.ok ? ok(null) : version
    const models = await ask('/v1/models')
    if (!models.ok) return models.code === 'foreign' ? ok(null) : models
    // A key guards the paths below /v1 alone: its metrics tell who wants it.
    if (models.value.status === 401) {
      const metrics = await askMetrics(ask, '/metrics', METRICS)
      return metrics.ok && metrics.value.sum(RUNNING) !== null ? wantsKey() : ok(null)
    }
    const isVllm = models.value.status === 200 && parsedJson(models.value, Models).ok
    return ok(isVllm ? open(ask, version.value.version) : null)
  },
}

function open(ask: Ask, version: string): OpenServer {
  let hasCounted = false
  return {
    unload: null,
    async poll() {
      const models = await askJson(ask, '/v1/models', Models)
      if (!models.ok) return models
      const metrics = await askMetrics(ask, '/metrics', METRICS)
      if (!metrics.ok && hasCounted) return lostCounters(metrics)
      if (!metrics.ok && metrics.code !== 'foreign') return metrics
      const report: ServerReport = { ...NOTHING_TOLD, version, models: heldModels(models.value.data) }
      const inFlight = metrics.ok ? metrics.value.count(RUNNING) : null
      if (!metrics.ok || inFlight === null) return ok({ ...report, counts: 'off', limits: METRICS_OFF })
      hasCounted = true
      const startedS = metrics.value.sum(STARTED_S)
      return ok({
        ...report,
        inFlight,
        waiting: metrics.value.count(WAITING),
        totals: totalsOf(metrics.value),
        life: startedS === null ? null : String(startedS),
        counts: 'server',
      })
    },
  }
}

/** One model may be served under several names, which share its weights: the first is the one that its counters go by. */
function heldModels(served: readonly ServedModel[]): LoadedModel[] {
  const byWeights = Map.groupBy(served, ({ id, root, parent }) => `${parent ?? ''} ${root ?? id}`)
  return Array.from(byWeights.values(), ([first]) => first as ServedModel).map(({ id, root, max_model_len }) =>
    loadedModel(id, {
      quantisation: quantisationInName(id) ?? quantisationInName(root ?? ''),
      contextTokens: max_model_len ?? null,
    }),
  )
}

function totalsOf(metrics: Exposition): OutputTotals[] {
  const output = metrics.sumBy('model_name', OUTPUT)
  const prompt = metrics.sumBy('model_name', PROMPT)
  const models = new Set([...output.keys(), ...prompt.keys()])
  return Array.from(models, (model) => {
    const isOf = (labels: ReadonlyMap<string, string>) => labels.get('model_name') === model
    return outputTotals(model, {
      promptTokens: prompt.get(model) ?? null,
      cachedTokens:
        metrics.sum(CACHED, isOf) ??
        metrics.sum(BY_SOURCE, (labels) => isOf(labels) && labels.get('source') !== 'local_compute'),
      outputTokens: output.get(model) ?? null,
      requests: metrics.sum(FINISHED, isOf),
      failedRequests: metrics.sum(FINISHED, (labels) => isOf(labels) && labels.get('finished_reason') === 'error'),
    })
  })
}
