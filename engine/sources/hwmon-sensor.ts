import type { FileFault, Host } from '../host/host.ts'
import { type MeterReader, meterFault } from './hwmon-fault.ts'
import type { FoundMeter, Input } from './hwmon-find.ts'
import { createAsker, type Round, wholeNumber } from './in-turn.ts'

/** Controllers answer "busy" now and then (EBUSY, EAGAIN, ETIMEDOUT): one miss is skipped, this many in a row are a fault. */
const MISSES = 3
/** The zero of a rail's current lies a few steps of 40 µV beside 0 (INA3221): so much below is a rail at rest, more is nonsense. */
const ZERO_ERROR_W = 0.5
const MOST_WINDOW_MS = 300_000

type Told = { readonly powerW: number } | { readonly fault: FileFault | 'nonsense'; readonly path: string }

/** A power, asked for off the tick: buses, firmware and USB answer in ms to seconds. Each answer is handed over once. */
export function sensorReader(host: Host, meter: FoundMeter): MeterReader {
  const { domain } = meter
  // Parts of a machine may rest at 0 W; a machine that measures itself never does.
  const mayBeZero = domain.kind === 'gpu' || domain.kind === 'dram'
  let windowMs: number | null = meter.windowPath === null ? 0 : null
  let misses = 0

  function* round(): Round<Told> {
    if (windowMs === null && meter.windowPath !== null) {
      const text = yield meter.windowPath
      const value = text.ok ? wholeNumber(text.value) : 0
      windowMs = value !== null && value >= 0 && value <= MOST_WINDOW_MS ? value : 0
    }
    let sumW = 0
    for (const input of meter.inputs) {
      const told = yield* powerOf(input)
      if ('fault' in told) return told
      sumW += told.powerW
    }
    return { powerW: sumW }
  }

  const asker = createAsker(host, meter.everyMs, round)
  return {
    sample(nowMs) {
      const answer = asker.look()
      if (answer === null) return null
      if (answer.value === 'late') return meterFault(domain, nowMs, 'late')
      if ('fault' in answer.value) {
        const { fault, path } = answer.value
        misses += 1
        if (fault === 'broken' && misses < MISSES) return null
        return meterFault(domain, nowMs, fault, path)
      }
      misses = 0
      const powerW = answer.value.powerW < 0 && answer.value.powerW >= -ZERO_ERROR_W ? 0 : answer.value.powerW
      const isSane = (mayBeZero ? powerW >= 0 : powerW > 0) && powerW <= domain.plausibleMaxW
      if (!isSane) return meterFault(domain, nowMs, 'nonsense')
      // What is averaged over a window was true in its middle.
      return { kind: 'sensor', domain: domain.id, atMs: answer.atMs - (windowMs ?? 0) / 2, powerW }
    },
    close: () => asker.close(),
  }
}

/** One of µW, or mV and mA: their product is µW as well. */
function* powerOf(input: Input): Round<Told> {
  let powerUw = 1
  for (const path of input) {
    const text = yield path
    if (!text.ok) return { fault: text.code, path }
    const value = wholeNumber(text.value)
    if (value === null) return { fault: 'nonsense', path }
    powerUw *= value
  }
  return { powerW: powerUw / 1e6 }
}
