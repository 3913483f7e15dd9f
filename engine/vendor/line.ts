import { type Problem, problem } from '../../contract/result.ts'
import type { Cancel, Clock } from '../clock/clock.ts'
import type { VendorAnswer, VendorFault } from '../host/host.ts'
import type { VendorReply } from './protocol.ts'
import type { StartVendor, VendorProcess } from './vendor-process.ts'

/** `null`: it was not asked after all, or nobody will ever answer. */
export type VendorOutcome = ({ readonly ok: true } & VendorAnswer) | Problem<VendorFault> | null

export type VendorItem = {
  readonly driver: string
  readonly kind: 'read' | 'close'
  readonly request: unknown
  /** Whether somebody waits for it: then the engine stays alive until it is answered. */
  readonly isAwaited: boolean
  /** Looked at when its turn comes. */
  isWanted(): boolean
  take(outcome: VendorOutcome): void
}

/** Questions to the vendor process, one at a time, so that it is known who keeps the others waiting. */
export interface VendorLine {
  /** Puts a question at the end of the line, and starts the process where there is none. */
  ask(item: VendorItem): void
  /** Drivers whose library the process may hold now. */
  readonly loaded: ReadonlySet<string>
  readonly pid: number | null
  /** Ends the process and forgets all that was asked. */
  end(): void
}

/** Two missed answers in a row end the process. Two and not one: after a stall of our own, the timer fires before the answer is read. */
const MISSED_AFTER_MS = 2_000
/** The first answer of a driver waits for the process, the library, and a device that nobody had initialised. */
const FIRST_MISSED_AFTER_MS = 5_000
/** A process that holds no library waits a little: the next probe may ask for another one. */
const EMPTY_ENDS_AFTER_MS = 5_000

export function createVendorLine(options: {
  readonly start: StartVendor
  readonly clock: Clock
  /**
   * The process is gone, and all that was loaded with it. `guilty` is the driver that was being asked; between two questions it may have
   * been any that was loaded, on a thread of its own.
   */
  readonly onLost: (guilty: readonly string[], fault: Problem<'broken'>, process: VendorProcess) => void
}): VendorLine {
  const { clock } = options
  const queue: VendorItem[] = []
  const loaded = new Set<string>()
  let running: VendorProcess | null = null
  let asked: { readonly item: VendorItem; readonly id: number; readonly askedMs: number } | null = null
  let nextId = 0
  let cancelPatience: Cancel = () => {}
  let cancelEnd: Cancel = () => {}

  function askNext(): void {
    while (asked === null) {
      const item = queue.shift()
      if (item === undefined) break
      if (item.isWanted()) put(item)
      else item.take(null)
    }
    running?.keepAlive(asked?.item.isAwaited === true || queue.some(({ isAwaited }) => isAwaited))
    cancelEnd()
    if (running !== null && asked === null && loaded.size === 0)
      cancelEnd = clock.after(EMPTY_ENDS_AFTER_MS, end, { background: true })
  }

  function put(item: VendorItem): void {
    const vendor = running ?? options.start({ onReply, onNonsense, onEnd })
    running = vendor
    asked = { item, id: nextId++, askedMs: clock.monotonicMs() }
    const missedAfterMs = loaded.has(item.driver) ? MISSED_AFTER_MS : FIRST_MISSED_AFTER_MS
    loaded.add(item.driver)
    const missed = () => lost(`The driver library ${item.driver} did not answer for ${(missedAfterMs * 2) / 1_000} s`)
    const missedOnce = () => {
      cancelPatience = clock.after(missedAfterMs, missed, { background: true })
    }
    cancelPatience = clock.after(missedAfterMs, missedOnce, { background: true })
    vendor.ask({ id: asked.id, driver: item.driver, kind: item.kind, request: item.request })
  }

  function onReply(reply: VendorReply): void {
    if (reply.id !== asked?.id) {
      onNonsense()
      return
    }
    const { item, askedMs } = asked
    cancelPatience()
    asked = null
    if (item.kind === 'close' || (reply.kind === 'problem' && reply.code !== 'broken')) loaded.delete(item.driver)
    if (reply.kind === 'problem') item.take(problem(reply.code, reply.reason, reply.remedy))
    else item.take({ ok: true, value: reply.value, askedMs, answeredMs: clock.monotonicMs() })
    askNext()
  }

  const onNonsense = () => lost(`The process of driver libraries said what cannot be read${whileAsking()}`)
  const onEnd = (how: string) => lost(`The process of driver libraries ended${whileAsking()} (${how})`)
  const whileAsking = () => (asked === null ? '' : ` while ${asked.item.driver} was asked`)

  function lost(what: string): void {
    const [ended, item] = [running, asked?.item ?? null]
    const guilty = item === null ? [...loaded] : [item.driver]
    cancelPatience()
    running = null
    asked = null
    loaded.clear()
    if (ended === null) return
    ended.kill()
    options.onLost(guilty, problem('broken', `${what}; it is tried again after a pause.`), ended)
    item?.take(null)
    // Those who wait had no part in it, or are no longer wanted.
    askNext()
  }

  function end(): void {
    cancelPatience()
    cancelEnd()
    running?.end()
    running = null
    loaded.clear()
    const forgotten = asked === null ? queue.splice(0) : [asked.item, ...queue.splice(0)]
    asked = null
    for (const item of forgotten) item.take(null)
  }

  return {
    ask(item) {
      queue.push(item)
      askNext()
    },
    loaded,
    get pid() {
      return running?.pid ?? null
    },
    end,
  }
}
