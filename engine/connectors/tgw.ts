import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askJson, askToUnload, recogniseJson } from './json-answer.ts'
import { fileTitle, loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'

const Loaded = z.object({
  model_name: z.string().nullable(),
  lora_names: z.array(z.string()),
  loader: z.string().nullish(),
})

/** text-generation-webui (oobabooga/text-generation-webui 1dcde41d): it keeps no totals. Its own window is another port without this API. */
export const tgw: Connector = {
  id: 'tgw',
  title: 'Text generation web UI',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'api',
  async identify(ask) {
    const loaded = await recogniseJson(ask, '/v1/internal/model/info', Loaded)
    if (!loaded.ok || loaded.value === null) return loaded.ok ? ok(null) : loaded
    return ok(open(ask))
  },
}

function open(ask: Ask): OpenServer {
  return {
    unload: () => askToUnload(ask, '/v1/internal/model/unload', {}),
    async poll() {
      const loaded = await askJson(ask, '/v1/internal/model/info', Loaded)
      if (!loaded.ok) return loaded
      const { model_name } = loaded.value
      const isLoaded = model_name !== null && model_name !== '' && model_name !== 'None'
      return ok({
        ...NOTHING_TOLD,
        models: isLoaded
          ? [loadedModel(model_name, { name: fileTitle(model_name), quantisation: quantisationInName(model_name) })]
          : [],
      })
    },
  }
}
