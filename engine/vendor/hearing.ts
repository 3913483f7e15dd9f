import { LONGEST_LINE } from './channel.ts'
import { type VendorReply, vendorReply } from './protocol.ts'

export type VendorEvents = {
  onReply(reply: VendorReply): void
  /** It said what no vendor process says. */
  onNonsense(): void
  /** Once, if it ended by itself: `how` is its signal, its exit code, or why it did not start. */
  onEnd(how: string): void
}

/** What is heard of a vendor process, whichever way it comes: replies are judged, its end is told once, and nothing after it was let go. */
export interface Hearing {
  readonly isHeard: boolean
  readonly hasEnded: boolean
  line(text: unknown): void
  nonsense(): void
  ended(how: string): void
  stop(): void
}

export function createHearing(events: VendorEvents): Hearing {
  let isHeard = true
  let hasEnded = false
  const nonsense = () => {
    if (isHeard) events.onNonsense()
  }
  return {
    get isHeard() {
      return isHeard
    },
    get hasEnded() {
      return hasEnded
    },
    line(text) {
      if (!isHeard) return
      const reply = vendorReply(parsed(text))
      if (reply === null) nonsense()
      else events.onReply(reply)
    },
    nonsense,
    ended(how) {
      hasEnded = true
      if (!isHeard) return
      isHeard = false
      events.onEnd(how)
    },
    stop() {
      isHeard = false
    },
  }
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string' || text.length > LONGEST_LINE) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
