import { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer, ServerFault } from './connector.ts'
import { askJson, askToUnload, Count, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, parametersOf } from './server-words.ts'

/** GET /api/v1/models, since 0.4.0. The size that it tells is the file's, not the memory that it takes. */
const Models = z.object({
  models: z.array(
    z.object({
      key: z.string().min(1),
      architecture: z.string().nullish(),
      quantization: z.object({ name: z.string().nullish() }).nullish(),
      params_string: z.string().nullish(),
      loaded_instances: z.array(
        z.object({ id: z.string().min(1), config: z.object({ context_length: Count.nullish() }).nullish() }),
      ),
    }),
  ),
})

/** GET /api/v0/models, since 0.3.6 and still served. Lemonade answers there too, without a `state`. */
const OldModels = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      id: z.string().min(1),
      state: z.enum(['loaded', 'not-loaded']),
      arch: z.string().nullish(),
      quantization: z.string().nullish(),
      loaded_context_length: Count.nullish(),
    }),
  ),
})

/**
 * LM Studio's server (lmstudio-ai/docs). It keeps no totals, and what is written in its own window never comes through it. /v1/models names
 * models that are not loaded as well, so it is not asked.
 */
export const lmstudio: Connector = {
  id: 'lmstudio',
  title: 'LM Studio',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'api',
  async identify(ask) {
    const models = await recogniseJson(ask, '/api/v1/models', Models)
    if (!models.ok) return models
    if (models.value !== null && models.value.models.length > 0) return ok(open(ask))
    const old = await recogniseJson(ask, '/api/v0/models', OldModels)
    if (!old.ok || old.value === null) return old.ok ? ok(null) : old
    // An empty list says little; that both answer with one is nobody else's way.
    if (models.value !== null) return ok(open(ask))
    return ok(old.value.data.length > 0 ? openOld(ask) : null)
  },
}

function open(ask: Ask): OpenServer {
  return {
    poll: () => reported(askLoaded(ask)),
    unload: (model) => askToUnload(ask, '/api/v1/models/unload', { instance_id: model.id }),
  }
}

function openOld(ask: Ask): OpenServer {
  return { poll: () => reported(askOldLoaded(ask)), unload: null }
}

type Loaded = Promise<Result<LoadedModel[], ServerFault>>

async function reported(asked: Loaded) {
  const models = await asked
  return models.ok ? ok({ ...NOTHING_TOLD, models: models.value }) : models
}

async function askLoaded(ask: Ask): Loaded {
  const asked = await askJson(ask, '/api/v1/models', Models)
  if (!asked.ok) return asked
  return ok(
    asked.value.models.flatMap((model) =>
      model.loaded_instances.map(({ id, config }) =>
        loadedModel(id, {
          name: model.key,
          family: model.architecture ?? null,
          // "26B-A4B": 26 billion, of which 4 are at work at a time.
          parameters: parametersOf(model.params_string?.replace(/-A[\d.]+[MB]$/i, '')),
          quantisation: model.quantization?.name ?? null,
          contextTokens: config?.context_length ?? null,
        }),
      ),
    ),
  )
}

async function askOldLoaded(ask: Ask): Loaded {
  const asked = await askJson(ask, '/api/v0/models', OldModels)
  if (!asked.ok) return asked
  return ok(
    asked.value.data
      .filter(({ state }) => state === 'loaded')
      .map((model) =>
        loadedModel(model.id, {
          family: model.arch ?? null,
          quantisation: model.quantization ?? null,
          contextTokens: model.loaded_context_length ?? null,
        }),
      ),
  )
}
