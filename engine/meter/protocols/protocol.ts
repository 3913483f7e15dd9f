import type { JsonObject, Tally } from '../tally.ts'

/** How an error of ours has to look for the client to understand it. */
export type Dialect = 'openai' | 'anthropic' | 'ollama'

/** One way to ask a model something, and where its answer tells what it cost. */
export type Endpoint = {
  /** End of the path; anything may stand in front of it. */
  readonly path: RegExp
  readonly dialect: Dialect
  readonly delivers: 'text' | 'vectors' | 'images' | 'transcript' | 'speech'
  /** Top-level keys of an answer in one piece that `read` looks at. */
  readonly keys: ReadonlySet<string>
  /** Top-level list of such an answer whose members are delivered images. */
  readonly list: string | null
  /**
   * Takes what an answer in one piece, or one event of a stream (of the name `event`), tells. Answers with the key under which it carried text, where
   * it was a piece of text and nothing else.
   */
  read(value: JsonObject, tally: Tally, event: string): string | null
  /** What the answer's head tells. */
  readHead?(field: (name: string) => string | null, tally: Tally): void
  /** What was asked for, beside model and person. */
  readAsked?(asked: JsonObject, tally: Tally): void
}

/** Counts a piece of text under the first of the keys that holds any. */
export function textUnder(value: JsonObject, keys: readonly string[], tally: Tally): string | null {
  for (const key of keys) {
    const text = value[key]
    if (typeof text !== 'string' || text === '') continue
    tally.deltas++
    return key
  }
  return null
}

/** `error` in an answer with status 200: it failed, and what was counted until then stays. */
export function sayFailed(value: JsonObject, tally: Tally): void {
  if (value.error !== undefined && value.error !== null && value.error !== false) tally.hasFailed = true
}
