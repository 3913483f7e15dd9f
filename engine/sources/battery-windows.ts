import { SourceId } from '../../contract/ids.ts'
import { ok, problem } from '../../contract/result.ts'
import type { VendorAnswer, VendorSession } from '../host/host.ts'
import { createGauge, type Gauge } from './battery-gauge.ts'
import { batteryDomain, gaugeFault, gaugeReading } from './battery-reading.ts'
import { flowOfBatteries, readBatteries } from './battery-windows-flow.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext } from './source.ts'

const BATTERY_WINDOWS = SourceId.parse('battery-windows')

/** Asking wakes the embedded controller; its gauge changes every 1–15 s. */
const ASK_EVERY_MS = 5_000
/** The largest laptops are built for adapters of 330 W. */
const MOST_W = 400

const DOMAIN = batteryDomain(BATTERY_WINDOWS, MOST_W)

/** What the whole machine draws while it runs on its batteries, as their gauges tell Windows (poclass.h). */
export const batteryWindows: Source = {
  id: BATTERY_WINDOWS,
  title: 'Battery',
  platforms: ['win32'],
  async probe(context) {
    const session = context.host.vendor('battery-windows')
    const answer = await session.answer()
    const looks = answer.ok ? readBatteries(answer.value.value) : null
    if (looks?.some(({ use }) => use === 'milliwatts') === true) return ok(new OpenBattery(context, session))
    session.close()
    if (!answer.ok)
      return problem(answer.code, `Windows did not tell of its batteries. ${answer.reason}`, answer.remedy)
    if (looks === null) return problem('broken', 'Windows told of its batteries in a way that is not known.')
    return looks.some(({ use }) => use === 'relative')
      ? problem('absent', 'The battery tells how full it is in percent, but not what flows out of it in watts.')
      : problem('absent', 'This machine has no battery.')
  },
}

class OpenBattery implements OpenSource {
  readonly domains: readonly Domain[] = [DOMAIN]
  readonly #context: SourceContext
  readonly #session: VendorSession
  readonly #gauge: Gauge = createGauge(MOST_W)
  #answer: VendorAnswer | null
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(context: SourceContext, session: VendorSession) {
    this.#context = context
    this.#session = session
    this.#answer = session.latest
  }

  sample(): readonly Reading[] {
    const nowMs = this.#context.host.clock.monotonicMs()
    const { latest, problem: fault } = this.#session
    if (nowMs - this.#askedMs >= ASK_EVERY_MS) {
      this.#askedMs = nowMs
      this.#session.ask()
      if (fault !== null) return [gaugeFault(fault.code, nowMs, `could not be asked. ${fault.reason}`)]
    }
    if (latest === null || latest === this.#answer) return []
    this.#answer = latest
    const looks = readBatteries(latest.value)
    const atMs = (latest.askedMs + latest.answeredMs) / 2
    const told = this.#gauge.take(looks === null ? { kind: 'nonsense' } : flowOfBatteries(looks), atMs)
    return told === null ? [] : [gaugeReading(told, atMs)]
  }

  refresh(): boolean {
    return false
  }

  close(): void {
    this.#session.close()
  }
}
