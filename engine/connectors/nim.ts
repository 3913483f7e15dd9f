import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { askJson, askMetrics, Count, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'
import { totalsByLabel } from './totals-by-label.ts'

/** GET /v1/metadata, which only NIM has (docs.nvidia.com/nim). */
const Metadata = z.object({ version: z.string().nullish(), modelInfo: z.array(z.unknown()) })
const Models = z.object({ data: z.array(z.object({ id: z.string().min(1), max_model_len: Count.nullish() })) })

/** vLLM's names, with its prefix in some releases and without in others (docs.nvidia.com/nim, "Observability"). */
const named = (...names: readonly string[]) => names.flatMap((name) => [`vllm:${name}`, name])
const COUNTERS = {
  prompt: named('prompt_tokens_total'),
  output: named('generation_tokens_total'),
  requests: named('request_success_total', 'request_finish_total'),
}
const RUNNING = named('num_requests_running')
const WAITING = named('num_requests_waiting')
const ENERGY = 'gpu_total_energy_consumption_joules'
const NAMES = [...Object.values(COUNTERS).flat(), ...RUNNING, ...WAITING, ENERGY]

export const nim: Connector = {
  id: 'nim',
  title: 'NVIDIA NIM',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const metadata = await recogniseJson(ask, '/v1/metadata', Metadata)
    return metadata.ok ? ok(metadata.value === null ? null : open(ask, metadata.value.version ?? null)) : metadata
  },
}

function open(ask: Ask, version: string | null): OpenServer {
  return {
    async poll() {
      const listed = await askJson(ask, '/v1/models', Models)
      if (!listed.ok) return listed
      const metrics = await askMetrics(ask, '/v1/metrics', NAMES)
      if (!metrics.ok) return metrics
      const totals = totalsByLabel(metrics.value, 'model_name', COUNTERS)
      return ok({
        ...NOTHING_TOLD,
        version,
        models: listed.value.data.map((one) =>
          loadedModel(one.id, { contextTokens: one.max_model_len ?? null, quantisation: quantisationInName(one.id) }),
        ),
        inFlight: metrics.value.sum(RUNNING),
        waiting: metrics.value.sum(WAITING),
        totals,
        counts: totals.length > 0 ? 'server' : 'proxyOnly',
        energy: metrics.value.series(ENERGY).map(({ labels, value }) => ({
          device: [...labels.values()].join(' ') || 'gpu',
          totalMj: Math.round(value * 1_000),
        })),
      })
    },
    unload: null,
  }
}
