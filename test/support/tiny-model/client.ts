import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

/**
 * One client of a model server, in a process of its own: the official `openai` or `ollama` package, or Vercel's AI SDK. Takes a JSON array of
 * `{prompt, mostTokens, isStream}` and asks them one after the other; says on stdout, a line of JSON each, what the package handed it, and
 * what it had sent.
 */
const { values } = parseArgs({
  options: {
    packages: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
    origin: { type: 'string', default: '' },
    key: { type: 'string', default: '' },
    model: { type: 'string', default: '' },
    turns: { type: 'string', default: '[]' },
  },
})
const { origin, key, model } = values
const { load } = await import(pathToFileURL(join(values.packages, 'load.mjs')).href)

type Turn = { readonly prompt: string; readonly mostTokens: number; readonly isStream: boolean }
type Received = { readonly promptTokens: number; readonly outputTokens: number; readonly text: string }

let sent: { path: string; headers: Record<string, string>; body: string } | null = null
/** As every package lets its user bring one: this one notes what it is given, and passes it on. */
const noting: typeof fetch = (input, init) => {
  const request = new Request(input, init)
  sent = {
    path: new URL(request.url).pathname,
    headers: Object.fromEntries(request.headers),
    body: String(init?.body ?? ''),
  }
  return fetch(input, init)
}

async function openai(): Promise<(turn: Turn) => Promise<Received>> {
  const { default: OpenAI } = await load('openai')
  const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: key, fetch: noting, maxRetries: 0 })
  return async ({ prompt, mostTokens, isStream }) => {
    const messages = [{ role: 'user', content: prompt }]
    if (!isStream) {
      const whole = await client.chat.completions.create({ model, messages, max_tokens: mostTokens })
      const { prompt_tokens, completion_tokens } = whole.usage
      const text = whole.choices[0].message.content
      return { promptTokens: prompt_tokens, outputTokens: completion_tokens, text }
    }
    const asked = { model, messages, max_tokens: mostTokens, stream: true, stream_options: { include_usage: true } }
    let [text, usage] = ['', { prompt_tokens: 0, completion_tokens: 0 }]
    for await (const chunk of await client.chat.completions.create(asked)) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    return { promptTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens, text }
  }
}

async function ollama(): Promise<(turn: Turn) => Promise<Received>> {
  const { Ollama } = await load('ollama')
  const client = new Ollama({ host: origin, fetch: noting, headers: { Authorization: `Bearer ${key}` } })
  return async ({ prompt, mostTokens, isStream }) => {
    const messages = [{ role: 'user', content: prompt }]
    const asked = { model, messages, options: { num_predict: mostTokens }, stream: isStream }
    const answer = await client.chat(asked)
    let [text, last] = ['', answer]
    if (!isStream) text = answer.message.content
    else
      for await (const piece of answer) {
        text += piece.message.content
        last = piece
      }
    return { promptTokens: last.prompt_eval_count, outputTokens: last.eval_count, text }
  }
}

async function aiSdk(): Promise<(turn: Turn) => Promise<Received>> {
  const [{ createOpenAICompatible }, { generateText, streamText }] = [
    await load('@ai-sdk/openai-compatible'),
    await load('ai'),
  ]
  const provider = createOpenAICompatible({
    ...{ name: 'local', baseURL: `${origin}/v1`, apiKey: key, includeUsage: true, fetch: noting },
  })
  return async ({ prompt, mostTokens, isStream }) => {
    const asked = { model: provider(model), prompt, maxOutputTokens: mostTokens, maxRetries: 0 }
    const answer = isStream ? streamText(asked) : await generateText(asked)
    const [text, usage] = [await answer.text, await answer.usage]
    return { promptTokens: usage.inputTokens, outputTokens: usage.outputTokens, text }
  }
}

const kinds: Readonly<Record<string, typeof openai>> = { openai, ollama, 'ai-sdk': aiSdk }
const ask = await kinds[values.kind]?.()
for (const turn of JSON.parse(values.turns)) {
  const received = await ask?.(turn)
  process.stdout.write(`${JSON.stringify({ ...received, sent })}\n`)
}
