import { describe, expect, test } from 'vitest'
import { koboldcpp } from '../../../engine/connectors/koboldcpp.ts'
import { fixture, type Route } from '../../support/server-double.ts'
import { opened } from './opened.ts'

const perf = (more: object, name = 'perf') =>
  JSON.stringify({ ...JSON.parse(fixture(`koboldcpp/${name}.json`)), ...more })

const kobold = (): Record<string, Route> => ({
  'GET /api/extra/version': fixture('koboldcpp/version.json'),
  'GET /api/extra/perf': perf({}),
  'GET /api/v1/model': fixture('koboldcpp/model.json'),
  'GET /api/extra/true_max_context_length': fixture('koboldcpp/true_max_context_length.json'),
})

describe('KoboldCpp', () => {
  test('names its model, and says that it works and what waits', async () => {
    const { look } = await opened(koboldcpp, kobold())
    expect(await look()).toMatchObject({
      version: '1.122.1',
      models: [{ id: 'Qwen3-8B-Q4_K_M', quantisation: 'Q4_K_M', contextTokens: 8_192, inFlight: 1 }],
      inFlight: 1,
      waiting: 1,
      counts: 'server',
      totals: [{ model: 'Qwen3-8B-Q4_K_M', outputTokens: 0, promptTokens: 0, requests: 0 }],
    })
  })

  test('sums the newest request of each look', async () => {
    const routes = kobold()
    const { look } = await opened(koboldcpp, routes)
    await look()
    routes['GET /api/extra/perf'] = perf({ total_gens: 43, uptime: 3_601 })
    expect((await look()).totals).toMatchObject([
      { outputTokens: 180, promptTokens: 900, requests: 1, busyMs: 828, provenance: 'exact' },
    ])
    routes['GET /api/extra/perf'] = perf({ total_gens: 44, uptime: 3_602, last_token_count: 20, last_input_count: 100 })
    expect((await look()).totals).toMatchObject([{ outputTokens: 200, promptTokens: 1_000, requests: 2 }])
    expect((await look()).totals).toMatchObject([{ outputTokens: 200, requests: 2, provenance: 'exact' }])
  })

  test('requests that nobody saw are as long as the others on average, which is an estimate', async () => {
    const routes = kobold()
    const { look } = await opened(koboldcpp, routes)
    await look()
    routes['GET /api/extra/perf'] = perf({ total_gens: 43, last_token_count: 100 })
    await look()
    routes['GET /api/extra/perf'] = perf({ total_gens: 46, last_token_count: 200 })
    expect((await look()).totals).toMatchObject([
      { outputTokens: 100 + 200 + 2 * 150, requests: 4, provenance: 'estimate' },
    ])
  })

  test('a start in between counts what ended since, and never takes anything back', async () => {
    const routes = kobold()
    const { look } = await opened(koboldcpp, routes)
    await look()
    routes['GET /api/extra/perf'] = perf({ total_gens: 1, uptime: 5, last_token_count: 30 })
    expect((await look()).totals).toMatchObject([{ outputTokens: 30, requests: 1 }])
    routes['GET /api/extra/perf'] = perf({ total_gens: -1, uptime: 1, last_token_count: -1 })
    expect((await look()).totals).toMatchObject([{ outputTokens: 30, requests: 1 }])
  })

  test('the version of 2024 tells no length of prompts, and its time in milliseconds per token', async () => {
    const routes = { ...kobold(), 'GET /api/extra/perf': perf({}, 'perf-old') }
    const { look } = await opened(koboldcpp, routes)
    await look()
    routes['GET /api/extra/perf'] = perf({ total_gens: 10 }, 'perf-old')
    expect((await look()).totals).toMatchObject([
      { promptTokens: null, outputTokens: 120, busyMs: 2_568, requests: 1, images: 0 },
    ])
  })

  test('nothing loaded is no model, and a name behind a password is asked for', async () => {
    const routes: Record<string, Route> = { ...kobold(), 'GET /api/v1/model': '{"result":"inactive"}' }
    const { look } = await opened(koboldcpp, routes)
    expect(await look()).toMatchObject({ models: [], limits: null })
    routes['GET /api/v1/model'] = '{"result":"koboldcpp/protected-model"}'
    expect(await look()).toMatchObject({ models: [], limits: { code: 'keyNeeded', remedy: { kind: 'setting' } } })
  })
})
