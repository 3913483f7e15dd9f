import type { ModelId } from '../../contract/ids.ts'

/** What one request did in one tick, as far as it could be seen. */
export type RequestWork = {
  readonly id: string
  readonly model: ModelId
  readonly promptTokens: number
  readonly outputTokens: number
  /** In flight without anything to be seen of it: its answer comes in one piece, or has not begun. */
  readonly isSilent: boolean
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

  /** What it did since it was last asked. `null` while its model is not known. */
  take(toMs: number, habits: ModelHabits): RequestWork | null {
    if (this.model === null) return null
    const promptTokens = this.#promptDue(toMs, habits)
    const outputTokens = this.#deltas - this.#deltasTold
    this.#promptTold += promptTokens
    this.#deltasTold = this.#deltas
    this.#toldToMs = Math.max(this.#toldToMs, toMs)
    return { id: this.id, model: this.model, promptTokens, outputTokens, isSilent: promptTokens + outputTokens <= 0 }
  }

  #promptDue(toMs: number, habits: ModelHabits): number {
    const left = Math.max(0, habits.promptTokens(this.#promptBytes, this.#promptMedia) - this.#promptTold)
    if (this.#deltas > 0) return left
    return Math.min(left, Math.max(0, toMs - this.#toldToMs) * habits.prefillPerMs)
  }
}
