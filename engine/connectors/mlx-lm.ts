import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askJson, parsedJson, recogniseJson } from './json-answer.ts'
import { NOTHING_TOLD, OPENAI_CLIENT_SETTING } from './server-words.ts'

const Health = z.strictObject({ status: z.literal('ok') })
const Listed = z.object({
  object: z.literal('list'),
  data: z.array(z.object({ id: z.string(), owned_by: z.undefined().optional() })),
})

/**
 * Python's own HTTP server, a bare /health, and models that nobody owns: together, only mlx_lm.server (mlx_lm/server.py). Its /v1/models looks
 * through the files that were ever downloaded, and says nothing of what is in memory; it is asked once.
 */
export const mlxLm: Connector = {
  id: 'mlx-lm',
  title: 'MLX LM',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const listed = await ask('/v1/models')
    if (!listed.ok) return listed.code === 'foreign' ? ok(null) : listed
    const { status, headers } = listed.value
    if (status !== 200 || headers.server?.startsWith('BaseHTTP/') !== true) return ok(null)
    if (!parsedJson(listed.value, Listed).ok) return ok(null)
    const health = await recogniseJson(ask, '/health', Health)
    return health.ok ? ok(health.value === null ? null : open(ask)) : health
  },
}

function open(ask: Ask): OpenServer {
  return {
    async poll() {
      const health = await askJson(ask, '/health', Health)
      return health.ok ? ok(NOTHING_TOLD) : health
    },
    unload: null,
  }
}
