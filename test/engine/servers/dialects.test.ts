import { describe, expect, test } from 'vitest'
import type { Connector } from '../../../engine/connectors/connector.ts'
import { dialectsOf } from '../../../engine/servers/dialects.ts'

const connectors = ['ollama', 'llama-server', 'vllm', 'openai-compatible'].map(
  (id): Connector => ({
    id,
    title: id,
    clientSetting: null,
    unloadsBy: 'api',
    identify: async () => ({ ok: true, value: null }),
  }),
)
const idsOf = (named: readonly string[], isPart: boolean) => dialectsOf(named, isPart, connectors).map(({ id }) => id)

describe('dialects in which a process is asked', () => {
  test('are those of its app, the generic one last', () => {
    expect(idsOf(['ollama', 'openai-compatible'], false)).toEqual(['ollama', 'openai-compatible'])
  })

  test('are the app’s own alone for what runs below it: a llama-server of Ollama is no server beside it', () => {
    expect(idsOf(['ollama', 'openai-compatible'], true)).toEqual(['ollama'])
  })

  test('are all of them for an app that has none of its own, its parts included', () => {
    const all = ['vllm', 'ollama', 'llama-server', 'openai-compatible']
    expect(idsOf(['openai-compatible', 'vllm'], false)).toEqual(all)
    expect(idsOf(['openai-compatible', 'vllm'], true)).toEqual(all)
  })

  test('are none where no connector speaks them', () => {
    expect(idsOf(['anthropic-compatible'], false)).toEqual([])
  })
})
