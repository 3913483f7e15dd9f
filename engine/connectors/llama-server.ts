import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { HttpAnswer } from '../host/host.ts'
import type { Ask, Connector, LoadedModel, OpenServer, ServerFault, ServerReport } from './connector.ts'
import { askJson, Count, parsedJson, statusFault, wantsKey } from './json-answer.ts'
import { countsReused, LLAMA_METRICS, llamaTotals, llamaWork, METRICS_OFF, OLD_LLAMA } from './llama-metrics.ts'
import { openRouter } from './llama-router.ts'
import { readExposition } from './prometheus-text.ts'
import { fileTitle, loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'

/** GET /props. TabbyAPI serves a small one without `build_info`. */
const Props = z.object({
  build_info: z.string().min(1),
  default_generation_settings: z.object({ n_ctx: Count.nullish() }),
  role: z.string().nullish(),
  model_path: z.string().nullish(),
  model_alias: z.string().nullish(),
  is_sleeping: z.boolean().nullish(),
  endpoint_metrics: z.boolean().nullish(),
})
type Props = z.output<typeof Props>

const Models = z.object({
  data: z.array(z.object({ id: z.string().min(1), meta: z.object({ n_params: Count.nullish() }).nullish() })).min(1),
})

/**
 * llama.cpp's own server, with one model or as a router (tools/server/README.md). /props, /models and /metrics neither wake a sleeping model
 * nor keep it awake; /slots does both, so it is never asked.
 */
export const llamaServer: Connector = {
  id: 'llama-server',
  title: 'llama.cpp server',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const answer = await ask('/props')
    if (!answer.ok) return answer.code === 'foreign' ? ok(null) : answer
    const refusal = refusalOf(answer.value)
    if (refusal !== null) return refusal
    if (answer.value.status !== 200) return ok(null)
    const props = parsedJson(answer.value, Props)
    if (!props.ok) return ok(null)
    return ok(props.value.role === 'router' ? openRouter(ask, props.value.build_info) : openSingle(ask))
  },
}

/** Its own words for "a key is wanted" and "still loading", which it says on every path. */
const Refusal = z.object({ error: z.object({ code: z.number(), message: z.string(), type: z.string() }) })

function refusalOf(answer: HttpAnswer): Result<never, ServerFault> | null {
  if (answer.status !== 401 && answer.status !== 503) return null
  const refusal = parsedJson(answer, Refusal)
  if (!refusal.ok) return null
  const { type, message } = refusal.value.error
  if (type === 'authentication_error' && message === 'Invalid API Key') return wantsKey()
  return type === 'unavailable_error' && message === 'Loading model'
    ? problem('starting', 'It is loading its model.')
    : null
}

function openSingle(ask: Ask): OpenServer {
  let props: Props | null = null
  let model: { readonly key: string; readonly told: LoadedModel; readonly isWhole: boolean } | null = null

  async function lookAtModel(now: Props): Promise<Result<LoadedModel, ServerFault>> {
    const key = `${now.build_info} ${now.model_path} ${now.model_alias}`
    if (model === null || model.key !== key || !model.isWhole) {
      const models = await askJson(ask, '/v1/models', Models)
      if (!models.ok) return models
      const [first] = models.value.data
      const told = modelOf(now, first?.id ?? '', first?.meta?.n_params ?? null)
      model = { key, told, isWhole: told.parameters !== null }
    }
    return ok({ ...model.told, state: now.is_sleeping === true ? 'sleeping' : 'ready' })
  }

  return {
    unload: null,
    async poll() {
      const work = props?.endpoint_metrics === false ? null : await askWork(ask)
      if (work !== null && !work.ok) return work
      // Its properties hold a long template: while it works, it cannot have fallen asleep or changed its model.
      if (props === null || (work?.value?.inFlight ?? 0) === 0) {
        const asked = await askJson(ask, '/props', Props)
        if (!asked.ok) return asked
        if (asked.value.role === 'router') return problem('foreign', 'Another llama.cpp server answers there now.')
        props = asked.value
      }
      const told = await lookAtModel(props)
      if (!told.ok) return told
      return ok(reportOf(props, told.value, work?.value ?? null))
    },
  }
}

type Work = Pick<ServerReport, 'inFlight' | 'waiting' | 'life'> & {
  readonly hasReused: boolean
  readonly totals: (model: string) => ServerReport['totals']
}

/** `null`: its metrics are switched off. */
async function askWork(ask: Ask): Promise<Result<Work | null, ServerFault>> {
  const answer = await ask('/metrics')
  if (!answer.ok) return answer
  if (answer.value.status === 501) return ok(null)
  const fault = statusFault(answer.value, '/metrics')
  if (fault !== null) return fault
  const metrics = readExposition(answer.value.body, LLAMA_METRICS)
  if (!metrics.ok) return metrics
  return ok({
    ...llamaWork(metrics.value),
    // A stamp of its start in no known unit: another one is another start.
    life: answer.value.headers['process-start-time-unix'] ?? null,
    hasReused: countsReused(metrics.value),
    totals: (model) => [llamaTotals(metrics.value, model)],
  })
}

function reportOf(props: Props, model: LoadedModel, work: Work | null): ServerReport {
  const report: ServerReport = { ...NOTHING_TOLD, version: props.build_info, models: [model] }
  if (work === null) return { ...report, counts: 'off', limits: METRICS_OFF }
  return {
    ...report,
    models: [{ ...model, inFlight: work.inFlight }],
    inFlight: work.inFlight,
    waiting: work.waiting,
    life: work.life,
    totals: work.totals(model.name),
    counts: 'server',
    limits: work.hasReused ? null : OLD_LLAMA,
  }
}

function modelOf(props: Props, id: string, parameters: number | null): LoadedModel {
  const alias = props.model_alias || id
  const name = isPath(alias) ? fileTitle(alias) : alias
  return loadedModel(id, {
    name,
    parameters,
    quantisation: quantisationInName(name) ?? quantisationInName(fileTitle(props.model_path ?? '')),
    contextTokens: props.default_generation_settings.n_ctx || null,
  })
}

/** Without an alias it is called by its file; names of repositories ("ggml-org/gemma-3-4b-it-GGUF:Q4_K_M") have a slash as well. */
function isPath(name: string): boolean {
  return /\.gguf$/i.test(name) || /^(?:\.{0,2}\/|[A-Za-z]:\\)/.test(name)
}
