import { z } from 'zod'
import { ok, problem } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer } from './connector.ts'
import { askJson, askToUnload, Count, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, outputTotals, quantisationInName } from './server-words.ts'

const Loaded = z.object({
  model_name: z.string().min(1),
  checkpoint: z.string().nullish(),
  /** One device or several: `gpu`, `gpu npu`. */
  device: z.string().nullish(),
  is_busy: z.boolean().nullish(),
  pid: z.int().positive().nullish(),
  recipe_options: z
    .object({ ctx_size: Count.nullish().catch(null) })
    .nullish()
    .catch(null),
  backend_url: z.string().nullish(),
})
/** GET /v1/health, which no other server answers with `all_models_loaded` (docs/api/lemonade.md); the path is the same under /api/v1, the only one of old versions. */
const Health = z.object({ version: z.string().nullish(), all_models_loaded: z.array(Loaded) })
/** GET /v1/stats: totals since the start, of all models alike. Old versions tell the newest request only, and have none of these. */
const Stats = z.object({
  request_count_total: Count.nullish(),
  prompt_tokens_total: Count.nullish(),
  cache_tokens_total: Count.nullish(),
  output_tokens_total: Count.nullish(),
})

export const lemonade: Connector = {
  id: 'lemonade',
  title: 'Lemonade Server',
  clientSetting: 'OPENAI_BASE_URL=http://127.0.0.1:{port}/api/v1',
  unloadsBy: 'api',
  async identify(ask) {
    const health = await recogniseJson(ask, '/api/v1/health', Health)
    return health.ok ? ok(health.value === null ? null : open(ask)) : health
  },
}

function open(ask: Ask): OpenServer {
  let upstreams: readonly string[] = []
  return {
    async poll() {
      const health = await askJson(ask, '/api/v1/health', Health)
      if (!health.ok) return health
      const stats = await askJson(ask, '/api/v1/stats', Stats)
      if (!stats.ok) return stats
      upstreams = health.value.all_models_loaded.flatMap((one) => originOf(one.backend_url) ?? [])
      const models = health.value.all_models_loaded.map(modelOf)
      const { request_count_total, prompt_tokens_total, cache_tokens_total, output_tokens_total } = stats.value
      const isCounting = output_tokens_total != null
      return ok({
        ...NOTHING_TOLD,
        version: health.value.version ?? null,
        models,
        inFlight: models.reduce((sum, one) => sum + (one.inFlight ?? 0), 0),
        totals: isCounting
          ? [
              outputTotals(null, {
                promptTokens: prompt_tokens_total ?? null,
                cachedTokens: cache_tokens_total ?? null,
                outputTokens: output_tokens_total,
                requests: request_count_total ?? null,
              }),
            ]
          : [],
        counts: isCounting ? 'server' : 'proxyOnly',
        limits: isCounting ? null : OLD_VERSION,
      })
    },
    unload: (model) => askToUnload(ask, '/api/v1/unload', { model_name: model.id }),
    upstreams: () => upstreams,
  }
}

function modelOf(told: z.infer<typeof Loaded>): LoadedModel {
  return loadedModel(told.model_name, {
    quantisation: quantisationInName(told.checkpoint ?? told.model_name),
    device: deviceOf(told.device),
    contextTokens: told.recipe_options?.ctx_size ?? null,
    pids: told.pid == null ? [] : [told.pid],
    // It says that it is busy, not with how many: at least one.
    inFlight: told.is_busy == null ? null : told.is_busy ? 1 : 0,
  })
}

function deviceOf(told: string | null | undefined): LoadedModel['device'] {
  const devices = (told ?? '').toLowerCase().split(/[^a-z]+/)
  const known = (['cpu', 'gpu', 'npu'] as const).filter((one) => devices.includes(one))
  return known.length > 1 ? 'mixed' : (known[0] ?? null)
}

/** Spelled as the table of sockets gives it. */
function originOf(url: string | null | undefined): string | null {
  if (url == null || !URL.canParse(url) || !/^https?:/.test(url)) return null
  return new URL(url.replace('//localhost', '//127.0.0.1')).origin
}

const OLD_VERSION = problem(
  'oldVersion',
  'This version of Lemonade tells only the newest request, and counts nothing. Newer ones do.',
  { kind: 'command', argv: ['pip', 'install', '--upgrade', 'lemonade-sdk'], asRoot: false },
)
