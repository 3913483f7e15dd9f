import { countOf, isText, type JsonObject, msOf, nameModel, objectOf, type Tally, tell } from '../tally.ts'
import { readTimings } from './llama-cpp.ts'
import { type Endpoint, sayFailed, textUnder } from './protocol.ts'

const TEXT_KEYS = ['content', 'reasoning_content', 'reasoning', 'thinking', 'text']
const KEYS = new Set(['model', 'usage', 'timings', 'error', 'duration'])

/** The OpenAI dialect, as most local servers speak it. Prompt counts contain their cached part, output counts their reasoning. */
export const openai: readonly Endpoint[] = [
  ...[/\/chat\/completions$/, /\/completions$/].map((path) => endpoint(path, 'text', readChat)),
  endpoint(/\/responses$/, 'text', readResponses),
  ...[/\/embeddings$/, /\/rerank$/].map((path) => endpoint(path, 'vectors', readChat)),
  endpoint(/\/images\/(?:generations|edits|variations)$/, 'images', readImages, 'data'),
  endpoint(/\/audio\/(?:transcriptions|translations)$/, 'transcript', readTranscript),
  endpoint(/\/audio\/speech$/, 'speech', readChat),
]

function endpoint(
  path: RegExp,
  delivers: Endpoint['delivers'],
  read: Endpoint['read'],
  list: string | null = null,
): Endpoint {
  return { path, dialect: 'openai', delivers, keys: KEYS, list, read }
}

function readChat(value: JsonObject, tally: Tally): string | null {
  nameModel(tally, value.model)
  sayFailed(value, tally)
  const isCounted = readUsage(objectOf(value.usage), tally)
  if (!isCounted) readTimings(objectOf(value.timings), tally)
  const { choices } = value
  if (!Array.isArray(choices)) return null
  const keys = choices.map((choice) => readChoice(objectOf(choice), tally))
  return keys.length === 1 && !isCounted ? (keys[0] ?? null) : null
}

function readChoice(choice: JsonObject | null, tally: Tally): string | null {
  if (choice === null) return null
  const delta = objectOf(choice.delta)
  const key = textUnder(delta ?? choice, TEXT_KEYS, tally)
  if (key === null && delta !== null && callsTool(delta.tool_calls)) tally.deltas++
  return choice.finish_reason === null || choice.finish_reason === undefined ? key : null
}

function callsTool(calls: unknown): boolean {
  if (!Array.isArray(calls)) return false
  return calls.some((call) => isText(objectOf(objectOf(call)?.function)?.arguments))
}

/** `true` where it holds a count of output. */
export function readUsage(usage: JsonObject | null, tally: Tally): boolean {
  if (usage === null) return false
  const details = objectOf(usage.prompt_tokens_details) ?? objectOf(usage.input_tokens_details)
  const completionTokens = countOf(usage.completion_tokens) ?? countOf(usage.output_tokens)
  const all = completionTokens === null ? countOf(usage.total_tokens) : null
  tell(tally, {
    promptTokens: countOf(usage.prompt_tokens) ?? countOf(usage.input_tokens) ?? all,
    cachedTokens: countOf(details?.cached_tokens),
    completionTokens,
  })
  if (usage.type === 'duration') tally.audioMs = msOf(usage.seconds, 1_000) ?? tally.audioMs
  return completionTokens !== null
}

function readResponses(value: JsonObject, tally: Tally): string | null {
  const { type } = value
  if (typeof type === 'string' && type.endsWith('.delta')) return textUnder(value, ['delta'], tally)
  sayFailed(value, tally)
  if (type === 'error' || type === 'response.failed') tally.hasFailed = true
  const response = objectOf(value.response) ?? value
  nameModel(tally, response.model)
  readUsage(objectOf(response.usage), tally)
  return null
}

function readImages(value: JsonObject, tally: Tally, event: string): null {
  readChat(value, tally)
  const name = isText(value.type) ? value.type : event
  if (/^image_(?:generation|edit)\.completed$/.test(name)) tally.images = (tally.images ?? 0) + 1
  return null
}

function readTranscript(value: JsonObject, tally: Tally): string | null {
  readChat(value, tally)
  tally.audioMs = msOf(value.duration, 1_000) ?? tally.audioMs
  return value.type === 'transcript.text.delta' ? textUnder(value, ['delta'], tally) : null
}
