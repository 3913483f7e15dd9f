/**
 * Hands a value on when it differs from the last one handed on, and not before `everyMs` have passed since that; the newest
 * waits for its turn, what was overtaken is never handed on. Nothing new: no call and no timer.
 */
export class Paced<T> {
  readonly #apply: (value: T) => void
  #appliedKey: string | null = null
  #appliedMs = Number.NEGATIVE_INFINITY
  #dueMs = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | null = null

  constructor(apply: (value: T) => void) {
    this.#apply = apply
  }

  set(value: T, everyMs: number): void {
    const key = JSON.stringify(value)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    // What waits already was promised its time; who overtakes it takes that over.
    this.#dueMs = Math.min(this.#dueMs, this.#appliedMs + everyMs)
    const waitMs = this.#dueMs - performance.now()
    if (key === this.#appliedKey) this.#dueMs = Number.POSITIVE_INFINITY
    else if (waitMs <= 0) this.#handOn(value, key)
    else this.#timer = setTimeout(() => this.#handOn(value, key), waitMs)
  }

  /** The value has reached its place by another way. */
  note(value: T): void {
    this.#appliedKey = JSON.stringify(value)
    this.#appliedMs = performance.now()
  }

  /** What was handed on is lost (its panel is a new one): the next value counts as new. */
  forget(): void {
    this.#appliedKey = null
    this.#appliedMs = Number.NEGATIVE_INFINITY
  }

  #handOn(value: T, key: string): void {
    this.#timer = null
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#appliedKey = key
    this.#appliedMs = performance.now()
    this.#apply(value)
  }
}
