import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askToUnload, Count, parsedJson, recogniseJson, statusFault } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'

const ServiceFacts = z.object({ software: z.object({ name: z.literal('TabbyAPI') }) })

const Model = z.object({
  id: z.string().min(1),
  parameters: z.object({ max_seq_len: Count.nullish() }).nullish(),
})

/** What it answers, with a bad status, while it holds no model. */
const NONE_LOADED = /no models? (?:is|are) currently loaded/i

/** TabbyAPI (theroyallab/tabbyAPI e632af41): it keeps no totals. It says who it is without a key, and wants one for everything else. */
export const tabbyapi: Connector = {
  id: 'tabbyapi',
  title: 'TabbyAPI',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'api',
  async identify(ask) {
    const facts = await recogniseJson(ask, '/.well-known/serviceinfo', ServiceFacts)
    if (!facts.ok || facts.value === null) return facts.ok ? ok(null) : facts
    return ok(open(ask))
  },
}

function open(ask: Ask): OpenServer {
  return {
    unload: () => askToUnload(ask, '/v1/model/unload', {}),
    async poll() {
      const answer = await ask('/v1/model')
      if (!answer.ok) return answer
      if (answer.value.status >= 400 && NONE_LOADED.test(answer.value.body)) return ok(NOTHING_TOLD)
      const fault = statusFault(answer.value, '/v1/model')
      if (fault !== null) return fault
      const model = parsedJson(answer.value, Model)
      if (!model.ok) return model
      const { id, parameters } = model.value
      return ok({
        ...NOTHING_TOLD,
        models: [
          loadedModel(id, { quantisation: quantisationInName(id), contextTokens: parameters?.max_seq_len ?? null }),
        ],
      })
    },
  }
}
