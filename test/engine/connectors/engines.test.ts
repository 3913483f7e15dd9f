import { describe, expect, test } from 'vitest'
import { sglang } from '../../../engine/connectors/sglang.ts'
import { tei } from '../../../engine/connectors/tei.ts'
import { tgi } from '../../../engine/connectors/tgi.ts'
import { vllm } from '../../../engine/connectors/vllm.ts'
import { OutputRises } from '../../../engine/servers/output-rises.ts'
import { fixture, type Route } from '../../support/server-double.ts'
import { opened } from './opened.ts'

describe('vLLM', () => {
  const served = (more: Record<string, Route> = {}): Record<string, Route> => ({
    'GET /version': fixture('vllm/version.json'),
    'GET /v1/models': fixture('vllm/v1-models.json'),
    'GET /metrics': fixture('vllm/metrics-1.txt'),
    ...more,
  })

  test('names its model and adapters, and sums its counters; the histogram with a counter’s name is none', async () => {
    const { look } = await opened(vllm, served())
    expect(await look()).toMatchObject({
      version: '0.18.1',
      models: [
        { id: 'Qwen/Qwen3-8B', contextTokens: 40_960 },
        { id: 'sql-lora', contextTokens: null },
      ],
      inFlight: 2,
      waiting: 1,
      totals: [
        {
          model: 'Qwen/Qwen3-8B',
          promptTokens: 120_000,
          cachedTokens: 30_000,
          outputTokens: 45_000,
          requests: 325,
          failedRequests: null,
          provenance: 'exact',
        },
      ],
      counts: 'server',
      limits: null,
    })
  })

  test('ten seconds later: 4,096 tokens of prompts, half of them reused, 640 tokens and 3 requests', async () => {
    const routes = served()
    const { look } = await opened(vllm, routes)
    const rises = new OutputRises()
    rises.take(await look())
    routes['GET /metrics'] = fixture('vllm/metrics-2.txt')
    expect(rises.take(await look())).toMatchObject([
      { promptTokens: 4_096, cachedTokens: 2_048, outputTokens: 640, requests: 3, failedRequests: null },
    ])
  })

  test('several engines are one server', async () => {
    const { look } = await opened(vllm, served({ 'GET /metrics': fixture('vllm/metrics-dp2.txt') }))
    expect(await look()).toMatchObject({
      inFlight: 7,
      totals: [{ model: 'm', outputTokens: 3_000, promptTokens: null }],
    })
  })

  test('hits of the prefix cache stand for nothing, and a start of the process is a new life', async () => {
    const { look } = await opened(vllm, served({ 'GET /metrics': fixture('vllm/metrics-old.txt') }))
    expect(await look()).toMatchObject({
      life: '1778491800.45',
      totals: [{ promptTokens: 1_024, cachedTokens: null, outputTokens: 256, requests: null }],
    })
  })

  test('one model under two names is held once', async () => {
    const model = { owned_by: 'vllm', root: '/models/Qwen3-8B-AWQ', parent: null, max_model_len: 4_096 }
    const models = JSON.stringify({ data: ['qwen', 'gpt-4'].map((id) => ({ ...model, id })) })
    const { look } = await opened(vllm, served({ 'GET /v1/models': models }))
    expect((await look()).models).toMatchObject([{ id: 'qwen', quantisation: 'AWQ' }])
  })

  test.each([
    ['its metrics hold none of its own', '# TYPE python_info gauge\npython_info 1.0\n'],
    ['it has no metrics', { status: 404, body: '{"detail":"Not Found"}' }],
  ])('with its statistics switched off it says how to switch them on: %s', async (_how, metrics) => {
    const { look } = await opened(vllm, served({ 'GET /metrics': metrics }))
    expect(await look()).toMatchObject({
      counts: 'off',
      totals: [],
      inFlight: null,
      limits: { code: 'metricsOff', remedy: { note: 'Start vLLM without --disable-log-stats.' } },
    })
  })
})

test('counters that fail once are not switched off: their whole past is no rise afterwards', async () => {
  const routes: Record<string, Route> = {
    'GET /version': fixture('vllm/version.json'),
    'GET /v1/models': fixture('vllm/v1-models.json'),
    'GET /metrics': fixture('vllm/metrics-1.txt'),
  }
  const { look, open } = await opened(vllm, routes)
  const rises = new OutputRises()
  rises.take(await look())
  routes['GET /metrics'] = { status: 404, body: 'restarting' }
  expect(await open.poll()).toMatchObject({ ok: false, code: 'broken' })
  routes['GET /metrics'] = fixture('vllm/metrics-1.txt')
  expect(rises.take(await look())).toEqual([])
})

describe('SGLang', () => {
  const served = (more: Record<string, Route> = {}): Record<string, Route> => ({
    'GET /get_model_info': fixture('sglang/get_model_info.json'),
    'GET /get_server_info': fixture('sglang/get_server_info.json'),
    'GET /metrics': fixture('sglang/metrics.txt'),
    ...more,
  })

  test('tells its counters, and keeps nothing of its start options that it was not asked for', async () => {
    const { look } = await opened(sglang, served())
    const report = await look()
    expect(report).toMatchObject({
      version: '0.5.6',
      models: [{ id: 'Qwen/Qwen3-8B' }],
      inFlight: 2,
      waiting: 0,
      totals: [
        {
          model: 'Qwen/Qwen3-8B',
          promptTokens: 1_282_888,
          cachedTokens: 410_000,
          outputTokens: 337_210,
          requests: 3_372,
        },
      ],
      counts: 'server',
    })
    expect(JSON.stringify(report)).not.toContain('REDACT-ME')
  })

  test('ranks of one copy tell the same requests, copies their own', async () => {
    const gauge = (dp: number, tp: number, value: number) =>
      `sglang:num_running_reqs{dp_rank="${dp}",tp_rank="${tp}"} ${value}\n`
    const metrics = gauge(0, 0, 3) + gauge(0, 1, 3) + gauge(1, 0, 4) + gauge(1, 1, 4)
    const { look } = await opened(sglang, served({ 'GET /metrics': metrics }))
    expect((await look()).inFlight).toBe(7)
  })

  test('without --enable-metrics it says so', async () => {
    const { look } = await opened(sglang, served({ 'GET /metrics': { status: 404, body: 'Not Found' } }))
    expect(await look()).toMatchObject({
      counts: 'off',
      models: [{ name: 'Qwen/Qwen3-8B' }],
      limits: { remedy: { note: 'Start SGLang with --enable-metrics.' } },
    })
  })
})

describe('Text Generation Inference and Text Embeddings Inference', () => {
  test('TGI’s tokens are the sums of its histograms', async () => {
    const { look } = await opened(tgi, {
      'GET /info': fixture('tgi/info.json'),
      'GET /metrics': fixture('tgi/metrics.txt'),
    })
    expect(await look()).toMatchObject({
      version: '3.3.6',
      models: [{ id: 'HuggingFaceH4/zephyr-7b-beta', contextTokens: 2_048 }],
      inFlight: 1,
      waiting: 0,
      totals: [
        {
          promptTokens: 40_210,
          outputTokens: 15_210,
          requests: 120,
          failedRequests: 3,
          busyMs: null,
          cachedTokens: null,
        },
      ],
    })
  })

  test('TEI takes tokens and gives none', async () => {
    const { look } = await opened(tei, {
      'GET /info': fixture('tei/info.json'),
      'GET /metrics': fixture('tei/metrics.txt'),
    })
    expect(await look()).toMatchObject({
      version: '1.9.0',
      models: [{ id: 'thenlper/gte-base', quantisation: 'float16', contextTokens: 512 }],
      inFlight: null,
      waiting: 0,
      totals: [{ promptTokens: 20_480, outputTokens: null, requests: 40, failedRequests: null }],
    })
  })
})
