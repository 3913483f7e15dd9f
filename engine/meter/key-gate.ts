import { createHash, timingSafeEqual } from 'node:crypto'
import type { Head } from './http-head.ts'
import { keyOf } from './identify.ts'
import type { Refusal } from './local-answer.ts'

/** Decides at once, before a request's head is passed on; `null` lets it through. */
export type Gate = (head: Head) => Refusal | null

const REFUSED: Refusal = { status: 401, message: 'this meter is reached with its key alone' }

/** Lets through who sends the meter's key, in any of the fields that API keys come in; compared in constant time. */
export function keyGate(key: string): Gate {
  const expected = digest(key)
  return (head) => {
    const sent = keyOf(head)
    return sent !== null && timingSafeEqual(digest(sent), expected) ? null : REFUSED
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
