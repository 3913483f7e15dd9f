import { countOf, type JsonObject, nameModel, objectOf, type Tally, tell } from '../tally.ts'
import { type Endpoint, sayFailed, textUnder } from './protocol.ts'

const KEYS = new Set(['model', 'timings', 'tokens_predicted', 'tokens_evaluated', 'error'])

/** llama-server's own dialect: every piece tells the counts so far, the last one (`stop: true`) the timings. */
export const llamaCpp: readonly Endpoint[] = [/\/completion$/, /\/infill$/].map((path) => ({
  ...{ path, dialect: 'openai', delivers: 'text', keys: KEYS, list: null, read },
}))

function read(value: JsonObject, tally: Tally): string | null {
  nameModel(tally, value.model)
  sayFailed(value, tally)
  readTimings(objectOf(value.timings), tally)
  tell(tally, { promptTokens: countOf(value.tokens_evaluated), completionTokens: countOf(value.tokens_predicted) })
  const key = textUnder(value, ['content'], tally)
  return value.stop === true ? null : key
}

/** llama.cpp sends these unasked, in every dialect: tokens read anew, tokens that were still in the cache, tokens written. */
export function readTimings(timings: JsonObject | null, tally: Tally): void {
  if (timings === null) return
  const cachedTokens = countOf(timings.cache_n)
  const promptTokens = countOf(timings.prompt_n)
  tell(tally, {
    promptTokens: promptTokens === null ? null : promptTokens + (cachedTokens ?? 0),
    cachedTokens,
    completionTokens: countOf(timings.predicted_n),
  })
}
