import { countOf, type JsonObject, nameModel, objectOf, type Tally, tell } from '../tally.ts'
import { type Endpoint, sayFailed, textUnder } from './protocol.ts'

/** Anthropic's messages. Counts are cumulative: the last value wins and nothing is added up; a delta that lacks one leaves it as it was. */
export const anthropic: readonly Endpoint[] = [
  {
    path: /\/messages$/,
    dialect: 'anthropic',
    delivers: 'text',
    keys: new Set(['model', 'usage', 'error', 'type']),
    list: null,
    read,
  },
]

function read(value: JsonObject, tally: Tally): string | null {
  sayFailed(value, tally)
  if (value.type === 'error') tally.hasFailed = true
  if (value.type === 'content_block_delta') {
    const delta = objectOf(value.delta)
    return delta === null ? null : textUnder(delta, ['text', 'thinking', 'partial_json'], tally)
  }
  const message = objectOf(value.message) ?? value
  nameModel(tally, message.model)
  readUsage(objectOf(message.usage), tally)
  return null
}

/** `input_tokens` leaves out what was read from the cache and what was written to it; ours contains both. */
function readUsage(usage: JsonObject | null, tally: Tally): void {
  if (usage === null) return
  const fresh = countOf(usage.input_tokens)
  const cachedTokens = countOf(usage.cache_read_input_tokens)
  const written = countOf(usage.cache_creation_input_tokens) ?? 0
  tell(tally, {
    promptTokens: fresh === null ? null : fresh + (cachedTokens ?? 0) + written,
    cachedTokens,
    completionTokens: countOf(usage.output_tokens),
  })
}
