import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Counts = {
  readonly prompt?: number | null
  readonly cached?: number | null
  readonly completion: number | null
  readonly provenance?: 'exact' | 'estimate' | 'notReported'
  readonly model?: string | null
  readonly failed?: boolean
  readonly images?: number
  readonly audioMs?: number
  readonly remote?: boolean
  readonly loadMs?: number
  readonly deltas?: number
  readonly status?: number
}

/** Recorded shapes of answers (test/fixtures/http), the path that is asked for each, and what has to be counted. */
export type Answer = Counts & {
  readonly path: string
  readonly file: string
  readonly type: string
  readonly body: Buffer
}

const ROOT = join(import.meta.dirname, '..', '..', 'fixtures', 'http')

export function fixture(file: string): Buffer {
  return readFileSync(join(ROOT, file))
}

const CHAT = '/v1/chat/completions'
const SHORT = { prompt: 26, completion: 11 }
const LLAMA = { prompt: 237, cached: 236, model: 'qwen3-8b' }
const OLLAMA = { ...SHORT, model: 'llama3.2', loadMs: 101.397084 }

const TABLE: readonly [path: string, file: string, counts: Counts][] = [
  ['/api/generate', 'ollama/generate-stream.txt', { ...OLLAMA, deltas: 10 }],
  ['/api/generate', 'ollama/generate.json', OLLAMA],
  ['/api/generate', 'ollama/generate-cached.json', { prompt: null, completion: 11, model: 'llama3.2', loadMs: 9 }],
  [
    '/api/chat',
    'ollama/chat-stream.txt',
    { prompt: 26, completion: 15, model: 'deepseek-r1', deltas: 12, loadMs: 101.397084 },
  ],
  ['/api/chat', 'ollama/chat-toolcall.json', { prompt: 26, completion: 22, model: 'qwen3', loadMs: 101.397084 }],
  ['/api/chat', 'ollama/chat-cloud-stream.txt', { ...OLLAMA, model: 'gpt-oss:120b-cloud', remote: true, deltas: 1 }],
  [
    '/api/chat',
    'ollama/error-stream.txt',
    { prompt: null, completion: 1, provenance: 'estimate', failed: true, deltas: 1 },
  ],
  ['/api/chat', 'ollama/error-404.json', { prompt: null, completion: 0, failed: true, status: 404 }],
  ['/api/chat', 'ollama/error-503.json', { prompt: null, completion: 0, failed: true, status: 503 }],
  ['/api/embed', 'ollama/embed.json', { prompt: 8, completion: 0, model: 'all-minilm', loadMs: 1.0195 }],
  [CHAT, 'ollama/v1-chat-stream-nousage.sse', { prompt: null, completion: 10, provenance: 'estimate', deltas: 10 }],
  [CHAT, 'ollama/v1-chat-stream-usage.sse', { ...SHORT, model: 'llama3.2', deltas: 10 }],
  ['/v1/completions', 'ollama/v1-completions-stream-usage.sse', { prompt: 5, completion: 11, deltas: 10 }],
  ['/v1/messages', 'ollama/v1-messages-stream.sse', { ...SHORT, deltas: 10 }],
  ['/v1/messages', 'ollama/v1-messages.json', SHORT],
  ['/v1/responses', 'ollama/v1-responses-stream-tail.sse', { ...SHORT, cached: 0, deltas: 1 }],
  ['/completion', 'llama-server/completion-stream.sse', { ...LLAMA, completion: 11, deltas: 10 }],
  ['/completion', 'llama-server/completion.json', { ...LLAMA, completion: 35 }],
  [CHAT, 'llama-server/v1-chat-stream-nousage.sse', { ...LLAMA, completion: 11, deltas: 10 }],
  [CHAT, 'llama-server/v1-chat-stream-pings.sse', { ...LLAMA, completion: 11, deltas: 10 }],
  [CHAT, 'llama-server/v1-chat-stream-usage.sse', { ...LLAMA, completion: 11, deltas: 10 }],
  [CHAT, 'llama-server/v1-chat.json', { ...LLAMA, completion: 35 }],
  [CHAT, 'llama-server/unauthorized-401.json', { prompt: null, completion: 0, failed: true, status: 401 }],
  ['/v1/embeddings', 'llama-server/v1-embeddings.json', { prompt: 6, completion: 0, model: 'nomic' }],
  ['/v1/messages', 'llama-server/v1-messages-cached.json', { ...LLAMA, completion: 35 }],
  ['/v1/messages', 'llama-server/v1-messages-stream.sse', { completion: 11, deltas: 10 }],
  ['/v1/responses', 'llama-server/v1-responses-stream-tail.sse', { prompt: 237, completion: 35, model: 'qwen3-8b' }],
  ['/api/v0/chat/completions', 'lmstudio/api-v0-chat.json', { prompt: 24, completion: 53 }],
  [
    '/api/v1/chat',
    'lmstudio/api-v1-chat.json',
    { prompt: 329, completion: 268, model: 'openai/gpt-oss-20b', loadMs: 2_656 },
  ],
  ['/api/v1/chat', 'lmstudio/api-v1-chat-stream.sse', { prompt: 329, completion: 268, deltas: 10 }],
  [CHAT, 'vllm/v1-chat-stream-usage.sse', { ...SHORT, deltas: 3 }],
  [CHAT, 'vllm/v1-chat-stream-continuous-usage.sse', { prompt: 26, completion: 11, deltas: 10 }],
  ['/generate', 'sglang/generate-stream.sse', { ...SHORT, cached: 16, deltas: 5 }],
  ['/generate', 'tgi/generate.json', { prompt: null, completion: 11 }],
  ['/generate_stream', 'tgi/generate_stream.sse', { ...SHORT, deltas: 10 }],
  [CHAT, 'localai/v1-chat-extra-usage.json', SHORT],
  [CHAT, 'mlx-lm/v1-chat-stream-usage.sse', { prompt: 26, completion: 11, deltas: 10 }],
  [CHAT, 'tabbyapi/v1-chat-stream-usage-tail.sse', SHORT],
  [CHAT, 'openai/chat-n2.json', { prompt: 9, cached: 4, completion: 24 }],
  [
    CHAT,
    'openai/chat-stream-error.sse',
    { prompt: null, completion: 1, provenance: 'estimate', failed: true, deltas: 1 },
  ],
  [CHAT, 'openai/chat-stream-usage-choices-null.sse', { prompt: 3, completion: 2, deltas: 1 }],
  [CHAT, 'openai/chat-stream-usage-null.sse', { prompt: 3, completion: 2, deltas: 1 }],
  ['/v1/embeddings', 'openai/embeddings.json', { prompt: 8, completion: 0, model: 'bge' }],
  ['/v1/responses', 'openai/responses.json', { prompt: 26, cached: 16, completion: 35, model: 'm' }],
  ['/v1/images/generations', 'openai/images.json', { prompt: 50, completion: 0, images: 2 }],
  [
    '/v1/images/generations',
    'openai/images-local.json',
    { prompt: null, completion: 0, images: 1, provenance: 'notReported' },
  ],
  ['/v1/images/generations', 'openai/images-stream.sse', { prompt: 50, completion: 0, images: 1 }],
  [
    '/v1/audio/transcriptions',
    'openai/transcription.json',
    { prompt: null, completion: 0, audioMs: 11_000, provenance: 'notReported' },
  ],
  [
    '/v1/audio/transcriptions',
    'openai/transcription-verbose.json',
    { prompt: null, completion: 0, audioMs: 11_020, provenance: 'notReported' },
  ],
  [
    '/inference',
    'whisper-cpp/inference-verbose.json',
    { prompt: null, completion: 0, audioMs: 11_000, provenance: 'notReported' },
  ],
  ['/inference', 'whisper-cpp/inference.json', { prompt: null, completion: 0, provenance: 'notReported' }],
  ['/v1/messages', 'anthropic/messages.json', { prompt: 130, cached: 10, completion: 8 }],
  ['/v1/messages', 'anthropic/messages-stream.sse', { prompt: 130, cached: 10, completion: 8, deltas: 1 }],
  ['/v1/messages', 'anthropic/messages-stream-error.sse', { prompt: 5, completion: 1, failed: true }],
  [CHAT, 'proxy/sse-crlf.sse', { prompt: 3, completion: 3, deltas: 3 }],
  [CHAT, 'proxy/sse-multiline-data.sse', { prompt: 3, completion: 3 }],
  [CHAT, 'proxy/sse-forged-usage.sse', { prompt: 7, completion: 19, deltas: 1 }],
  [CHAT, 'proxy/sse-truncated.sse', { prompt: null, completion: 6, provenance: 'estimate', failed: true, deltas: 6 }],
  [CHAT, 'proxy/sse-utf8.sse', { prompt: 3, completion: 4, deltas: 1 }],
  ['/api/generate', 'proxy/ndjson-no-final-newline.txt', { prompt: 3, completion: 2, deltas: 1, model: 'm' }],
]

export const answers: readonly Answer[] = TABLE.map(([path, file, counts]) => ({
  ...{ path, file, type: typeOf(file), body: fixture(file) },
  ...counts,
}))

function typeOf(file: string): string {
  if (file.endsWith('.sse')) return 'text/event-stream'
  return file.endsWith('.txt') ? 'application/x-ndjson' : 'application/json'
}
