import type { ModelId } from '../../contract/ids.ts'
import type { MeteredEnd } from './request-book.ts'

/** What one request did in one tick, as far as it could be seen. */
export type RequestWork = {
  readonly id: string
  readonly model: ModelId
  readonly promptTokens: number
  readonly outputTokens: number
  /** For so long it was in flight, and of that nothing was to be seen of it: its answer comes in one piece, or has not begun. */
  readonly presentMs: number
  readonly silentMs: number
}

/** What a request's end tells of all that it did. */
type Ended = Pick<MeteredEnd, 'promptTokens' | 'cachedTokens' | 'completionTokens' | 'tokensProvenance'> & {
  readonly atMs: number
}

/** Text of a prompt per token before a model has taught its own, and what an image stands for (a vision tower's usual patches). */
const FIRST_BYTES_PER_TOKEN = 4
const TOKENS_PER_MEDIUM = 576
/** How fast a prompt is read before a model has taught it, tokens per second. */
const FIRST_PREFILL_PER_S = 1_000
/** How much of what was known a new request leaves standing. */
const MEMORY = 0.8

/** What is learned of a model from its exact requests, to see its later ones while they run. */
export class ModelHabits {
  #bytesPerToken = FIRST_BYTES_PER_TOKEN
  #prefillPerS = FIRST_PREFILL_PER_S

  promptTokens(bytes: number, media: number): number {
    return bytes / this.#bytesPerToken + media * TOKENS_PER_MEDIUM
  }

  get prefillPerMs(): number {
    return this.#prefillPerS / 1_000
  }

  /** A request has ended whose prompt the server counted: of it, without images, the text's length per token and the speed of reading. */
  learn(ended: {
    promptTokens: number
    cachedTokens: number
    promptBytes: number
    promptMedia: number
    ttftMs: number | null
  }): void {
    const { promptTokens, cachedTokens, promptBytes, promptMedia, ttftMs } = ended
    if (promptMedia > 0 || promptTokens < 8) return
    const bytesPerToken = promptBytes / promptTokens
    if (bytesPerToken >= 0.5 && bytesPerToken <= 40) this.#bytesPerToken = mixed(this.#bytesPerToken, bytesPerToken)
    const read = promptTokens - cachedTokens
    if (ttftMs !== null && ttftMs >= 20 && read >= 32)
      this.#prefillPerS = mixed(this.#prefillPerS, (1_000 * read) / ttftMs)
  }
}

function mixed(known: number, next: number): number {
  return MEMORY * known + (1 - MEMORY) * next
}

/**
 * The visible progress of one request, tick by tick. What it reads of its prompt is spread at the speed that the model is known for, and
 * what is left of it falls due with the first piece of the answer; what it writes are the pieces that came. Nothing is corrected later: the
 * counts are, the joules are not moved (attribution.md §4).
 */
export class RequestProgress {
  readonly id: string
  readonly beganMs: number
  model: ModelId | null = null
  #promptBytes = 0
  #promptMedia = 0
  #deltas = 0
  #deltasTold = 0
  #promptTold = 0
  #toldToMs: number

  constructor(id: string, beganMs: number) {
    this.id = id
    this.beganMs = beganMs
    this.#toldToMs = beganMs
  }

  /** A piece of its answer was seen. */
  get hasAnswered(): boolean {
    return this.#deltas > 0
  }

  see(told: { promptBytes: number; promptMedia: number; deltas: number }): void {
    // Counts only rise; a report that came out of order changes nothing.
    this.#promptBytes = Math.max(this.#promptBytes, told.promptBytes)
    this.#promptMedia = Math.max(this.#promptMedia, told.promptMedia)
    this.#deltas = Math.max(this.#deltas, told.deltas)
  }

  /** What it did since it was last asked. `null` while its model is not known. `ended`: it has. */
  take(toMs: number, habits: ModelHabits, ended: Ended | null = null): RequestWork | null {
    if (this.model === null) return null
    const untilMs = Math.max(this.#toldToMs, Math.min(toMs, ended?.atMs ?? toMs))
    const presentMs = untilMs - this.#toldToMs
    const promptTokens = this.#promptDue(presentMs, habits, ended)
    const unseen = ended === null ? 0 : this.#unseen(ended, presentMs)
    const outputTokens = this.#deltas - this.#deltasTold + unseen
    const isSeen = outputTokens > 0 || (ended !== null && isCounted(ended))
    this.#promptTold += promptTokens
    this.#deltasTold = this.#deltas
    this.#toldToMs = untilMs
    const silentMs = isSeen ? 0 : Math.max(0, presentMs - promptTokens / habits.prefillPerMs)
    return { id: this.id, model: this.model, promptTokens, outputTokens, presentMs, silentMs }
  }

  #promptDue(presentMs: number, habits: ModelHabits, ended: Ended | null): number {
    const estimated = habits.promptTokens(this.#promptBytes, this.#promptMedia)
    const counted = ended?.promptTokens == null ? null : ended.promptTokens - (ended.cachedTokens ?? 0)
    const left = Math.max(0, (counted ?? estimated) - this.#promptTold)
    if (this.#deltas > 0 || ended !== null) return left
    return Math.min(left, presentMs * habits.prefillPerMs)
  }

  /** What it wrote and nobody saw it write, it wrote evenly: of that, what falls into its last piece of time. */
  #unseen(ended: Ended, presentMs: number): number {
    if (!isCounted(ended)) return 0
    const unseen = Math.max(0, (ended.completionTokens ?? 0) - this.#deltas)
    const lastedMs = ended.atMs - this.beganMs
    return lastedMs <= 0 ? unseen : (unseen * presentMs) / lastedMs
  }
}

function isCounted({ completionTokens, tokensProvenance }: Ended): boolean {
  return completionTokens !== null && tokensProvenance === 'exact'
}
