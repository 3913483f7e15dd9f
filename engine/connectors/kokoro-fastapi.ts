import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askJson, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING } from './server-words.ts'

/** GET /v1/models: names under which its one model is asked for; the model is loaded when it starts (remsky/Kokoro-FastAPI). */
const Models = z.object({ data: z.array(z.object({ id: z.string(), owned_by: z.literal('kokoro') })).min(1) })
const Health = z.object({ status: z.literal('healthy') })

/**
 * Its development route /dev/unload is left alone: the next request loads the model again, and nothing tells whether it is there, so that
 * "unloaded" would stand here for ever.
 */
export const kokoroFastapi: Connector = {
  id: 'kokoro-fastapi',
  title: 'Kokoro-FastAPI',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const models = await recogniseJson(ask, '/v1/models', Models)
    return models.ok ? ok(models.value === null ? null : open(ask)) : models
  },
}

function open(ask: Ask): OpenServer {
  return {
    async poll() {
      const health = await askJson(ask, '/health', Health)
      return health.ok ? ok({ ...NOTHING_TOLD, models: [loadedModel('kokoro')] }) : health
    },
    unload: null,
  }
}
