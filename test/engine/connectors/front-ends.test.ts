import { describe, expect, test } from 'vitest'
import { dockerModelRunner } from '../../../engine/connectors/docker-model-runner.ts'
import { infinity } from '../../../engine/connectors/infinity.ts'
import { jan } from '../../../engine/connectors/jan.ts'
import { lemonade } from '../../../engine/connectors/lemonade.ts'
import { litellm } from '../../../engine/connectors/litellm.ts'
import { mlxLm } from '../../../engine/connectors/mlx-lm.ts'
import { openaiCompatible } from '../../../engine/connectors/openai-compatible.ts'
import { OutputRises } from '../../../engine/servers/output-rises.ts'
import { otherServerTrials } from '../../conformance/other-server-trials.ts'
import { fixture, type Route } from '../../support/server-double.ts'
import { opened, reported } from './ask.ts'

const answersOf = (id: string, version: string): Record<string, Route> =>
  otherServerTrials[id]?.versions[version]?.() ?? {}

describe('Docker Model Runner', () => {
  test('counts by model, whichever engine runs it', async () => {
    const report = await reported(await opened(dockerModelRunner, answersOf('docker-model-runner', 'of 2026')))
    expect(report).toMatchObject({ version: 'v1.1.0', inFlight: 2, waiting: 1, counts: 'server', limits: null })
    expect(report.models).toMatchObject([{ id: 'ai/qwen3:8B-Q4_K_M', quantisation: 'Q4_K_M', inFlight: 2 }])
    expect(report.totals).toMatchObject([
      { model: 'ai/qwen3:8B-Q4_K_M', promptTokens: 4_000, cachedTokens: 1_000, outputTokens: 1_204, requests: null },
      { model: 'ai/nomic-embed-text-v1.5', promptTokens: 512, outputTokens: 0 },
      { model: 'ai/smollm2-vllm', promptTokens: 700, outputTokens: 90, requests: 4 },
    ])
  })

  test('with metrics off says so, and in use is at least one request', async () => {
    const open = await opened(dockerModelRunner, answersOf('docker-model-runner', 'with metrics off'))
    expect(await reported(open)).toMatchObject({
      counts: 'off',
      limits: { code: 'metricsOff' },
      inFlight: 1,
      totals: [],
    })
  })

  test('ends a series with its runner, and a new runner begins at nothing', async () => {
    const answers = answersOf('docker-model-runner', 'of 2026')
    const open = await opened(dockerModelRunner, answers)
    const rises = new OutputRises()
    const metrics = (tokens: number | null) =>
      tokens === null ? '' : `llamacpp:tokens_predicted_total{model="ai/qwen3:8B-Q4_K_M"} ${tokens}\n`
    const risen: (number | null | undefined)[] = []
    for (const tokens of [1_204, 1_300, null, 40, 10]) {
      answers['GET /metrics'] = metrics(tokens)
      risen.push(rises.take(await reported(open))[0]?.outputTokens)
    }
    expect(risen).toEqual([undefined, 96, undefined, 40, undefined])
  })
})

describe('Lemonade', () => {
  test('names device and process of each model, and its totals are of all alike', async () => {
    const open = await opened(lemonade, answersOf('lemonade', '10.4.0'))
    expect(await reported(open)).toMatchObject({
      version: '10.4.0',
      inFlight: 1,
      models: [
        {
          id: 'Qwen3-8B-GGUF',
          quantisation: 'Q4_K_M',
          device: 'gpu',
          pids: [12_346],
          contextTokens: 8_192,
          inFlight: 1,
        },
        { id: 'Llama-3.2-1B-Instruct-Hybrid', device: 'mixed', pids: [12_345], contextTokens: 4_096, inFlight: 0 },
      ],
      totals: [{ model: null, promptTokens: 2_688, cachedTokens: 1_152, outputTokens: 60, requests: 12 }],
      counts: 'server',
    })
    expect(open.upstreams?.()).toEqual(['http://127.0.0.1:8002', 'http://127.0.0.1:8001'])
  })

  test('of before it counted leaves that to the meter', async () => {
    const open = await opened(lemonade, answersOf('lemonade', 'old'))
    expect(await reported(open)).toMatchObject({ counts: 'proxyOnly', totals: [], limits: { code: 'oldVersion' } })
  })
})

describe('Jan', () => {
  test('holds its running sessions, and no model of a cloud service', async () => {
    const open = await opened(jan, answersOf('jan', '0.7'))
    expect((await reported(open)).models).toMatchObject([
      { id: 'Jan-v3-4b-base-instruct-Q4_K_XL', quantisation: 'Q4_K_XL' },
    ])
  })

  test('unloads where its description has the path', async () => {
    expect((await opened(jan, answersOf('jan', '0.6'))).unload).toBeNull()
  })
})

test('what servers only offer is not held: MLX LM, LiteLLM, any server with several models', async () => {
  const offered = [
    await opened(mlxLm, answersOf('mlx-lm', 'of 2026')),
    await opened(litellm, answersOf('litellm', 'of 2026')),
    await opened(openaiCompatible, answersOf('openai-compatible', 'of several')),
  ]
  for (const open of offered)
    expect(await reported(open)).toMatchObject({ models: [], totals: [], counts: 'proxyOnly' })
})

test('a server with OpenAI’s routes and one model holds that one', async () => {
  const open = await opened(openaiCompatible, answersOf('openai-compatible', 'of one model'))
  expect((await reported(open)).models).toMatchObject([{ id: 'Qwen3-8B-AWQ', quantisation: 'AWQ' }])
})

test('Infinity tells what it works on, and nothing where one of its models does not', async () => {
  const told = await reported(await opened(infinity, { 'GET /models': fixture('infinity/models.json') }))
  expect(told).toMatchObject({
    models: [{ id: 'michaelfeil/bge-small-en-v1.5', inFlight: 0 }],
    inFlight: 0,
    waiting: 0,
  })
  const untold = await reported(await opened(infinity, answersOf('infinity', 'without statistics')))
  expect(untold).toMatchObject({ models: [{ device: 'gpu', inFlight: null }], inFlight: null, waiting: null })
})
