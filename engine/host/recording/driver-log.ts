import { ok, type Problem } from '../../../contract/result.ts'
import type { Clock } from '../../clock/clock.ts'
import type { VendorAnswer, VendorFault, VendorSession } from '../host.ts'
import { namesNobody } from './clean.ts'
import { DRIVER_WORDS, StandIns } from './driver-words.ts'
import type { FileLog } from './file-log.ts'
import { DRIVER_TEXTS, type Step } from './format.ts'
import { questionKind } from './question-kind.ts'

type Session = { readonly look: () => void }

/** What driver libraries were asked and what they answered, each answer once; with problems, and without what names a machine or its owner. */
export class DriverLog {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #startMs: number
  readonly #files: FileLog
  readonly #say: (step: Step) => void
  readonly #standIns = new StandIns()
  readonly #sessions = new Set<Session>()
  readonly #troubles = new Map<string, string>()

  constructor(clock: Pick<Clock, 'monotonicMs'>, startMs: number, files: FileLog, say: (step: Step) => void) {
    this.#clock = clock
    this.#startMs = startMs
    this.#files = files
    this.#say = say
  }

  /** What has come since somebody looked last. */
  look(): void {
    for (const session of this.#sessions) session.look()
  }

  /** The session itself, overheard. */
  session(driver: string, inner: VendorSession): VendorSession {
    if (!Object.hasOwn(DRIVER_WORDS, driver)) return inner
    const heard = new WeakSet<VendorAnswer>()
    /** Taken by the library, as far as can be seen from here. */
    let pending: { readonly request: unknown } | null = null
    let probing: { readonly request: unknown } | null = null

    const look = () => {
      const { latest, problem } = inner
      if (latest !== null && !heard.has(latest)) {
        heard.add(latest)
        const isProbe = probing !== null && pending === null
        this.#told(driver, isProbe, (pending ?? probing)?.request, latest)
        pending = null
      }
      this.#trouble(driver, problem)
    }
    const session = { look }
    this.#sessions.add(session)
    return {
      ask(request) {
        look()
        // A library at work takes no second question; one that failed has let go of the first.
        if (pending === null || inner.problem !== null) pending = { request }
        inner.ask(request)
        look()
      },
      get latest() {
        look()
        return inner.latest
      },
      get problem() {
        look()
        return inner.problem
      },
      answer: async (request) => {
        look()
        const askedMs = this.#clock.monotonicMs()
        probing = { request }
        const answer = await inner.answer(request)
        probing = null
        if (answer.ok && !heard.has(answer.value)) {
          heard.add(answer.value)
          this.#told(driver, true, request, answer.value)
        }
        if (!answer.ok) this.#refused(driver, request, askedMs, answer)
        return answer
      },
      close: () => {
        look()
        this.#sessions.delete(session)
        inner.close()
      },
    }
  }

  #told(driver: string, isProbe: boolean, request: unknown, answer: VendorAnswer): void {
    const value = DRIVER_WORDS[driver]?.answer(answer.value, this.#standIns) ?? null
    this.#say({
      kind: isProbe ? 'probed' : 'told',
      driver,
      question: this.#question(driver, request),
      answer: this.#text(driver, `answer ${questionKind(request)}`, value),
      askedMs: answer.askedMs - this.#startMs,
      answeredMs: answer.answeredMs - this.#startMs,
    })
  }

  #refused(driver: string, request: unknown, askedMs: number, fault: Problem<VendorFault>): void {
    const question = this.#question(driver, request)
    const reason = plainReason(fault)
    this.#say({ kind: 'refused', driver, question, askedMs: askedMs - this.#startMs, fault: fault.code, reason })
  }

  #trouble(driver: string, fault: Problem<VendorFault> | null): void {
    const told = fault === null ? '' : `${fault.code} ${fault.reason}`
    if ((this.#troubles.get(driver) ?? '') === told) return
    this.#troubles.set(driver, told)
    this.#say({
      kind: 'trouble',
      driver,
      fault: fault === null ? null : { code: fault.code, reason: plainReason(fault) },
    })
  }

  #question(driver: string, request: unknown): number {
    const value = DRIVER_WORDS[driver]?.question(request, this.#standIns) ?? null
    return this.#text(driver, `question ${questionKind(request)}`, value)
  }

  /** A line for each figure, so that only those that changed are written. */
  #text(driver: string, name: string, value: unknown): number {
    const path = `${DRIVER_TEXTS}${driver}/${name.trim().replaceAll(' ', '/')}`
    this.#files.watch(path, ok(inAscii(`${JSON.stringify(value, null, 1)}\n`)), (text) => text)
    return this.#files.numberOf(path)
  }
}

function inAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Reasons are sentences of ours; what a library said of itself may stand in one, with paths in it. */
function plainReason({ reason }: Problem<VendorFault>): string {
  const text = reason.replaceAll('’', "'").slice(0, 300)
  return /^[\w ,.:;()'-]+$/.test(text) && namesNobody(text) ? text : 'The driver library gave no answer.'
}
