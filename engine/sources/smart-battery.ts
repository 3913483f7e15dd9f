import { SourceId } from '../../contract/ids.ts'
import { ok, problem } from '../../contract/result.ts'
import type { Clock } from '../clock/clock.ts'
import type { VendorSession } from '../host/host.ts'
import { batteryDomain, onMains } from './battery-reading.ts'
import { type FreshAnswer, freshAnswers } from './fresh-answers.ts'
import { type BatteryLook, MOST_BATTERY_W, parseBattery, powerBetween } from './smart-battery-look.ts'
import type { OpenSource, Reading, Source, SourceFault } from './source.ts'

const SMART_BATTERY = SourceId.parse('smart-battery')

/**
 * What the battery of a portable Mac gives, from its controller (`AppleSmartBattery`; keys as in exelban/stats Modules/Battery). On mains it
 * gives nothing, and each look says so. Needs no rights.
 */
export const smartBattery: Source = {
  id: SMART_BATTERY,
  title: 'Mac battery',
  platforms: ['darwin'],
  async probe({ host }) {
    const session = host.vendor('smart-battery')
    const answer = await session.answer()
    const look = answer.ok ? parseBattery(answer.value.value) : null
    if (look !== null) return ok(new OpenSmartBattery(host.clock, session))
    session.close()
    if (!answer.ok) return answer
    return problem('broken', 'The battery of this Mac does not tell what it gives.')
  },
}

/** Its values change every 1 to 60 s. */
const ASK_EVERY_MS = 10_000
/** A controller that took no new sample for so long takes none. */
const WAIT_AT_MOST_MS = 120_000

const BATTERY = batteryDomain(SMART_BATTERY, MOST_BATTERY_W)

class OpenSmartBattery implements OpenSource {
  readonly domains = [BATTERY]
  readonly #clock: Clock
  readonly #session: VendorSession
  readonly #next: () => FreshAnswer | null
  #askedMs = Number.NEGATIVE_INFINITY
  #before: { readonly look: BatteryLook; readonly atMs: number } | null = null

  constructor(clock: Clock, session: VendorSession) {
    this.#clock = clock
    this.#session = session
    this.#next = freshAnswers(session, clock)
  }

  sample(): readonly Reading[] {
    const nowMs = this.#clock.monotonicMs()
    const answer = this.#next()
    const { problem: fault } = this.#session
    if (nowMs - this.#askedMs >= ASK_EVERY_MS) {
      this.#askedMs = nowMs
      this.#session.ask()
    }
    if (answer !== null) return this.#readings(answer)
    if (fault === null) return []
    this.#before = null
    return [{ kind: 'fault', domain: BATTERY.id, atMs: nowMs, problem: fault }]
  }

  refresh(): boolean {
    return false
  }

  close(): void {
    this.#session.close()
  }

  #readings({ value, atMs }: FreshAnswer): Reading[] {
    const look = parseBattery(value)
    const before = this.#before
    if (look === null) {
      this.#before = null
      return [faultOf('broken', atMs, 'did not tell what it gives')]
    }
    if (look.isOnMains && (look.givenW ?? 0) === 0) {
      this.#before = null
      return [onMains(atMs)]
    }
    const powerW = before === null ? null : powerBetween(before.look, look)
    if (before !== null && powerW === 'wait' && atMs - before.atMs < WAIT_AT_MOST_MS) return []
    this.#before = { look, atMs }
    if (before === null || powerW === null || powerW === 'wait' || atMs <= before.atMs) return []
    return [{ kind: 'modelled', domain: BATTERY.id, fromMs: before.atMs, atMs, powerW }]
  }
}

function faultOf(code: SourceFault, atMs: number, what: string): Reading {
  return { kind: 'fault', domain: BATTERY.id, atMs, problem: problem(code, `The battery of this Mac ${what}.`) }
}
