import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chatBody, readStreamLine } from '../../../engine/lab/chat-stream.ts'
import type { ChatDialect } from '../../../engine/lab/plan.ts'
import { fcOptions } from '../../support/counts.ts'
import { labModel } from '../../support/lab.ts'

const OLLAMA: ChatDialect = { kind: 'ollama', path: '/api/chat' }
const OPENAI: ChatDialect = { kind: 'openai', path: '/v1/chat/completions' }
const CHAT = { text: 'Why?', maxTokens: 64, contextTokens: 4_096 }

describe('a request', () => {
  test('to Ollama leaves nothing to chance and sets the context', () => {
    expect(JSON.parse(chatBody(labModel('qwen3:8b', { dialect: OLLAMA }), CHAT))).toEqual({
      model: 'qwen3:8b',
      messages: [{ role: 'user', content: 'Why?' }],
      stream: true,
      options: { temperature: 0, seed: 1, num_predict: 64, num_ctx: 4_096 },
    })
  })

  test('to an OpenAI-compatible server asks for usage', () => {
    expect(JSON.parse(chatBody(labModel('m'), CHAT))).toMatchObject({
      stream_options: { include_usage: true },
      ...{ temperature: 0, seed: 1, max_tokens: 64 },
    })
  })
})

describe('a line', () => {
  const nothing = { hasText: false, promptTokens: null, outputTokens: null, error: null }
  test.each([
    [OPENAI, 'data: {"choices":[{"index":0,"delta":{"content":"Be"}}]}', { ...nothing, hasText: true }],
    [OPENAI, 'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\r', { ...nothing, hasText: true }],
    [OPENAI, 'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}', nothing],
    [
      OPENAI,
      'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":41}}',
      { ...nothing, promptTokens: 9, outputTokens: 41 },
    ],
    [OPENAI, 'data: {"error":{"message":"out of memory"}}', { ...nothing, error: 'out of memory' }],
    [OPENAI, 'data: [DONE]', null],
    [OPENAI, ': keep-alive', null],
    [OPENAI, '', null],
    [OLLAMA, '{"message":{"role":"assistant","content":"Be"},"done":false}', { ...nothing, hasText: true }],
    [OLLAMA, '{"done":true,"prompt_eval_count":9,"eval_count":41}', { ...nothing, promptTokens: 9, outputTokens: 41 }],
    [OLLAMA, '{"done":true,"eval_count":-41}', nothing],
    [OLLAMA, '{"error":"model runner has stopped"}', { ...nothing, error: 'model runner has stopped' }],
    [OLLAMA, '<html>', { ...nothing, error: 'its answer cannot be read' }],
  ])('of %j %s', (dialect, line, part) => {
    expect(readStreamLine(line, dialect)).toEqual(part)
  })

  test('of any kind is read or refused, and no count of it is negative or a fraction', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.json().map((json) => `data: ${json}`),
      fc
        .record({ usage: fc.record({ completion_tokens: fc.anything() }) })
        .map((part) => `data: ${JSON.stringify(part)}`),
      fc.record({ eval_count: fc.anything(), message: fc.anything() }).map((part) => JSON.stringify(part)),
    )
    fc.assert(
      fc.property(line, fc.constantFrom(OLLAMA, OPENAI), (text, dialect) => {
        const part = readStreamLine(text, dialect)
        const counts = [part?.promptTokens, part?.outputTokens].filter((count) => count != null)
        expect(counts.every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(true)
      }),
      fcOptions('lab', 300, 20_000),
    )
  })
})
