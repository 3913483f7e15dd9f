import { countOf, type JsonObject, msOf, nameModel, objectOf, type Tally, tell } from '../tally.ts'
import { type Endpoint, sayFailed, textUnder } from './protocol.ts'

const IMAGES_AT_MOST = 1_000

/** Servers with a dialect of their own and one or two paths each. */
export const others: readonly Endpoint[] = [
  {
    // LM Studio's own chat.
    ...{ path: /\/api\/v1\/chat$/, dialect: 'openai', delivers: 'text', list: null },
    keys: new Set(['model_instance_id', 'stats', 'error']),
    read: readLmStudio,
  },
  {
    // KoboldCpp counts nothing in its answers.
    ...{ path: /\/api\/(?:v1\/generate|extra\/generate\/stream)$/, dialect: 'openai', delivers: 'text', list: null },
    keys: new Set(['error']),
    read: (value, tally) => {
      sayFailed(value, tally)
      return textUnder(value, ['token'], tally)
    },
  },
  {
    // text-generation-inference and SGLang share this path.
    ...{ path: /\/generate(?:_stream)?$/, dialect: 'openai', delivers: 'text', list: null },
    keys: new Set(['details', 'meta_info', 'error']),
    read: readGenerate,
    readHead: (field, tally) =>
      tell(tally, {
        promptTokens: countOf(Number(field('x-prompt-tokens') ?? Number.NaN)),
        completionTokens: countOf(Number(field('x-generated-tokens') ?? Number.NaN)),
      }),
  },
  {
    // text-embeddings-inference; its answer is a bare list of vectors.
    ...{ path: /\/embed$/, dialect: 'openai', delivers: 'vectors', list: null, keys: new Set(['error']) },
    read: (value, tally) => {
      sayFailed(value, tally)
      return null
    },
  },
  {
    // AUTOMATIC1111 and its kin; a grid stands among the images, so those that were asked for are counted.
    ...{
      path: /\/sdapi\/v1\/(?:txt2img|img2img)$/,
      dialect: 'openai',
      delivers: 'images',
      list: 'images',
      keys: new Set(['error']),
    },
    read: (value, tally) => {
      sayFailed(value, tally)
      return null
    },
    readAsked: (asked, tally) => {
      const images = (countOf(asked.batch_size) ?? 1) * (countOf(asked.n_iter) ?? 1)
      if (images <= IMAGES_AT_MOST) tally.images = images
    },
  },
  {
    // whisper.cpp.
    ...{
      path: /\/inference$/,
      dialect: 'openai',
      delivers: 'transcript',
      list: null,
      keys: new Set(['duration', 'error']),
    },
    read: (value, tally) => {
      sayFailed(value, tally)
      tally.audioMs = msOf(value.duration, 1_000) ?? tally.audioMs
      return null
    },
  },
]

function readLmStudio(value: JsonObject, tally: Tally): string | null {
  sayFailed(value, tally)
  if (value.type === 'message.delta' || value.type === 'reasoning.delta') return textUnder(value, ['content'], tally)
  if (value.type === 'error') tally.hasFailed = true
  const result = objectOf(value.result) ?? value
  nameModel(tally, result.model_instance_id)
  const stats = objectOf(result.stats)
  if (stats === null) return null
  tell(tally, { promptTokens: countOf(stats.input_tokens), completionTokens: countOf(stats.total_output_tokens) })
  tally.loadMs = msOf(stats.model_load_time_seconds, 1_000) ?? tally.loadMs
  return null
}

function readGenerate(value: JsonObject, tally: Tally): string | null {
  sayFailed(value, tally)
  const details = objectOf(value.details)
  const meta = objectOf(value.meta_info)
  tell(tally, {
    promptTokens: countOf(details?.input_length) ?? countOf(meta?.prompt_tokens),
    cachedTokens: countOf(meta?.cached_tokens),
    completionTokens: countOf(details?.generated_tokens) ?? countOf(meta?.completion_tokens),
  })
  const token = objectOf(value.token)
  if (token?.special === true) return null
  const key = textUnder(token ?? value, ['text'], tally)
  // SGLang's pieces repeat all the text so far and count it: each has to be read.
  return meta !== null || details !== null ? null : key
}
