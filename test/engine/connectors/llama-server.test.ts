import { describe, expect, test } from 'vitest'
import { remedyText } from '../../../contract/result.ts'
import { llamaServer } from '../../../engine/connectors/llama-server.ts'
import { OutputRises } from '../../../engine/servers/output-rises.ts'
import { fixture, type Route, routedAsk } from '../../support/server-double.ts'
import { opened } from './opened.ts'

const metrics = (name: string, startedAt = '1'): Route => ({
  headers: { 'process-start-time-unix': startedAt },
  body: fixture(`llama-server/${name}.txt`),
})

const single = (more: Record<string, Route> = {}): Record<string, Route> => ({
  'GET /props': fixture('llama-server/props.json'),
  'GET /v1/models': fixture('llama-server/v1-models.json'),
  'GET /metrics': metrics('metrics-1'),
  ...more,
})

describe('llama-server with one model', () => {
  test('names its model, with the quantisation from the file, and what it works on', async () => {
    const { look } = await opened(llamaServer, single())
    expect(await look()).toMatchObject({
      version: 'b10519-947fd9bb',
      models: [
        {
          id: 'qwen3-8b',
          name: 'qwen3-8b',
          parameters: 8_190_735_360,
          quantisation: 'Q4_K_M',
          contextTokens: 8_192,
          memoryBytes: null,
          state: 'ready',
          inFlight: 1,
        },
      ],
      inFlight: 1,
      waiting: 0,
      counts: 'server',
      limits: null,
      life: '1',
    })
  })

  test('whole prompts are the computed and the reused part, and tokens arrive when a request ends', async () => {
    const routes = single()
    const { look } = await opened(llamaServer, routes)
    const rises = new OutputRises()
    const looks = []
    for (const name of ['metrics-1', 'metrics-2', 'metrics-3']) {
      routes['GET /metrics'] = metrics(name)
      looks.push(rises.take(await look()))
    }
    const rest = {
      model: 'qwen3-8b',
      provenance: 'exact',
      requests: null,
      failedRequests: null,
      images: null,
      audioMs: null,
    }
    expect(looks).toEqual([
      [],
      [{ ...rest, promptTokens: 1_024 + 512, cachedTokens: 512, outputTokens: 0 }],
      [{ ...rest, promptTokens: 0, cachedTokens: 0, outputTokens: 540 }],
    ])
    expect((await look()).totals[0]?.busyMs).toBe(312_000)
  })

  test('a start in between is a new life, and no output', async () => {
    const routes = single({ 'GET /metrics': metrics('metrics-3') })
    const { look } = await opened(llamaServer, routes)
    const rises = new OutputRises()
    rises.take(await look())
    routes['GET /metrics'] = metrics('metrics-restart', '2')
    const report = await look()
    expect(report.life).toBe('2')
    expect(rises.take(report)).toEqual([])
  })

  test('figures that are printed with six digits are estimates', async () => {
    const { look } = await opened(llamaServer, single({ 'GET /metrics': metrics('metrics-large') }))
    expect((await look()).totals).toMatchObject([
      { promptTokens: 32_145_700 + 9_876_540, outputTokens: 12_345_700, provenance: 'estimate' },
    ])
  })

  test('builds that do not count the reused part say nothing of whole prompts', async () => {
    const { look } = await opened(llamaServer, single({ 'GET /metrics': metrics('metrics-old') }))
    expect(await look()).toMatchObject({
      totals: [{ promptTokens: null, cachedTokens: null, outputTokens: 1_204, provenance: 'exact' }],
      limits: { code: 'oldVersion' },
    })
  })

  test.each([
    ['its properties say so', { 'GET /props': fixture('llama-server/props-no-metrics.json') }],
    [
      'it answers 501',
      { 'GET /metrics': { status: 501, body: fixture('llama-server/metrics-disabled-501.json') } as Route },
    ],
  ])('without --metrics it tells the way to switch them on: %s', async (_how, more) => {
    const { look } = await opened(llamaServer, single(more))
    await look()
    const report = await look()
    expect(report).toMatchObject({ counts: 'off', totals: [], inFlight: null, models: [{ name: 'qwen3-8b' }] })
    expect(report.limits?.remedy && remedyText(report.limits.remedy)).toBe('llama-server --metrics')
    expect(report.limits?.remedy?.note).toBe('Start llama-server with --metrics.')
  })

  test('a sleeping model stays asleep: its slots are never asked for', async () => {
    const { look, asked } = await opened(
      llamaServer,
      single({ 'GET /props': fixture('llama-server/props-sleeping.json'), 'GET /metrics': metrics('metrics-restart') }),
    )
    expect(await look()).toMatchObject({ models: [{ state: 'sleeping' }], inFlight: 0 })
    expect(new Set(asked)).toEqual(new Set(['GET /props', 'GET /metrics', 'GET /v1/models']))
  })

  test('while it works its long properties are not read again', async () => {
    const { look, asked } = await opened(llamaServer, single())
    await look()
    asked.length = 0
    await look()
    expect(asked).toEqual(['GET /metrics'])
  })

  test('a model without an alias is called by its file', async () => {
    const props = JSON.parse(fixture('llama-server/props.json'))
    const path = '/models/big/Qwen3-235B-Q4_K_M-00001-of-00003.gguf'
    const { look } = await opened(
      llamaServer,
      single({
        'GET /props': JSON.stringify({ ...props, model_alias: '', model_path: path }),
        'GET /v1/models': JSON.stringify({ data: [{ id: path, meta: null }] }),
      }),
    )
    expect((await look()).models).toMatchObject([{ id: path, name: 'Qwen3-235B-Q4_K_M', parameters: null }])
  })

  test('while it loads it is starting, and TabbyAPI’s likeness of it is not it', async () => {
    const loading = { status: 503, body: fixture('llama-server/health-loading-503.json') }
    expect(await llamaServer.identify(routedAsk({ 'GET /props': loading }))).toMatchObject({ code: 'starting' })
    expect(await llamaServer.identify(routedAsk({ 'GET /props': fixture('tabbyapi/props.json') }))).toEqual({
      ok: true,
      value: null,
    })
  })
})

describe('llama-server as a router', () => {
  const gemma = 'ggml-org%2Fgemma-3-4b-it-GGUF%3AQ4_K_M'
  const small = 'ggml-org%2Fsmall-GGUF%3AQ8_0'
  const router = (more: Record<string, Route> = {}): Record<string, Route> => ({
    'GET /props': fixture('llama-server/props-router.json'),
    'GET /models': fixture('llama-server/models-router.json'),
    [`GET /metrics?model=${gemma}&autoload=false`]: metrics('metrics-2'),
    [`GET /metrics?model=${small}&autoload=false`]: metrics('metrics-restart'),
    ...more,
  })

  test('names what is loaded or sleeps, and counts each, loading nothing', async () => {
    const { look, open, asked } = await opened(llamaServer, router())
    expect(await look()).toMatchObject({
      models: [
        { id: 'ggml-org/gemma-3-4b-it-GGUF:Q4_K_M', quantisation: 'Q4_K_M', state: 'ready', inFlight: 2 },
        { id: 'ggml-org/small-GGUF:Q8_0', quantisation: 'Q8_0', state: 'sleeping', inFlight: 0 },
      ],
      inFlight: 2,
      waiting: 0,
      totals: [
        { model: 'ggml-org/gemma-3-4b-it-GGUF:Q4_K_M', outputTokens: 13_500 },
        { model: 'ggml-org/small-GGUF:Q8_0', outputTokens: 20 },
      ],
      counts: 'server',
    })
    expect(open.upstreams?.()).toEqual(['http://127.0.0.1:41234'])
    expect(asked.slice(1)).toEqual([
      'GET /models?autoload=false',
      `GET /metrics?model=${gemma}&autoload=false`,
      `GET /metrics?model=${small}&autoload=false`,
    ])
  })

  test('a model that does not answer once stands where it stood; one that is listed no more has no counters', async () => {
    const routes = router()
    const { look } = await opened(llamaServer, routes)
    const rises = new OutputRises()
    rises.take(await look())
    routes[`GET /metrics?model=${gemma}&autoload=false`] = { status: 400, body: '{"error":{"message":"not loaded"}}' }
    expect(rises.take(await look())).toEqual([])
    routes[`GET /metrics?model=${gemma}&autoload=false`] = metrics('metrics-3')
    expect(rises.take(await look())).toMatchObject([{ outputTokens: 540 }])
    routes['GET /models'] = fixture('llama-server/models-router.json').replace('"loaded"', '"unloaded"')
    const report = await look()
    expect(report.totals.map(({ model }) => model)).toEqual(['ggml-org/small-GGUF:Q8_0'])
    expect(rises.take(report)).toEqual([])
  })

  test('without --metrics the models are known and the counts are off', async () => {
    const off: Route = { status: 501, body: fixture('llama-server/metrics-disabled-501.json') }
    const { look } = await opened(
      llamaServer,
      router({
        [`GET /metrics?model=${gemma}&autoload=false`]: off,
        [`GET /metrics?model=${small}&autoload=false`]: off,
      }),
    )
    expect(await look()).toMatchObject({ counts: 'off', limits: { code: 'metricsOff' }, totals: [], inFlight: null })
  })
})
