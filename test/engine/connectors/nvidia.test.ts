import { expect, test } from 'vitest'
import { nim } from '../../../engine/connectors/nim.ts'
import { triton } from '../../../engine/connectors/triton.ts'
import { fixture } from '../../support/server-double.ts'
import { opened, reported } from './ask.ts'

test('Triton tells requests by model on one port, summed over versions', async () => {
  const open = await opened(triton, {
    'GET /v2': fixture('triton/v2.json'),
    'GET /v2/models/stats': fixture('triton/models-stats.json'),
  })
  expect(await reported(open)).toMatchObject({
    version: '2.63.0',
    models: [{ id: 'resnet' }],
    totals: [{ model: 'resnet', requests: 432, failedRequests: 2, outputTokens: null }],
    energy: [],
  })
})

test('Triton tells energy and tokens on its port for metrics, and no request a second time', async () => {
  const open = await opened(triton, { 'GET /metrics': fixture('triton/metrics-vllm.txt') })
  expect(await reported(open)).toMatchObject({
    models: [],
    inFlight: 2,
    waiting: 3,
    totals: [{ model: 'qwen', promptTokens: 1_000, outputTokens: 240, requests: null }],
    energy: [
      { device: 'GPU-340cec52-80ba-c0df-8511-5f9680aae0ed', totalMj: 51_234_567 },
      { device: 'GPU-5d3c1ab0-0000-0000-0000-000000000001', totalMj: 100_000 },
    ],
  })
})

test.each([
  ['without a prefix', 'nim/metrics.txt', [{ device: '0', totalMj: 12_345_500 }]],
  ["with vLLM's prefix", 'nim/metrics-2.txt', []],
])('NIM counts as vLLM does, %s', async (_name, metrics, energy) => {
  const open = await opened(nim, {
    'GET /v1/metadata': fixture('nim/metadata.json'),
    'GET /v1/models': fixture('nim/v1-models.json'),
    'GET /v1/metrics': fixture(metrics),
  })
  expect(await reported(open)).toMatchObject({
    version: '1.13.1',
    models: [{ id: 'meta/llama-3.1-8b-instruct', contextTokens: 131_072 }],
    inFlight: 1,
    waiting: 0,
    totals: [{ model: 'meta/llama-3.1-8b-instruct', promptTokens: 4_096, outputTokens: 512, requests: 7 }],
    counts: 'server',
    energy,
  })
})
