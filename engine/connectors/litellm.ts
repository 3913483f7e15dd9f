import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askWell } from './json-answer.ts'
import { NOTHING_TOLD } from './server-words.ts'

/** Open without a key. Never `/health`: that one sends a request to every model, and loads it. */
const LIVELINESS = '/health/liveliness'

/**
 * LiteLLM passes requests on, to servers here and to services elsewhere, and computes nothing. Its counters hold both alike: what the servers
 * behind it count is counted there, and nothing here.
 */
export const litellm: Connector = {
  id: 'litellm',
  title: 'LiteLLM',
  clientSetting: 'OPENAI_BASE_URL=http://127.0.0.1:{port}',
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const answer = await ask(LIVELINESS)
    if (!answer.ok) return answer.code === 'foreign' ? ok(null) : answer
    const { status, body } = answer.value
    return ok(status === 200 && /^"?I'm alive!"?$/.test(body.trim()) ? open(ask) : null)
  },
}

function open(ask: Ask): OpenServer {
  return {
    async poll() {
      const answer = await askWell(ask, LIVELINESS)
      return answer.ok ? ok(NOTHING_TOLD) : answer
    },
    unload: null,
  }
}
