import { z } from 'zod'
import type { ChatDialect, LabModel } from './plan.ts'
import type { Chat } from './world.ts'

/** What a line of a streamed answer tells. `error`: the server gave up in the middle. */
export type StreamPart = {
  readonly hasText: boolean
  readonly promptTokens: number | null
  readonly outputTokens: number | null
  readonly error: string | null
}

const SEED = 1

const Count = z.int().nonnegative().nullish().catch(null)
const Text = z.string().nullish().catch(null)
const Fault = z
  .union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)])
  .nullish()
  .catch('it told an error that cannot be read')

const OllamaLine = z.object({
  message: z.object({ content: Text, thinking: Text }).nullish().catch(null),
  prompt_eval_count: Count,
  eval_count: Count,
  error: Fault,
})

const OpenAiChunk = z.object({
  choices: z
    .array(z.object({ delta: z.object({ content: Text, reasoning_content: Text, reasoning: Text }).nullish() }))
    .nullish()
    .catch(null),
  usage: z.object({ prompt_tokens: Count, completion_tokens: Count }).nullish().catch(null),
  error: Fault,
})

/** The body of a request: streamed, always the same seed, no chance in the choice of words. */
export function chatBody({ name, dialect }: LabModel, { text, maxTokens, contextTokens }: Chat): string {
  const messages = [{ role: 'user', content: text }]
  if (dialect.kind === 'ollama') {
    const options = { temperature: 0, seed: SEED, num_predict: maxTokens }
    const context = contextTokens === null ? {} : { num_ctx: contextTokens }
    return JSON.stringify({ model: name, messages, stream: true, options: { ...options, ...context } })
  }
  const shape = { stream: true, stream_options: { include_usage: true } }
  return JSON.stringify({ model: name, messages, ...shape, temperature: 0, seed: SEED, max_tokens: maxTokens })
}

/** `null` where a line tells nothing: an empty one, a comment, the end's mark. A line that is no JSON is an error. */
export function readStreamLine(line: string, { kind }: ChatDialect): StreamPart | null {
  const text = kind === 'ollama' ? line.trim() : /^data:\s?(.*)$/s.exec(line.trim())?.[1]
  if (text === undefined || text === '' || text === '[DONE]') return null
  const raw = parsed(text)
  return kind === 'ollama' ? ollamaPart(raw) : openAiPart(raw)
}

const UNREADABLE: StreamPart = {
  hasText: false,
  promptTokens: null,
  outputTokens: null,
  error: 'its answer cannot be read',
}

function ollamaPart(raw: unknown): StreamPart {
  const line = OllamaLine.safeParse(raw)
  if (!line.success) return UNREADABLE
  const { message, prompt_eval_count: promptTokens, eval_count: outputTokens, error } = line.data
  return {
    hasText: (message?.content ?? '') !== '' || (message?.thinking ?? '') !== '',
    ...{ promptTokens: promptTokens ?? null, outputTokens: outputTokens ?? null, error: error ?? null },
  }
}

function openAiPart(raw: unknown): StreamPart {
  const chunk = OpenAiChunk.safeParse(raw)
  if (!chunk.success) return UNREADABLE
  const { choices, usage, error } = chunk.data
  const pieces = (choices ?? []).flatMap(({ delta }) => [delta?.content, delta?.reasoning_content, delta?.reasoning])
  return {
    hasText: pieces.some((piece) => (piece ?? '') !== ''),
    promptTokens: usage?.prompt_tokens ?? null,
    outputTokens: usage?.completion_tokens ?? null,
    error: error ?? null,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
