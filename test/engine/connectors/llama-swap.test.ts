import fc from 'fast-check'
import { expect, test } from 'vitest'
import { llamaSwap } from '../../../engine/connectors/llama-swap.ts'
import { fcOptions } from '../../support/counts.ts'
import { fixture, type Route } from '../../support/server-double.ts'
import { opened } from './opened.ts'

type Row = { readonly id: number; readonly model: string; readonly [key: string]: unknown }

const row = (id: number, tokens: object = {}, more: object = {}): Row => ({
  id,
  model: 'qwen3-8b',
  req_path: '/v1/chat/completions',
  resp_status_code: 200,
  duration_ms: 100,
  tokens: { input_tokens: 10, output_tokens: 5, cache_tokens: 0, prompt_per_second: 30, ...tokens },
  ...more,
})

/** Answers pages of `rows`, newest first, as its documentation has it. */
function swap(rows: () => readonly Row[], more: Record<string, Route> = {}): Record<string, Route> {
  return new Proxy<Record<string, Route>>(
    {
      'GET /running': fixture('llama-swap/running.json'),
      'GET /api/version': fixture('llama-swap/version.json'),
      ...more,
    },
    {
      get(known, question: string) {
        const [, limit, page] = /activity\?limit=(\d+)&page=(\d+)/.exec(question) ?? []
        if (limit === undefined) return known[question]
        const all = rows().toSorted((a, b) => b.id - a.id)
        const from = (Number(page) - 1) * Number(limit)
        const data = all.slice(from, from + Number(limit))
        return JSON.stringify({ data, page, total_pages: Math.ceil(all.length / Number(limit)) })
      },
    },
  )
}

test('names models with their states, the quantisation from the command, and who stands behind it', async () => {
  const { look, open } = await opened(
    llamaSwap,
    swap(() => []),
  )
  expect(await look()).toMatchObject({
    version: 'v190',
    models: [
      { id: 'qwen3-8b', quantisation: 'Q4_K_M', state: 'ready' },
      { id: 'embed', quantisation: null, state: 'loading' },
    ],
    counts: 'server',
    totals: [],
  })
  expect(open.upstreams?.()).toEqual(['http://127.0.0.1:5801', 'http://127.0.0.1:5802'])
})

test('what was listed before the first look is not counted, and each row afterwards once', async () => {
  const recorded = JSON.parse(fixture('llama-swap/activity.json')).data as Row[]
  let rows = recorded.filter(({ id }) => id === 1)
  const { look } = await opened(
    llamaSwap,
    swap(() => rows),
  )
  expect((await look()).totals).toEqual([])
  rows = recorded
  for (let again = 0; again < 2; again += 1)
    expect((await look()).totals).toMatchObject([
      {
        model: 'qwen3-8b',
        promptTokens: 210 + 1 + 236,
        cachedTokens: 236,
        outputTokens: 120 + 35,
        requests: 2,
        failedRequests: 0,
        busyMs: 1_384,
        provenance: 'exact',
      },
    ])
})

test('a prompt without llama.cpp’s timings is whole already; what is not known is not counted as 0', async () => {
  let rows: Row[] = []
  const { look } = await opened(
    llamaSwap,
    swap(() => rows),
  )
  await look()
  rows = [
    row(0, { input_tokens: 100, cache_tokens: 40, prompt_per_second: -1 }),
    row(1, { input_tokens: 100, cache_tokens: 40, prompt_per_second: -1 }, { req_path: '/v1/messages' }),
    row(2, { input_tokens: -1, output_tokens: -1, cache_tokens: -1 }, { resp_status_code: 500 }),
  ]
  expect((await look()).totals).toMatchObject([
    { promptTokens: 240, cachedTokens: 80, outputTokens: 10, requests: 3, failedRequests: 1, provenance: 'exact' },
  ])
  rows = [row(3, { output_tokens: -1 }), ...rows]
  expect((await look()).totals).toMatchObject([{ outputTokens: 10, requests: 4, provenance: 'estimate' }])
})

test('a list in memory that begins anew with its server is counted from its start', async () => {
  let rows = [row(0), row(1), row(2)]
  const { look } = await opened(
    llamaSwap,
    swap(() => rows),
  )
  await look()
  rows = [row(0), row(1)]
  expect((await look()).totals).toMatchObject([{ requests: 2, outputTokens: 10 }])
})

test('older versions list the figures beside the name', async () => {
  const routes: Record<string, Route> = {
    'GET /running': '{"running":[{"model":"qwen3-8b","state":"stopping"},{"model":"x","state":"stopped"}]}',
    'GET /api/metrics': '[]',
  }
  const { look } = await opened(llamaSwap, routes)
  expect(await look()).toMatchObject({ version: null, models: [{ id: 'qwen3-8b', state: 'unloading' }], totals: [] })
  routes['GET /api/metrics'] = fixture('llama-swap/api-metrics-old.json')
  expect((await look()).totals).toMatchObject([
    { promptTokens: 64, outputTokens: 9, cachedTokens: null, requests: 1, busyMs: 240 },
  ])
})

test('a command line’s keys are not taken for a name', async () => {
  const running = {
    running: [
      {
        model: 'a',
        state: 'ready',
        cmd: 'llama-server --api-key sk-Q8_0 --model="/m/My Model-Q6_K.gguf"',
        proxy: 'nonsense',
      },
    ],
  }
  const { look, open } = await opened(
    llamaSwap,
    swap(() => [], { 'GET /running': JSON.stringify(running) }),
  )
  const report = await look()
  expect(report.models).toMatchObject([{ name: 'a', quantisation: 'Q6_K' }])
  expect(JSON.stringify(report)).not.toContain('sk-')
  expect(open.upstreams?.()).toEqual([])
})

test('however many requests end between two looks, and however old rows are dropped, each is counted once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 160 }), { maxLength: 6 }),
      fc.integer({ min: 200, max: 400 }),
      async (ended, kept) => {
        let next = 0
        let rows: Row[] = []
        const end = (count: number) => {
          for (let at = 0; at < count; at += 1) {
            rows.push(row(next))
            next += 1
          }
          rows = rows.slice(-kept)
        }
        end(7)
        const { look } = await opened(
          llamaSwap,
          swap(() => rows),
        )
        await look()
        for (const count of ended) {
          end(count)
          await look()
        }
        const [total] = (await look()).totals
        expect(total?.requests ?? 0).toBe(next - 7)
        expect(total?.outputTokens ?? 0).toBe(5 * (next - 7))
      },
    ),
    fcOptions('connectors', 30, 2_000),
  )
})
