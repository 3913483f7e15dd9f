import type { FileFault, Host, KeptFile } from '../host/host.ts'
import { type MeterReader, meterFault } from './hwmon-fault.ts'
import type { FoundMeter } from './hwmon-find.ts'
import { createRest } from './rest.ts'
import { createSleepWatch } from './runtime-status.ts'

/** A card that is awake always draws something: a counter that stands still for this long counts nothing. */
const FROZEN_MS = 30_000
/** i915 and xe add their 32-bit counters up to a `long` at each read (xe_hwmon_energy_get), which never wraps. */
const COUNT = /^\d{1,19}$/

const bytes = new Uint8Array(64)

/** An energy counter of a card, read on the tick (µs) on a descriptor that is kept, and never while the card sleeps: a read wakes it. */
export function counterReader(host: Host, { domain, inputs }: FoundMeter): MeterReader | null {
  const path = inputs[0]?.[0]
  const opened = path === undefined ? null : host.files.open(path)
  if (opened?.ok !== true) return null
  const file = opened.value
  const device = domain.device ?? null
  const rest = createRest(host.files, device)
  const sleep = createSleepWatch(host.files, device)
  let lastRaw: bigint | null = null
  let lastMs = 0
  let movedMs = 0

  return {
    sample(nowMs) {
      if (sleep.isAsleep()) {
        lastRaw = null
        rest.sleep()
        return { kind: 'asleep', domain: domain.id, atMs: nowMs }
      }
      if (!rest.isOver(nowMs)) return null
      const raw = readCount(file)
      if (typeof raw === 'string') {
        lastRaw = null
        return meterFault(domain, nowMs, raw, path)
      }
      if (raw !== lastRaw) movedMs = nowMs
      if (lastRaw !== null && raw > lastRaw && nowMs > lastMs) {
        rest.saw(Number(raw - lastRaw) / 1_000 / (nowMs - lastMs), nowMs)
      }
      lastRaw = raw
      lastMs = nowMs
      if (nowMs - movedMs >= FROZEN_MS) return meterFault(domain, nowMs, 'frozen')
      return { kind: 'counter', domain: domain.id, atMs: nowMs, raw, unitNj: 1_000n, wrapsAfter: null }
    },
    close() {
      sleep.close()
      file.close()
    },
  }
}

function readCount(file: KeptFile): bigint | FileFault | 'nonsense' {
  const length = file.read(bytes)
  if (length < 0) return file.fault ?? 'broken'
  const text = String.fromCharCode(...bytes.subarray(0, length)).trim()
  return COUNT.test(text) ? BigInt(text) : 'nonsense'
}
