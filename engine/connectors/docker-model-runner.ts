import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer, ServerFault, ServerReport } from './connector.ts'
import { askJson, askToUnload, statusFault } from './json-answer.ts'
import { countsReused, LLAMA_METRICS, llamaTotals, llamaWork, OLD_LLAMA } from './llama-metrics.ts'
import { counterNames, type Exposition, readExposition } from './prometheus-text.ts'
import { loadedModel, NOTHING_TOLD, quantisationInName } from './server-words.ts'
import { totalsByLabel } from './totals-by-label.ts'

/** GET /engines/ps: one entry for each runner; a model may have one for completions and one for embeddings (docker/model-runner). */
const Runners = z.array(
  z.object({
    model_name: z.string().min(1),
    in_use: z.boolean().nullish(),
    loading: z.boolean().nullish(),
  }),
)
const Version = z.object({ version: z.string() })

/** vLLM's runners; llama.cpp's count as llama-server does. The front end adds labels that name the model to either. */
const VLLM = {
  prompt: counterNames('vllm:prompt_tokens'),
  output: counterNames('vllm:generation_tokens'),
  requests: counterNames('vllm:request_success'),
  running: ['vllm:num_requests_running'],
  waiting: ['vllm:num_requests_waiting'],
} as const
const OUTPUT_OF_LLAMA = 'llamacpp:tokens_predicted_total'
const METRICS = [...LLAMA_METRICS, ...Object.values(VLLM).flat()]

export const dockerModelRunner: Connector = {
  id: 'docker-model-runner',
  title: 'Docker Model Runner',
  clientSetting: 'OPENAI_BASE_URL=http://127.0.0.1:{port}/engines/v1',
  unloadsBy: 'api',
  async identify(ask) {
    const root = await ask('/')
    if (!root.ok) return root.code === 'foreign' ? ok(null) : root
    return ok(root.value.body.trim() === 'Docker Model Runner is running' ? open(ask) : null)
  },
}

function open(ask: Ask): OpenServer {
  let version: string | null = null
  return {
    async poll() {
      if (version === null) {
        const told = await askJson(ask, '/version', Version)
        if (told.ok) version = told.value.version
      }
      const runners = await askJson(ask, '/engines/ps', Runners)
      if (!runners.ok) return runners
      const metrics = await runnersMetrics(ask)
      if (!metrics.ok) return metrics
      return ok({ ...reportOf(runners.value, metrics.value), version })
    },
    unload: (model) => askToUnload(ask, '/engines/unload', { all: false, backend: '', models: [model.id] }),
  }
}

/** `null` where they are switched off, which a 404 says. */
async function runnersMetrics(ask: Ask): Promise<Result<Exposition | null, ServerFault>> {
  const answer = await ask('/metrics')
  if (!answer.ok) return answer
  if (answer.value.status === 404) return ok(null)
  return statusFault(answer.value, '/metrics') ?? readExposition(answer.value.body, METRICS)
}

function reportOf(runners: z.infer<typeof Runners>, metrics: Exposition | null): ServerReport {
  const models = Array.from(
    Map.groupBy(runners, (one) => one.model_name),
    ([name, own]): LoadedModel =>
      loadedModel(name, {
        quantisation: quantisationInName(name),
        state: own.some((one) => one.loading === true) ? 'loading' : 'ready',
        // Without a count, "in use" is at least one request.
        inFlight: (metrics && workOf(metrics, name).inFlight) ?? (own.some((one) => one.in_use === true) ? 1 : 0),
      }),
  )
  const report = { ...NOTHING_TOLD, models, inFlight: models.reduce((sum, one) => sum + (one.inFlight ?? 0), 0) }
  if (metrics === null) return { ...report, counts: 'off', limits: METRICS_OFF }
  const ofLlama = Array.from(metrics.sumBy('model', OUTPUT_OF_LLAMA).keys(), (model) =>
    llamaTotals(metrics, model === '' ? null : model, ofModel(model)),
  )
  const ofVllm = totalsByLabel(metrics, 'model', VLLM).filter(({ model }) =>
    ofLlama.every((one) => one.model !== model),
  )
  const isOld = ofLlama.length > 0 && !countsReused(metrics)
  return {
    ...report,
    waiting: models.reduce((sum, { id }) => sum + (workOf(metrics, id).waiting ?? 0), 0),
    totals: [...ofLlama, ...ofVllm],
    counts: 'server',
    limits: isOld ? OLD_LLAMA : null,
  }
}

const ofModel = (model: string) => (labels: ReadonlyMap<string, string>) => (labels.get('model') ?? '') === model

function workOf(metrics: Exposition, model: string): Pick<ServerReport, 'inFlight' | 'waiting'> {
  const where = ofModel(model)
  const work = llamaWork(metrics, where)
  return {
    inFlight: work.inFlight ?? metrics.sum(VLLM.running, where),
    waiting: work.waiting ?? metrics.sum(VLLM.waiting, where),
  }
}

const METRICS_OFF = problem(
  'metricsOff',
  'Docker Model Runner is set to tell no metrics: its tokens are not counted.',
  {
    kind: 'command',
    argv: ['env', '--unset=DISABLE_METRICS', 'model-runner'],
    asRoot: false,
    note: 'Start it without DISABLE_METRICS.',
  },
)
