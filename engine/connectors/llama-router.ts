import { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import type { Ask, LoadedModel, OpenServer, OutputTotals, ServerFault, ServerReport } from './connector.ts'
import { askJson, askToUnload, statusFault } from './json-answer.ts'
import { countsReused, LLAMA_METRICS, llamaTotals, llamaWork, METRICS_OFF, OLD_LLAMA } from './llama-metrics.ts'
import { type Exposition, readExposition } from './prometheus-text.ts'
import { fileTitle, loadedModel, NOTHING_TOLD, quantisationInName } from './server-words.ts'

const Models = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      path: z.string().nullish(),
      status: z.object({ value: z.string(), args: z.array(z.string()).nullish() }),
    }),
  ),
})
type RouterModel = z.output<typeof Models>['data'][number]

const HELD: Readonly<Record<string, LoadedModel['state']>> = {
  loading: 'loading',
  loaded: 'ready',
  sleeping: 'sleeping',
}

/** llama-server without a model of its own: it starts a llama-server for each that is asked for. Every GET says not to load. */
export function openRouter(ask: Ask, version: string): OpenServer {
  let upstreams: readonly string[] = []
  let counted: ReadonlyMap<string, Exposition> = new Map()
  return {
    unload: (model) => askToUnload(ask, '/models/unload', { model: model.id }),
    upstreams: () => upstreams,
    async poll() {
      const models = await askJson(ask, '/models?autoload=false', Models)
      if (!models.ok) return models
      const held = models.value.data.filter(({ status }) => Object.hasOwn(HELD, status.value))
      upstreams = held.flatMap((one) => upstreamOf(one) ?? [])
      const looks: Look[] = []
      for (const model of held) {
        const metrics = model.status.value === 'loading' ? ok(null) : await askMetricsOf(ask, model)
        if (!metrics.ok) return metrics
        // Counters of a model that is held have not gone: one that did not answer stands where it stood.
        const isHeld = metrics.value === null && model.status.value !== 'loading'
        looks.push({ model, metrics: isHeld ? (counted.get(model.id) ?? null) : metrics.value })
      }
      counted = new Map(
        looks.flatMap(({ model, metrics }) => (metrics === null || metrics === 'off' ? [] : [[model.id, metrics]])),
      )
      return ok(reportOf(version, looks))
    },
  }
}

/** `off`: its metrics are switched off. `null`: it has none now, because it is loading or went away since it was listed. */
type Look = { readonly model: RouterModel; readonly metrics: Exposition | 'off' | null }

async function askMetricsOf(ask: Ask, { id }: RouterModel): Promise<Result<Look['metrics'], ServerFault>> {
  const path = `/metrics?model=${encodeURIComponent(id)}&autoload=false`
  const answer = await ask(path)
  if (!answer.ok) return answer
  const { status, body } = answer.value
  if (status === 501) return ok('off')
  if (status === 400 || status === 404 || status === 503) return ok(null)
  return statusFault(answer.value, path) ?? readExposition(body, LLAMA_METRICS)
}

function reportOf(version: string, looks: readonly Look[]): ServerReport {
  const counted = looks.flatMap(({ model, metrics }) =>
    metrics === null || metrics === 'off' ? [] : [{ model, metrics, work: llamaWork(metrics) }],
  )
  const isOff = looks.some(({ metrics }) => metrics === 'off')
  const knows = !isOff && counted.length === looks.length
  const totals: OutputTotals[] = counted.map(({ model, metrics }) => llamaTotals(metrics, nameOf(model)))
  const sum = (what: 'inFlight' | 'waiting') => counted.reduce((all, { work }) => all + (work[what] ?? 0), 0)
  return {
    ...NOTHING_TOLD,
    version,
    models: looks.map(({ model }) => told(model, counted.find((one) => one.model === model)?.work.inFlight ?? null)),
    inFlight: knows ? sum('inFlight') : null,
    waiting: knows ? sum('waiting') : null,
    totals,
    counts: isOff ? 'off' : 'server',
    limits: isOff ? METRICS_OFF : counted.every(({ metrics }) => countsReused(metrics)) ? null : OLD_LLAMA,
  }
}

function told(model: RouterModel, inFlight: number | null): LoadedModel {
  const name = nameOf(model)
  return loadedModel(model.id, {
    name,
    quantisation: quantisationInName(name) ?? quantisationInName(fileTitle(model.path ?? '')),
    state: HELD[model.status.value] ?? 'ready',
    inFlight,
  })
}

function nameOf({ id }: RouterModel): string {
  return /\.gguf$/i.test(id) ? fileTitle(id) : id
}

/** Where the server listens that it started for this model: on loopback, at the port of its own command line. */
function upstreamOf({ status }: RouterModel): string | null {
  const args = status.args ?? []
  const port = Number(args[args.indexOf('--port') + 1])
  return args.includes('--port') && Number.isInteger(port) && port > 0 && port < 65_536
    ? `http://127.0.0.1:${port}`
    : null
}
