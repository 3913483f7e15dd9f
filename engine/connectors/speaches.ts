import { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer, ServerFault } from './connector.ts'
import { askJson, askWell, parsedJson, recogniseJson, wantsKey } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING } from './server-words.ts'

/** GET /api/ps: names alone, where Ollama has objects (speaches-ai/speaches, before that faster-whisper-server). */
const Loaded = z.object({ models: z.array(z.string().min(1)) })
const Health = z.strictObject({ message: z.literal('OK') })

export const speaches: Connector = {
  id: 'speaches',
  title: 'Speaches',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'api',
  async identify(ask) {
    const loaded = await ask('/api/ps')
    if (!loaded.ok) return loaded.code === 'foreign' ? ok(null) : loaded
    const isDenied = loaded.value.status === 401 || loaded.value.status === 403
    if (!isDenied && !(loaded.value.status === 200 && parsedJson(loaded.value, Loaded).ok)) return ok(null)
    // Without models, the list looks like Ollama's.
    const health = await recogniseJson(ask, '/health', Health)
    if (!health.ok) return health
    if (health.value === null) return ok(null)
    return isDenied ? wantsKey() : ok(open(ask))
  },
}

function open(ask: Ask): OpenServer {
  return {
    async poll() {
      const loaded = await askJson(ask, '/api/ps', Loaded)
      return loaded.ok
        ? ok({ ...NOTHING_TOLD, models: Array.from(new Set(loaded.value.models), (id) => loadedModel(id)) })
        : loaded
    },
    async unload(model): Promise<Result<null, ServerFault>> {
      const path = model.id.split('/').map(encodeURIComponent).join('/')
      const answer = await askWell(ask, `/api/ps/${path}`, { method: 'DELETE' })
      return answer.ok ? ok(null) : answer
    },
  }
}
