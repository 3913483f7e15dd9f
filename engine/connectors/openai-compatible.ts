import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askJson, parsedJson, wantsKey } from './json-answer.ts'
import { OpenaiModels } from './openai-models.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'

/**
 * Any server with OpenAI's routes. Only /v1/models is asked: what else such a server answers is its own matter, and a GET can have effects
 * (TensorRT-LLM's /metrics empties itself, LiteLLM's /health loads models).
 */
export const openaiCompatible: Connector = {
  id: 'openai-compatible',
  title: 'OpenAI-compatible server',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const answer = await ask('/v1/models')
    if (!answer.ok) return answer.code === 'foreign' ? ok(null) : answer
    const { status } = answer.value
    if (status === 401 || status === 403) return wantsKey()
    if (status !== 200) return ok(null)
    const listed = parsedJson(answer.value, OpenaiModels)
    if (!listed.ok) return ok(null)
    return ok(listed.value.object === 'list' || listed.value.data.length > 0 ? open(ask) : null)
  },
}

function open(ask: Ask): OpenServer {
  return {
    async poll() {
      const listed = await askJson(ask, '/v1/models', OpenaiModels)
      if (!listed.ok) return listed
      const [only, ...others] = listed.value.data
      // A list of several is what may be asked for; a server of one model holds that.
      const models = only === undefined || others.length > 0 ? [] : [only]
      return ok({
        ...NOTHING_TOLD,
        models: models.map(({ id }) => loadedModel(id, { quantisation: quantisationInName(id) })),
      })
    },
    unload: null,
  }
}
