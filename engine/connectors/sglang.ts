import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer, OutputTotals, ServerFault, ServerReport } from './connector.ts'
import { askMetrics, Count, lostCounters, recogniseJson } from './json-answer.ts'
import { counterNames, type Exposition } from './prometheus-text.ts'
import {
  fileTitle,
  loadedModel,
  NOTHING_TOLD,
  OPENAI_CLIENT_SETTING,
  outputTotals,
  quantisationInName,
} from './server-words.ts'

const ModelFacts = z.object({ model_path: z.string().min(1), tokenizer_path: z.string(), is_generation: z.boolean() })

/** Of all its start options these alone are taken: some builds tell their key among them. */
const ServerFacts = z.object({
  version: z.string().nullish(),
  served_model_name: z.string().nullish(),
  quantization: z.string().nullish(),
  context_length: Count.nullish(),
})
type ServerFacts = z.output<typeof ServerFacts>

const PROMPT = counterNames('sglang:prompt_tokens')
const CACHED = counterNames('sglang:cached_tokens')
const OUTPUT = counterNames('sglang:generation_tokens')
const REQUESTS = counterNames('sglang:num_requests')
const RUNNING = 'sglang:num_running_reqs'
const WAITING = 'sglang:num_queue_reqs'
const STARTED_S = 'process_start_time_seconds'
const METRICS = [PROMPT, CACHED, OUTPUT, REQUESTS, RUNNING, WAITING, STARTED_S].flat()

const METRICS_OFF: NonNullable<ServerReport['limits']> = problem(
  'metricsOff',
  'It does not count what it delivers: its metrics are switched off.',
  {
    kind: 'command',
    argv: ['python', '-m', 'sglang.launch_server', '--enable-metrics'],
    asRoot: false,
    note: 'Start SGLang with --enable-metrics.',
  },
)

/** SGLang's server (python/sglang/srt). Its counters rise when a request ends. Paths lost their `get_` in newer versions. */
export const sglang: Connector = {
  id: 'sglang',
  title: 'SGLang',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const model = await recogniseEither(ask, ['/get_model_info', '/model_info'], ModelFacts)
    if (!model.ok || model.value === null) return model.ok ? ok(null) : model
    const facts = await recogniseEither(ask, ['/get_server_info', '/server_info'], ServerFacts)
    if (!facts.ok) return facts
    return ok(open(ask, facts.value, modelOf(model.value.model_path, facts.value)))
  },
}

async function recogniseEither<T>(
  ask: Ask,
  paths: readonly string[],
  shape: z.ZodType<T>,
): Promise<Result<T | null, ServerFault>> {
  for (const path of paths) {
    const asked = await recogniseJson(ask, path, shape)
    if (!asked.ok || asked.value !== null) return asked
  }
  return ok(null)
}

function modelOf(path: string, facts: ServerFacts | null): LoadedModel {
  const isFolder = /^(?:\.{0,2}\/|[A-Za-z]:\\)/.test(path)
  const id = facts?.served_model_name || path
  return loadedModel(id, {
    name: id === path && isFolder ? fileTitle(path) : id,
    quantisation: facts?.quantization ?? quantisationInName(id) ?? quantisationInName(fileTitle(path)),
    contextTokens: facts?.context_length ?? null,
  })
}

function open(ask: Ask, facts: ServerFacts | null, model: LoadedModel): OpenServer {
  const report: ServerReport = { ...NOTHING_TOLD, version: facts?.version ?? null, models: [model] }
  let hasCounted = false
  return {
    unload: null,
    async poll() {
      const metrics = await askMetrics(ask, '/metrics', METRICS)
      if (!metrics.ok && hasCounted) return lostCounters(metrics)
      if (!metrics.ok && metrics.code !== 'foreign') return metrics
      const isOff =
        !metrics.ok || METRICS.every((name) => name === STARTED_S || metrics.value.series(name).length === 0)
      if (isOff) return ok({ ...report, counts: 'off', limits: METRICS_OFF })
      hasCounted = true
      const startedS = metrics.value.sum(STARTED_S)
      return ok({
        ...report,
        inFlight: sumOfRanks(metrics.value, RUNNING),
        waiting: sumOfRanks(metrics.value, WAITING),
        totals: totalsOf(metrics.value, model),
        life: startedS === null ? null : String(startedS),
        counts: 'server',
      })
    },
  }
}

/** Ranks that share one copy of the model (tensor and pipeline parallel) tell the same requests; copies (data parallel) their own. */
function sumOfRanks(metrics: Exposition, name: string): number | null {
  const byCopy = Map.groupBy(
    metrics.series(name),
    ({ labels }) => `${labels.get('engine_type') ?? ''} ${labels.get('dp_rank') ?? ''}`,
  )
  if (byCopy.size === 0) return null
  return Array.from(byCopy.values(), (ranks) => Math.max(...ranks.map(({ value }) => Math.round(value)))).reduce(
    (a, b) => a + b,
  )
}

function totalsOf(metrics: Exposition, model: LoadedModel): OutputTotals[] {
  const [prompt, cached, output, requests] = [PROMPT, CACHED, OUTPUT, REQUESTS].map((names) => metrics.sum(names))
  return [
    outputTotals(model.name, {
      promptTokens: prompt ?? null,
      cachedTokens: cached ?? null,
      outputTokens: output ?? null,
      requests: requests ?? null,
    }),
  ]
}
