import { z } from 'zod'

/** GET /v1/models as OpenAI has it: what may be asked for. Only some servers list there what they hold in memory, and nothing else. */
export const OpenaiModels = z.object({
  object: z.literal('list').nullish(),
  data: z.array(z.object({ id: z.string().min(1), owned_by: z.string().nullish() })),
})
