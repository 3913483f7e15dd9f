import { statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Answered, Serving } from './serving.ts'

const Asked = z.object({
  messages: z.array(z.object({ content: z.string() })),
  stream: z.boolean().default(true),
  options: z.object({ num_predict: z.int().optional() }).optional(),
})
const MOST_TOKENS = 64
const CREATED = '2026-05-11T09:30:00Z'
const NS_PER_TOKEN = 1_000_000

export function ollamaPages({ model }: Serving): Readonly<Record<string, () => { type: string; body: string }>> {
  const json = (value: object) => ({ type: 'application/json; charset=utf-8', body: JSON.stringify(value) })
  const size = statSync(model.path).size
  const details = {
    ...{ parent_model: '', format: 'gguf', family: 'llama', families: ['llama'] },
    ...{ parameter_size: `${(model.parameters / 1e6).toFixed(1)}M`, quantization_level: 'F32' },
  }
  const held = { name: model.name, model: model.name, size, digest: '', details, context_length: model.contextTokens }
  return {
    '/': () => ({ type: 'text/plain; charset=utf-8', body: 'Ollama is running' }),
    '/api/version': () => json({ version: '0.31.0' }),
    '/api/ps': () => json({ models: [{ ...held, expires_at: '2318-05-11T09:30:00Z', size_vram: size }] }),
  }
}

/** POST /api/chat, whole or as lines of JSON of which the last one counts. */
export async function ollamaAnswer(serving: Serving, body: string, response: ServerResponse): Promise<void> {
  const { messages, stream, options } = Asked.parse(JSON.parse(body))
  const prompt = messages.map(({ content }) => content).join('\n')
  const line = (content: string, rest: object) =>
    JSON.stringify({
      ...{ model: serving.model.name, created_at: CREATED },
      ...{ message: { role: 'assistant', content }, ...rest },
    })
  const type = stream ? 'application/x-ndjson' : 'application/json; charset=utf-8'
  const mostTokens = options?.num_predict ?? MOST_TOKENS
  if (stream) response.writeHead(200, { 'content-type': type })
  const told = await serving.answer(prompt, mostTokens, response, (piece) => {
    if (stream) response.write(`${line(piece, { done: false })}\n`)
  })
  if (!stream) response.writeHead(200, { 'content-type': type })
  response.end(`${line(stream ? '' : told.text, doneOf(told))}\n`)
}

/** Its times are made of its counts. */
function doneOf({ promptTokens, outputTokens }: Answered): object {
  return {
    ...{ done: true, done_reason: 'length', load_duration: 0 },
    total_duration: (promptTokens + outputTokens) * NS_PER_TOKEN,
    ...{ prompt_eval_count: promptTokens, prompt_eval_duration: promptTokens * NS_PER_TOKEN },
    ...{ eval_count: outputTokens, eval_duration: outputTokens * NS_PER_TOKEN },
  }
}
