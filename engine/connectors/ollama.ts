import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer } from './connector.ts'
import { askJson, askToUnload, Count, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, parametersOf } from './server-words.ts'

/** What GET / answers; other servers answer some of its paths, but not with this and the two below together. */
const GREETING = 'Ollama is running'

/** llama-swap adds a `commit`, LocalAI writes a "v" before it. */
const Version = z.object({ version: z.string().regex(/^\d+\.\d+\.\d+/), commit: z.never().optional() })

/** GET /api/ps. Look-alikes leave `size_vram` out, or tell names alone. */
const Ps = z.object({
  models: z.array(
    z.object({
      name: z.string().min(1),
      size: Count,
      size_vram: Count,
      details: z
        .object({
          family: z.string().nullish(),
          parameter_size: z.string().nullish(),
          quantization_level: z.string().nullish(),
        })
        .nullish(),
      expires_at: z.string().nullish(),
      context_length: Count.nullish(),
      remote_host: z.string().nullish(),
    }),
  ),
})
type RunningModel = z.output<typeof Ps>['models'][number]

/** Read at ollama/ollama fb307609: server/routes.go, api/types.go. It keeps no totals: each answer alone carries its counts. */
export const ollama: Connector = {
  id: 'ollama',
  title: 'Ollama',
  clientSetting: 'OLLAMA_HOST=127.0.0.1:{port}',
  unloadsBy: 'api',
  async identify(ask) {
    const version = await recogniseJson(ask, '/api/version', Version)
    if (!version.ok || version.value === null) return version.ok ? ok(null) : version
    const greeting = await ask('/')
    if (!greeting.ok) return greeting.code === 'foreign' ? ok(null) : greeting
    if (greeting.value.body.trim() !== GREETING) return ok(null)
    const running = await recogniseJson(ask, '/api/ps', Ps)
    if (!running.ok || running.value === null) return running.ok ? ok(null) : running
    return ok(open(ask, version.value.version))
  },
}

function open(ask: Ask, version: string): OpenServer {
  return {
    async poll() {
      const running = await askJson(ask, '/api/ps', Ps)
      if (!running.ok) return running
      return ok({ ...NOTHING_TOLD, version, models: running.value.models.map(told) })
    },
    unload: (model) => askToUnload(ask, '/api/generate', { model: model.id, keep_alive: 0 }),
  }
}

function told(model: RunningModel): LoadedModel {
  const { details } = model
  const isRemote = (model.remote_host ?? '') !== '' || /[:-]cloud$/.test(model.name)
  // The sizes come from the runner's log; where its words changed, they read 0.
  const isSized = model.size > 0 && !isRemote
  return loadedModel(model.name, {
    family: known(details?.family),
    parameters: parametersOf(details?.parameter_size),
    quantisation: known(details?.quantization_level),
    memoryBytes: isSized ? model.size : null,
    deviceBytes: isSized ? model.size_vram : null,
    device: isSized ? deviceOf(model) : null,
    contextTokens: model.context_length || null,
    expiresMs: expiryOf(model.expires_at),
    isRemote,
  })
}

function deviceOf({ size, size_vram }: RunningModel): LoadedModel['device'] {
  if (size_vram === 0) return 'cpu'
  return size_vram >= size ? 'gpu' : 'mixed'
}

function known(word: string | null | undefined): string | null {
  return word === '' || word === 'unknown' ? null : (word ?? null)
}

/** `keep_alive: -1` shows as a time some 290 years ahead, none at all as the year 1. */
function expiryOf(text: string | null | undefined): number | null {
  const wallMs = Date.parse(text ?? '')
  return wallMs > 0 && wallMs < Date.UTC(2200, 0) ? wallMs : null
}
