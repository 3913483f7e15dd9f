import type { Result } from '../../contract/result.ts'
import type { FileFault, Host } from '../host/host.ts'

/** Yields paths and is given the text of each; what it returns is the answer. Each path is answered before the next is read. */
export type Round<T> = Generator<string, T, Result<string, FileFault>>

/** `late`: told once where a question has had no answer for `LATE_MS`. */
export type Answer<T> = { readonly atMs: number; readonly value: T | 'late' }

export interface Asker<T> {
  /** The newest answer, once; and asks anew when it is time. Call it once a tick. */
  look(): Answer<T> | null
  close(): void
}

/** A value that is longer on its way says nothing of any moment. */
const LATE_MS = 10_000
/** Ticks come a little early or late; a question that is due by less than this would otherwise wait for the next. */
const EARLY_MS = 100

/**
 * Reads files that a slow chip answers, off the tick and one after the other: a chip that hangs holds one thread of the pool, never all.
 * The value was true somewhere between question and answer, so it is dated to the middle.
 */
export function createAsker<T>({ files, clock }: Host, everyMs: number, round: () => Round<T>): Asker<T> {
  let ready: Answer<T> | null = null
  let askedMs: number | null = null
  let isAsking = false
  let isLate = false
  let isClosed = false

  function ask(nowMs: number): void {
    askedMs = nowMs
    isAsking = true
    isLate = false
    const paths = round()
    const step = (next: IteratorResult<string, T>): void => {
      if (next.done === true) answer(nowMs, next.value)
      else
        files.later(next.value, (text) => {
          if (!isClosed) step(paths.next(text))
        })
    }
    step(paths.next())
  }

  function answer(fromMs: number, value: T): void {
    isAsking = false
    const toMs = clock.monotonicMs()
    if (toMs - fromMs <= LATE_MS) ready = { atMs: (fromMs + toMs) / 2, value }
  }

  return {
    look() {
      const nowMs = clock.monotonicMs()
      const answered = ready
      ready = null
      if (!isAsking && (askedMs === null || nowMs - askedMs >= everyMs - EARLY_MS)) ask(nowMs)
      if (answered !== null) return answered
      if (!isAsking || isLate || nowMs - (askedMs ?? nowMs) <= LATE_MS) return null
      isLate = true
      return { atMs: nowMs, value: 'late' }
    },
    close() {
      isClosed = true
      ready = null
    },
  }
}

/** A whole number as sysfs prints it; `null` for anything else, and for what a double does not hold exactly. */
export function wholeNumber(text: string): number | null {
  const trimmed = text.trim()
  if (!/^-?\d{1,16}$/.test(trimmed)) return null
  const value = Number(trimmed)
  return Number.isSafeInteger(value) ? value : null
}
