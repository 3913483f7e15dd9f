import { describe, expect, test } from 'vitest'
import type { Ask, Connector } from '../../../engine/connectors/connector.ts'
import { connectors } from '../../../engine/connectors/registry.ts'
import { textServerTrials } from '../../conformance/connector-trials.ts'
import { otherServerTrials } from '../../conformance/other-server-trials.ts'
import { type Route, routedAsk } from '../../support/server-double.ts'

const trials = Object.entries({ ...textServerTrials, ...otherServerTrials }).flatMap(([id, { versions }]) =>
  Object.entries(versions).map(([version, routes]) => [id, version, routes] as const),
)

/** What an unknown server of these answers is taken for, and what it was asked on the way. */
async function triedInOrder(routes: Record<string, Route>) {
  const answer = routedAsk(routes)
  const asked: string[] = []
  const ask: Ask = (path, options) => {
    asked.push(`${options?.method ?? 'GET'} ${path}`)
    return answer(path, options)
  }
  let taken: Connector | null = null
  for (const connector of connectors) {
    const found = await connector.identify(ask)
    if (found.ok && found.value === null) continue
    taken = connector
    break
  }
  return { taken: taken?.id ?? null, asked }
}

describe('an unknown server that is tried with every dialect in the order of the registry', () => {
  test.each(trials)('is taken for what it is: %s %s', async (id, _version, routes) => {
    const { taken, asked } = await triedInOrder(routes())
    expect(taken).toBe(id)
    expect(asked.filter((question) => !question.startsWith('GET '))).toEqual([])
  })

  test('is never asked for the health of LiteLLM, which would load all its models', async () => {
    const { taken, asked } = await triedInOrder({ 'GET /health/liveliness': '"I\'m alive!"' })
    expect(taken).toBe('litellm')
    expect(asked).toEqual(['GET /health/liveliness'])
  })

  test('is never asked for metrics that empty themselves, where it is TensorRT-LLM', async () => {
    const { taken, asked } = await triedInOrder({
      'GET /version': '{"version":"1.2.0"}',
      'GET /v1/models': '{"object":"list","data":[{"id":"qwen","owned_by":"tensorrt_llm"}]}',
      'GET /metrics': '[]',
    })
    expect(taken).toBe('openai-compatible')
    expect(asked).not.toContain('GET /metrics')
  })

  test('is never asked what changes a server, and is nothing where it answers nothing known', async () => {
    const { taken, asked } = await triedInOrder({ 'GET /': '<html></html>' })
    expect(taken).toBeNull()
    const harmful = /unload|upstream|\/load|perf_metrics|health_generate|^POST|^DELETE/
    expect(asked.filter((question) => harmful.test(question))).toEqual([])
  })
})

test('every connector has a name of its own, and the generic one is tried last', () => {
  const ids = connectors.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.at(-1)).toBe('openai-compatible')
})
