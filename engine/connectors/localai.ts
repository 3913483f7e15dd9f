import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer, OutputTotals, ServerFault, ServerReport } from './connector.ts'
import { askJson, askMetrics, askToUnload, lostCounters, recogniseJson } from './json-answer.ts'
import type { Exposition } from './prometheus-text.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, outputTotals, quantisationInName } from './server-words.ts'

const WellKnown = z.object({ version: z.string(), endpoints: z.record(z.string(), z.unknown()) })

const System = z.object({
  backends: z.array(z.string()).nullish(),
  loaded_models: z.array(z.object({ id: z.string().min(1) })).nullable(),
})

const TOKENS = 'localai_tokens_total'
const REQUESTS = 'localai_billed_requests_total'
const UNRECORDED = 'localai_usage_unrecorded_total'
const METRICS = [TOKENS, REQUESTS, UNRECORDED] as const

const KEY_NEEDED: NonNullable<ServerReport['limits']> = problem(
  'keyNeeded',
  'It shows what it counts only to an administrator.',
  { kind: 'setting', path: 'Servers', note: "Give an administrator's key there." },
)

/**
 * LocalAI (mudler/LocalAI 82c191af). It answers in Ollama's dialect as well. Newer versions count tokens by model and user
 * (core/services/routing/billing); answers that it could not bill are counted apart, and what they held is missing.
 */
export const localai: Connector = {
  id: 'localai',
  title: 'LocalAI',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'api',
  async identify(ask) {
    const wellKnown = await recogniseJson(ask, '/.well-known/localai.json', WellKnown)
    if (!wellKnown.ok || wellKnown.value === null) return wellKnown.ok ? ok(null) : wellKnown
    return ok(open(ask, wellKnown.value.version))
  },
}

function open(ask: Ask, version: string): OpenServer {
  let hasCounted = false
  return {
    unload: (model) => askToUnload(ask, '/backend/shutdown', { model: model.id }),
    async poll() {
      const system = await askJson(ask, '/system', System)
      if (!system.ok) return system
      const models = (system.value.loaded_models ?? []).map(({ id }) =>
        loadedModel(id, { quantisation: quantisationInName(id) }),
      )
      const report: ServerReport = { ...NOTHING_TOLD, version, models }
      const counted = await askCounted(ask, hasCounted)
      if (!counted.ok) return counted
      if (counted.value === 'hidden') return ok({ ...report, limits: KEY_NEEDED })
      if (counted.value === null) return ok(report)
      hasCounted = true
      return ok({ ...report, totals: totalsOf(counted.value), counts: 'server' })
    },
  }
}

/** `null`: it does not count tokens, or has counted none yet. */
async function askCounted(ask: Ask, hasCounted: boolean): Promise<Result<Exposition | 'hidden' | null, ServerFault>> {
  const metrics = await askMetrics(ask, '/metrics', METRICS)
  if (!metrics.ok && hasCounted) return lostCounters(metrics)
  if (metrics.ok) return ok(metrics.value.series(TOKENS).length === 0 ? null : metrics.value)
  if (metrics.code === 'denied') return ok('hidden')
  return metrics.code === 'foreign' ? ok(null) : metrics
}

function totalsOf(metrics: Exposition): OutputTotals[] {
  const ofKind = (kind: string) => metrics.sumBy('served_model', TOKENS, (labels) => labels.get('kind') === kind)
  const prompt = ofKind('prompt')
  const output = ofKind('completion')
  const requests = metrics.sumBy('served_model', REQUESTS)
  const isPartial = (metrics.sum(UNRECORDED) ?? 0) > 0
  return Array.from(new Set([...prompt.keys(), ...output.keys()]), (model) =>
    outputTotals(model, {
      promptTokens: prompt.get(model) ?? null,
      outputTokens: output.get(model) ?? null,
      requests: requests.get(model) ?? null,
      provenance: isPartial ? 'estimate' : 'exact',
    }),
  )
}
