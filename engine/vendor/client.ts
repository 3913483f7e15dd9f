import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import type { Clock } from '../clock/clock.ts'
import type { VendorAnswer, VendorFault, VendorSession } from '../host/host.ts'
import { afterFailure, type Backoff, NO_FAILURE } from './backoff.ts'
import { createVendorLine, type VendorOutcome } from './line.ts'
import type { StartVendor, VendorProcess } from './vendor-process.ts'

/** The one vendor process of an engine: started by the first question, gone with the last session. */
export interface VendorPort {
  /** Any number of sessions of one driver share its library. */
  session(driver: string): VendorSession
  /** `null` while there is no such process. */
  readonly pid: number | null
}

type Take = (result: Result<VendorAnswer, VendorFault>) => void
type Session = { latest: VendorAnswer | null; awaited: number; isOpen: boolean }
type Driver = {
  readonly name: string
  readonly sessions: Set<Session>
  problem: Problem<VendorFault> | null
  backoff: Backoff
  /** The process that was killed for it. While the kernel cannot end that one, another would only get stuck beside it. */
  killed: VendorProcess | null
}

const CLOSED: Problem<VendorFault> = problem('broken', 'This driver library was closed before it answered.')

export function createVendorPort(options: { readonly start: StartVendor; readonly clock: Clock }): VendorPort {
  const { clock } = options
  const drivers = new Map<string, Driver>()
  const line = createVendorLine({
    ...options,
    onLost(guilty, fault, killed) {
      for (const driver of drivers.values()) {
        for (const session of driver.sessions) session.latest = null
        if (!guilty.includes(driver.name)) continue
        driver.killed = killed
        fail(driver, fault)
      }
    },
  })

  function fail(driver: Driver, fault: Problem<VendorFault>): void {
    driver.problem = fault
    if (fault.code === 'broken') driver.backoff = afterFailure(driver.backoff, clock.monotonicMs())
    for (const session of driver.sessions) session.latest = null
  }

  const rests = ({ killed, backoff }: Driver) => killed?.hasEnded === false || clock.monotonicMs() < backoff.untilMs

  function ask(driver: Driver, session: Session, request: unknown, answer: Take | null): void {
    session.awaited += 1
    line.ask({
      driver: driver.name,
      kind: 'read',
      request,
      isAwaited: answer !== null,
      isWanted: () => session.isOpen && !rests(driver),
      take(outcome) {
        session.awaited -= 1
        const result = resultOf(driver, session, outcome)
        answer?.(result)
      },
    })
  }

  function resultOf(driver: Driver, session: Session, outcome: VendorOutcome): Result<VendorAnswer, VendorFault> {
    if (outcome?.ok === false) fail(driver, outcome)
    if (outcome?.ok !== true || !session.isOpen) return (session.isOpen ? driver.problem : null) ?? CLOSED
    driver.problem = null
    session.latest = { value: outcome.value, askedMs: outcome.askedMs, answeredMs: outcome.answeredMs }
    return ok(session.latest)
  }

  function close(driver: Driver, session: Session): void {
    session.isOpen = false
    session.latest = null
    driver.sessions.delete(session)
    if (driver.sessions.size > 0) return
    if ([...drivers.values()].every(({ sessions }) => sessions.size === 0)) {
      line.end()
    } else if (line.loaded.has(driver.name)) {
      const isWanted = () => driver.sessions.size === 0 && line.loaded.has(driver.name)
      line.ask({ driver: driver.name, kind: 'close', request: null, isAwaited: false, isWanted, take() {} })
    }
  }

  function driverOf(name: string): Driver {
    const known = drivers.get(name)
    if (known !== undefined) return known
    const driver: Driver = { name, sessions: new Set(), problem: null, backoff: NO_FAILURE, killed: null }
    drivers.set(name, driver)
    return driver
  }

  return {
    session(name) {
      const driver = driverOf(name)
      const session: Session = { latest: null, awaited: 0, isOpen: true }
      driver.sessions.add(session)
      return {
        ask(request) {
          // A library that is not there, or not for us, is asked again by a probe alone.
          const isRefused = driver.problem !== null && driver.problem.code !== 'broken'
          if (session.isOpen && session.awaited === 0 && !isRefused && !rests(driver))
            ask(driver, session, request, null)
        },
        get latest() {
          return session.latest
        },
        get problem() {
          return driver.problem
        },
        answer(request) {
          if (!session.isOpen) return Promise.resolve(CLOSED)
          if (rests(driver)) return Promise.resolve(driver.problem ?? CLOSED)
          return new Promise((resolve) => ask(driver, session, request, resolve))
        },
        close: () => {
          if (session.isOpen) close(driver, session)
        },
      }
    },
    get pid() {
      return line.pid
    },
  }
}
