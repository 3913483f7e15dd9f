import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer } from './connector.ts'
import { askJson, Count, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD } from './server-words.ts'

/** GET /models: what it holds, all from its start (michaelfeil/infinity). `results_pending` counts texts, not requests. */
const Models = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      owned_by: z.literal('infinity'),
      device: z.string().nullish(),
      dtype: z.string().nullish(),
      stats: z.object({ queue_absolute: Count.nullish(), results_pending: Count.nullish() }).nullish(),
    }),
  ),
})
type Told = z.infer<typeof Models>['data'][number]

export const infinity: Connector = {
  id: 'infinity',
  title: 'Infinity',
  clientSetting: 'OPENAI_BASE_URL=http://127.0.0.1:{port}',
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const models = await recogniseJson(ask, '/models', Models)
    return models.ok ? ok(models.value === null || models.value.data.length === 0 ? null : open(ask)) : models
  },
}

function open(ask: Ask): OpenServer {
  return {
    async poll() {
      const told = await askJson(ask, '/models', Models)
      if (!told.ok) return told
      const { data } = told.value
      return ok({
        ...NOTHING_TOLD,
        models: data.map((one) =>
          loadedModel(one.id, { device: deviceOf(one), inFlight: one.stats?.results_pending ?? null }),
        ),
        inFlight: sumOf(data, (one) => one.stats?.results_pending),
        waiting: sumOf(data, (one) => one.stats?.queue_absolute),
      })
    },
    unload: null,
  }
}

function deviceOf({ device }: Told): LoadedModel['device'] {
  if (device == null) return null
  return device.startsWith('cpu') ? 'cpu' : /^(cuda|mps|rocm|xpu)/.test(device) ? 'gpu' : null
}

function sumOf(models: readonly Told[], figure: (one: Told) => number | null | undefined): number | null {
  let sum = 0
  for (const one of models) {
    const value = figure(one)
    if (value == null) return null
    sum += value
  }
  return sum
}
