import { describe, expect, test } from 'vitest'
import { tomlBaseUrls } from '../../../engine/agents/base-urls.ts'
import { whereOf } from '../../../engine/agents/where.ts'

describe('where a request was computed', () => {
  test.each([
    ['ollama', 'qwen3:8b', null, 'local', true],
    ['LMStudio', 'qwen3:8b', null, 'local', true],
    ['ollama', 'gpt-oss:120b-cloud', null, 'cloud', true],
    ['ollama', 'kimi-k2:cloud', 'http://127.0.0.1:11434', 'cloud', true],
    ['openai', 'x', 'http://localhost:1234/v1', 'local', true],
    ['openai', 'x', 'http://[::1]:1234/v1', 'local', true],
    ['openai', 'x', 'http://192.168.1.20:8000', 'lan', true],
    ['ollama', 'x', 'http://10.0.0.5:11434', 'lan', true],
    ['openai', 'x', 'http://tower:8000', 'lan', true],
    ['openai', 'x', 'http://172.32.0.1', 'cloud', true],
    ['ollama', 'x', 'https://ollama.example.com', 'cloud', true],
    ['anthropic', 'x', null, 'cloud', true],
    [null, 'x', null, 'cloud', false],
    ['openai', 'x', 'no address', 'cloud', true],
  ] as const)('%s, %s at %s: %s', (provider, model, baseUrl, where, isTold) => {
    expect(whereOf(provider, model, baseUrl)).toEqual({ where, isTold })
  })
})

test('base addresses are found among the other settings of a TOML file', () => {
  const text = `model = "x"
base_url = "http://not-a-provider"
[model_providers.one]
name = "One"
base_url = 'http://127.0.0.1:1'
[model_providers."two"]
# base_url = "http://commented"
base_url = "http://127.0.0.1:2"
[model_providers.one.http_headers]
base_url = "http://a-header"
[profiles.a]
base_url = "http://no"`
  expect([...tomlBaseUrls(text)]).toEqual([
    ['one', 'http://127.0.0.1:1'],
    ['two', 'http://127.0.0.1:2'],
  ])
})
