import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import type { VirtualClock } from '../../clock/virtual.ts'
import type { VendorAnswer, VendorFault, VendorSession } from '../host.ts'
import { noVendor } from '../no-vendor.ts'
import { DRIVER_TEXTS, type Moment, type Step } from './format.ts'
import { questionKind } from './question-kind.ts'
import { Scene } from './scene.ts'

type Recorded = {
  readonly isProbe: boolean
  /** In which moment it was asked. */
  readonly moment: number
  readonly question: string
  readonly kind: string
  readonly result: Result<VendorAnswer, VendorFault>
}
type Session = { latest: VendorAnswer | null; isAwaited: boolean; isOpen: boolean }
type Driver = { recorded: Recorded[]; problem: Problem<VendorFault> | null; readonly sessions: Set<Session> }

/** An answer stands in the moment in which it came; questions are answered within this, or never. */
const AHEAD_MS = 30_000
/** A probe that waited for others was asked later than it is now, when nothing waits. */
const PROBE_MOMENTS = 10
/** Times are written to the microsecond. */
const ROUNDING_MS = 0.001

/** Driver libraries as they answered then: the same question in the same moment has the same answer, as late as it was. */
export class PlayedDrivers {
  readonly #moments: readonly Moment[]
  readonly #clock: VirtualClock
  readonly #startMs: number
  readonly #drivers = new Map<string, Driver>()
  readonly #texts = new Scene()
  readonly #textFiles = new Set<number>()
  #shown = 0
  #read = 0

  constructor(moments: readonly Moment[], clock: VirtualClock) {
    this.#moments = moments
    this.#clock = clock
    this.#startMs = moments[0]?.monotonicMs ?? 0
    for (const { steps } of moments) {
      for (const step of steps) {
        if ('driver' in step && !this.#drivers.has(step.driver)) {
          this.#drivers.set(step.driver, { recorded: [], problem: null, sessions: new Set() })
        }
      }
    }
  }

  /** Moment `index` begins. */
  show(index: number): void {
    this.#shown = index
    const moment = this.#moments[index]
    for (const step of moment?.steps ?? []) if (step.kind === 'trouble') this.#trouble(step)
    const untilMs = (moment?.monotonicMs ?? 0) + AHEAD_MS
    for (let next = this.#moments[this.#read]; next !== undefined; next = this.#moments[this.#read]) {
      if (next.monotonicMs > untilMs) break
      for (const step of next.steps) this.#take(step)
      this.#read++
    }
    for (const driver of this.#drivers.values()) {
      driver.recorded = driver.recorded.filter(({ moment }) => moment >= index)
    }
  }

  session(name: string): VendorSession {
    const driver = this.#drivers.get(name)
    if (driver === undefined) return noVendor(`This recording holds no answers of the driver library ${name}.`)
    const session: Session = { latest: null, isAwaited: false, isOpen: true }
    driver.sessions.add(session)
    return {
      ask: (request) => {
        if (!session.isOpen || session.isAwaited) return
        const recorded = this.#find(driver, request, false)
        if (recorded?.result.ok === true) this.#deliver(driver, session, recorded.result.value)
      },
      get latest() {
        return session.latest
      },
      get problem() {
        return driver.problem
      },
      // Who waits is given the answer at once: while somebody waits, no time passes here.
      answer: (request) => {
        const recorded = session.isOpen ? this.#find(driver, request, true) : undefined
        if (recorded?.result.ok === true) arrive(driver, session, recorded.result.value)
        return Promise.resolve(recorded?.result ?? driver.problem ?? UNANSWERED)
      },
      close() {
        session.isOpen = false
        session.latest = null
        driver.sessions.delete(session)
      },
    }
  }

  #deliver(driver: Driver, session: Session, answer: VendorAnswer): void {
    const waitMs = answer.answeredMs - this.#clock.monotonicMs()
    if (waitMs <= 0) {
      arrive(driver, session, answer)
      return
    }
    session.isAwaited = true
    this.#clock.after(waitMs, () => {
      session.isAwaited = false
      if (session.isOpen) arrive(driver, session, answer)
    })
  }

  /** The answer to exactly this question, or to one of its kind: an engine of another version asks a little otherwise. */
  #find(driver: Driver, request: unknown, isProbe: boolean): Recorded | undefined {
    const question = JSON.stringify(request ?? null)
    const kind = questionKind(request)
    const last = isProbe ? this.#shown + PROBE_MOMENTS : this.#shown
    const ofNow = driver.recorded.filter((one) => one.isProbe === isProbe && one.moment <= last)
    const found = ofNow.find((one) => one.question === question) ?? ofNow.find((one) => one.kind === kind)
    if (found !== undefined) driver.recorded.splice(driver.recorded.indexOf(found), 1)
    return found
  }

  #trouble({ driver: name, fault }: Extract<Step, { kind: 'trouble' }>): void {
    const driver = this.#drivers.get(name)
    if (driver === undefined) return
    driver.problem = fault === null ? null : problem(fault.code, fault.reason)
    if (fault !== null) for (const session of driver.sessions) session.latest = null
  }

  #take(step: Step): void {
    if (step.kind === 'file' && step.path.startsWith(DRIVER_TEXTS)) this.#textFiles.add(step.file)
    if ((step.kind === 'file' || step.kind === 'change') && this.#textFiles.has(step.file)) this.#texts.apply(step)
    if (step.kind === 'told' || step.kind === 'probed') {
      const [askedMs, answeredMs] = [step.askedMs - this.#startMs, step.answeredMs - this.#startMs]
      const value = this.#texts.jsonIn(step.answer)
      this.#keep(step, step.kind === 'probed', ok({ value, askedMs, answeredMs }))
    }
    if (step.kind === 'refused') this.#keep(step, true, problem(step.fault, step.reason))
  }

  #keep(
    step: { readonly driver: string; readonly question: number; readonly askedMs: number },
    isProbe: boolean,
    result: Recorded['result'],
  ): void {
    const question = this.#texts.jsonIn(step.question)
    this.#drivers.get(step.driver)?.recorded.push({
      isProbe,
      moment: this.#momentOf(step.askedMs),
      question: JSON.stringify(question),
      kind: questionKind(question),
      result,
    })
  }

  /** The last that had begun by then; what was asked before the first belongs to it. */
  #momentOf(askedMs: number): number {
    let [low, high] = [0, this.#moments.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#moments[middle]?.monotonicMs ?? 0) <= askedMs + ROUNDING_MS) low = middle
      else high = middle - 1
    }
    return low
  }
}

const UNANSWERED = problem('broken', 'The recording holds no answer to this question.')

function arrive(driver: Driver, session: Session, answer: VendorAnswer): void {
  driver.problem = null
  session.latest = answer
}
