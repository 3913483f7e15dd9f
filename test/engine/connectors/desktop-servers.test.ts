import { describe, expect, test } from 'vitest'
import { lmstudio } from '../../../engine/connectors/lmstudio.ts'
import { localai } from '../../../engine/connectors/localai.ts'
import { ollama } from '../../../engine/connectors/ollama.ts'
import { tabbyapi } from '../../../engine/connectors/tabbyapi.ts'
import { tgw } from '../../../engine/connectors/tgw.ts'
import { fixture, type Route, routedAsk } from '../../support/server-double.ts'
import { opened } from './opened.ts'

describe('Ollama', () => {
  const served = (ps: string, version = fixture('ollama/version.json')): Record<string, Route> => ({
    'GET /': fixture('ollama/root.txt'),
    'GET /api/version': version,
    'GET /api/ps': ps,
  })

  test('says how much of a model is on the device, and when it lets go', async () => {
    const { look } = await opened(ollama, served(fixture('ollama/ps.json')))
    expect(await look()).toMatchObject({
      version: '0.21.2',
      counts: 'proxyOnly',
      totals: [],
      inFlight: null,
      models: [
        {
          name: 'llama3.2:latest',
          family: 'llama',
          parameters: 3_200_000_000,
          quantisation: 'Q4_K_M',
          memoryBytes: 3_500_000_000,
          deviceBytes: 3_500_000_000,
          device: 'gpu',
          contextTokens: 8_192,
          expiresMs: null,
        },
        { name: 'deepseek-r1:latest', device: 'mixed', expiresMs: Date.parse('2026-05-11T09:35:12.531Z') },
      ],
    })
  })

  test('the version of 2024 tells no context', async () => {
    const { look } = await opened(ollama, served(fixture('ollama/ps-old.json')))
    expect((await look()).models).toMatchObject([{ name: 'mistral:latest', contextTokens: null, quantisation: 'Q4_0' }])
  })

  test('a cloud model takes nothing here, and sizes that could not be read are not 0', async () => {
    const ps = {
      models: [
        { name: 'gpt-oss:120b-cloud', size: 384, size_vram: 0, expires_at: '0001-01-01T00:00:00Z' },
        {
          name: 'a',
          size: 0,
          size_vram: 0,
          details: { family: '', parameter_size: 'unknown', quantization_level: 'unknown' },
        },
        { name: 'b', size: 10, size_vram: 0 },
      ],
    }
    const { look } = await opened(ollama, served(JSON.stringify(ps)))
    expect((await look()).models).toMatchObject([
      { isRemote: true, memoryBytes: null, deviceBytes: null, device: null, expiresMs: null },
      { isRemote: false, memoryBytes: null, device: null, family: null, parameters: null, quantisation: null },
      { memoryBytes: 10, deviceBytes: 0, device: 'cpu' },
    ])
  })

  test.each([
    ['names alone', served('{"models":["whisper-1"]}')],
    ['no size on the device', served('{"models":[{"name":"ai/smollm2","size":1}]}')],
    ['a commit in its version', served('{"models":[]}', fixture('llama-swap/version.json'))],
    ['another greeting', { ...served('{"models":[]}'), 'GET /': 'Docker Model Runner is running' }],
  ])('a server that answers in its dialect is not it: %s', async (_what, routes) => {
    expect(await ollama.identify(routedAsk(routes))).toEqual({ ok: true, value: null })
  })
})

describe('LM Studio', () => {
  test('tells instances that are loaded, of all that are on disk', async () => {
    const { look } = await opened(lmstudio, { 'GET /api/v1/models': fixture('lmstudio/api-v1-models.json') })
    expect(await look()).toMatchObject({
      counts: 'proxyOnly',
      models: [
        {
          id: 'google/gemma-4-26b-a4b',
          family: 'gemma4',
          parameters: 26_000_000_000,
          quantisation: 'Q4_K_M',
          contextTokens: 4_096,
          memoryBytes: null,
        },
      ],
    })
  })

  test('before 0.4.0 it tells less, and cannot be asked to let go', async () => {
    const { look, open } = await opened(lmstudio, { 'GET /api/v0/models': fixture('lmstudio/api-v0-models.json') })
    expect((await look()).models).toMatchObject([
      { id: 'meta-llama-3.1-8b-instruct', family: 'llama', quantisation: 'Q4_K_M', contextTokens: 4_096 },
    ])
    expect(open.unload).toBeNull()
  })

  test('is known without any model on disk, where both of its lists are empty', async () => {
    const none = { 'GET /api/v1/models': '{"models":[]}', 'GET /api/v0/models': '{"object":"list","data":[]}' }
    const { look } = await opened(lmstudio, none)
    expect((await look()).models).toEqual([])
    for (const path of Object.keys(none) as (keyof typeof none)[])
      expect(await lmstudio.identify(routedAsk({ [path]: none[path] }))).toEqual({ ok: true, value: null })
  })
})

describe('LocalAI', () => {
  const served = (metrics: Route): Record<string, Route> => ({
    'GET /.well-known/localai.json': fixture('localai/well-known.json'),
    'GET /system': fixture('localai/system.json'),
    'GET /metrics': metrics,
  })

  test('counts tokens by model over all of its users', async () => {
    const { look } = await opened(localai, served(fixture('localai/metrics-tokens.txt')))
    expect(await look()).toMatchObject({
      version: 'v4.1.0 (82c191a)',
      models: [{ id: 'qwen3-8b' }],
      totals: [{ model: 'qwen3-8b', promptTokens: 5_000, outputTokens: 1_000, requests: 14, provenance: 'exact' }],
      counts: 'server',
    })
  })

  test('answers that it could not bill make its totals a lower bound', async () => {
    const unrecorded = 'localai_usage_unrecorded_total{endpoint="/v1/chat/completions",reason="parse_failed"} 2\n'
    const { look } = await opened(localai, served(fixture('localai/metrics-tokens.txt') + unrecorded))
    expect((await look()).totals).toMatchObject([{ provenance: 'estimate' }])
  })

  test('without counters, or without the right to see them, only the metering proxy counts', async () => {
    const routes = served(fixture('localai/metrics.txt'))
    const { look } = await opened(localai, routes)
    expect(await look()).toMatchObject({ counts: 'proxyOnly', totals: [], limits: null })
    routes['GET /metrics'] = { status: 403, body: '{}' }
    expect(await look()).toMatchObject({ counts: 'proxyOnly', limits: { code: 'keyNeeded' } })
  })
})

describe('text-generation-webui and TabbyAPI', () => {
  test('text-generation-webui names its model, or none', async () => {
    const routes: Record<string, Route> = {
      'GET /v1/internal/model/info': fixture('text-generation-webui/model-info.json'),
    }
    const { look } = await opened(tgw, routes)
    expect(await look()).toMatchObject({
      counts: 'proxyOnly',
      models: [{ id: 'Qwen3-8B-Q4_K_M.gguf', name: 'Qwen3-8B-Q4_K_M', quantisation: 'Q4_K_M' }],
    })
    routes['GET /v1/internal/model/info'] = fixture('text-generation-webui/model-info-none.json')
    expect((await look()).models).toEqual([])
  })

  test('TabbyAPI names its model with the bits of its folder, or none', async () => {
    const routes: Record<string, Route> = {
      'GET /.well-known/serviceinfo': fixture('tabbyapi/serviceinfo.json'),
      'GET /v1/model': fixture('tabbyapi/model.json'),
    }
    const { look } = await opened(tabbyapi, routes)
    expect(await look()).toMatchObject({
      counts: 'proxyOnly',
      models: [{ id: 'Qwen3-8B-exl3-4.0bpw', contextTokens: 32_768 }],
    })
    routes['GET /v1/model'] = { status: 503, body: '{"detail":"No models are currently loaded."}' }
    expect((await look()).models).toEqual([])
  })
})
