import { countOf, isText, type JsonObject, msOf, nameModel, objectOf, type Tally, tell } from '../tally.ts'
import { type Endpoint, sayFailed, textUnder } from './protocol.ts'

const KEYS = new Set([
  ...['model', 'remote_model', 'remote_host', 'done', 'done_reason', 'error'],
  ...['eval_count', 'prompt_eval_count', 'load_duration'],
])
const NS_IN_MS = 1e-6

/** Ollama's own dialect: lines of JSON; the one with `done: true` tells all (docs/api.md). */
export const ollama: readonly Endpoint[] = [
  ...[/\/api\/generate$/, /\/api\/chat$/].map((path) => ({
    ...{ path, dialect: 'ollama' as const, delivers: 'text' as const, keys: KEYS, list: null, read },
  })),
  ...[/\/api\/embed$/, /\/api\/embeddings$/].map((path) => ({
    ...{ path, dialect: 'ollama' as const, delivers: 'vectors' as const, keys: KEYS, list: null, read },
  })),
]

function read(value: JsonObject, tally: Tally): string | null {
  nameModel(tally, value.model)
  sayFailed(value, tally)
  // A cloud model: the joules here are those of passing it on.
  if (isText(value.remote_host) || isText(value.remote_model)) tally.isRemote = true
  tell(tally, { promptTokens: countOf(value.prompt_eval_count), completionTokens: countOf(value.eval_count) })
  tally.loadMs = msOf(value.load_duration, NS_IN_MS) ?? tally.loadMs
  if (value.done_reason === 'load' || value.done_reason === 'unload') tally.asksNothing = true
  const message = objectOf(value.message)
  const key = textUnder(message ?? value, ['content', 'response', 'thinking'], tally)
  if (key === null && Array.isArray(message?.tool_calls) && message.tool_calls.length > 0) tally.deltas++
  return value.done === true ? null : key
}
