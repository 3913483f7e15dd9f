import type { MeterEvent } from '../../contract/metering.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** What has become known of one request, from its own words and its answer's. `null`: nobody said. */
export type Tally = {
  requestedModel: string | null
  model: string | null
  promptTokens: number | null
  cachedTokens: number | null
  completionTokens: number | null
  images: number | null
  audioMs: number | null
  loadMs: number | null
  /** Pieces of the answer that carried text. */
  deltas: number
  isRemote: boolean
  hasFailed: boolean
  /** It loaded or unloaded a model and asked nothing. */
  asksNothing: boolean
}

export function newTally(): Tally {
  return {
    ...{ requestedModel: null, model: null, promptTokens: null, cachedTokens: null, completionTokens: null },
    ...{ images: null, audioMs: null, loadMs: null, deltas: 0, isRemote: false, hasFailed: false, asksNothing: false },
  }
}

/** More tokens than that no request has: whoever says so is wrong. */
const MOST_TOKENS = 1e9
const MODEL_CHARACTERS = 240

/** A count that a server told; `null` for anything that is no count. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_TOKENS ? value : null
}

/** A length in ms that was told in units of `unitMs`, also as text. */
export function msOf(value: unknown, unitMs: number): number | null {
  const told = typeof value === 'string' && value !== '' ? Number(value) : value
  if (typeof told !== 'number' || !Number.isFinite(told) || told < 0) return null
  const ms = told * unitMs
  return ms <= Number.MAX_SAFE_INTEGER ? ms : null
}

export function objectOf(value: unknown): JsonObject | null {
  // Whatever JSON.parse made of braces; its keys are looked up and proven one by one.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** The server's own name of the model; an empty one says nothing. */
export function nameModel(tally: Tally, name: unknown): void {
  if (isText(name)) tally.model = name.slice(0, MODEL_CHARACTERS)
}

/** Counts that are told; what is not told keeps its value, because the last value wins and an absent one says nothing. */
export function tell(
  tally: Tally,
  counts: Partial<Pick<Tally, 'promptTokens' | 'cachedTokens' | 'completionTokens'>>,
): void {
  tally.promptTokens = counts.promptTokens ?? tally.promptTokens
  tally.cachedTokens = counts.cachedTokens ?? tally.cachedTokens
  tally.completionTokens = counts.completionTokens ?? tally.completionTokens
}

type Counted = Pick<
  Extract<MeterEvent, { type: 'end' }>,
  'promptTokens' | 'cachedTokens' | 'completionTokens' | 'tokensProvenance'
>

/**
 * Tokens as they are reported at the end. A server's own count is exact; pieces of the answer are a lower bound; what nobody told is not
 * reported and never 0. `isRefused`: the server answered with an error, so that it wrote nothing.
 */
export function countedTokens(tally: Tally, isRefused: boolean, writesTokens: boolean): Counted {
  const { promptTokens, cachedTokens, completionTokens, deltas } = tally
  const prompt = { promptTokens, cachedTokens: atMost(cachedTokens, promptTokens) }
  if (isRefused) return { ...prompt, completionTokens: 0, tokensProvenance: 'exact' }
  if (!writesTokens)
    return { ...prompt, completionTokens: 0, tokensProvenance: promptTokens === null ? 'notReported' : 'exact' }
  // Ollama's OpenAI dialect sends zeros with every piece but the last, so that a broken stream would have written nothing.
  const isTold = completionTokens !== null && !(completionTokens === 0 && deltas > 0)
  if (isTold) return { ...prompt, completionTokens, tokensProvenance: 'exact' }
  if (deltas > 0) return { ...prompt, completionTokens: deltas, tokensProvenance: 'estimate' }
  return { ...prompt, completionTokens: null, tokensProvenance: 'notReported' }
}

function atMost(part: number | null, whole: number | null): number | null {
  return part === null || whole === null ? part : Math.min(part, whole)
}
