import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { type Answered, idOf, type Serving } from './serving.ts'

const Content = z.union([z.string(), z.array(z.object({ text: z.string().default('') }))])
const Asked = z.object({
  messages: z.array(z.object({ content: Content })),
  max_tokens: z.int().optional(),
  max_completion_tokens: z.int().optional(),
  stream: z.boolean().default(false),
  stream_options: z.object({ include_usage: z.boolean().default(false) }).nullish(),
})
const MOST_TOKENS = 64

/** POST /v1/chat/completions, whole or as a stream of events with its usage where the client asked for it. */
export async function openaiAnswer(serving: Serving, body: string, response: ServerResponse): Promise<void> {
  const asked = Asked.parse(JSON.parse(body))
  const prompt = asked.messages.map(({ content }) => textOf(content)).join('\n')
  const mostTokens = asked.max_completion_tokens ?? asked.max_tokens ?? MOST_TOKENS
  const common = { id: `chatcmpl-${idOf(body)}`, created: 1_778_491_800, model: serving.model.name }
  if (!asked.stream) {
    const told = await serving.answer(prompt, mostTokens, response, () => {})
    const message = { role: 'assistant', content: told.text }
    const choices = [{ index: 0, message, finish_reason: 'length' }]
    const whole = { ...common, object: 'chat.completion', choices, usage: usageOf(told) }
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(whole))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (rest: object) =>
    response.write(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', ...rest })}\n\n`)
  const choice = (delta: object, finish_reason: string | null) =>
    send({ choices: [{ index: 0, delta, finish_reason }] })
  choice({ role: 'assistant', content: null }, null)
  const told = await serving.answer(prompt, mostTokens, response, (content) => choice({ content }, null))
  choice({}, 'length')
  if (asked.stream_options?.include_usage === true) send({ choices: [], usage: usageOf(told) })
  response.end('data: [DONE]\n\n')
}

function textOf(content: z.output<typeof Content>): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('')
}

function usageOf({ promptTokens, outputTokens }: Answered): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0 },
  }
}
