import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askJson, askToUnload, recogniseJson } from './json-answer.ts'
import { OpenaiModels } from './openai-models.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'

/** GET /openapi.json, which Jan's server answers without a key; its paths say what this version can do (src-tauri/static/openapi.json). */
const Description = z.object({
  info: z.object({ title: z.string().startsWith('Jan API') }),
  paths: z.record(z.string(), z.unknown()),
})

export const jan: Connector = {
  id: 'jan',
  title: 'Jan',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'api',
  async identify(ask) {
    const told = await recogniseJson(ask, '/openapi.json', Description)
    if (!told.ok) return told
    return ok(told.value === null ? null : open(ask, '/models/unload' in told.value.paths))
  },
}

function open(ask: Ask, canUnload: boolean): OpenServer {
  return {
    async poll() {
      const listed = await askJson(ask, '/v1/models', OpenaiModels)
      if (!listed.ok) return listed
      // Running sessions are "user"'s; newer versions also list models of cloud services, under the service's name.
      const running = listed.value.data.filter((one) => one.owned_by === 'user')
      return ok({
        ...NOTHING_TOLD,
        models: running.map(({ id }) => loadedModel(id, { quantisation: quantisationInName(id) })),
      })
    },
    unload: canUnload ? (model) => askToUnload(ask, '/v1/models/unload', { model: model.id }) : null,
  }
}
