import type { AppId } from '../../contract/ids.ts'

/** What apps did on one device in an interval, ms of its busiest engine. */
export type DeviceSample = {
  readonly device: string
  readonly fromMs: number
  readonly toMs: number
  /** Time in which the device worked, whoever for. */
  readonly busyMs: number
  /** Time of processes that are no app, and of whoever could not be seen. */
  readonly otherMs: number
  /** `memory`: no time is told here, and memory held stands in for it. */
  readonly by: 'time' | 'memory'
  readonly apps: readonly DeviceAppSample[]
}

export type DeviceAppSample = {
  readonly app: AppId
  /** Of `by: 'memory'`, its part of the device's busy time by the memory that it holds. */
  readonly busyMs: number
  /** Device memory that keeps it from deep idle; 0 where it keeps nothing there. */
  readonly residentBytes: number
}

/** The same over the interval of a reading. */
export type DeviceActivity = {
  /** How much of the interval the samples cover. */
  readonly coveredMs: number
  readonly busyMs: number
  readonly otherMs: number
  readonly by: DeviceSample['by']
  readonly apps: readonly { readonly app: AppId; readonly busyMs: number; readonly residentByteMs: number }[]
}

export const NO_DEVICE_ACTIVITY: DeviceActivity = { coveredMs: 0, busyMs: 0, otherMs: 0, by: 'time', apps: [] }

const KEPT_MS = 15 * 60_000

/** Keeps what was done on each device for 15 minutes, so that a late reading is divided over exactly what it covers. */
export interface DeviceRing {
  push(sample: DeviceSample): void
  between(device: string, fromMs: number, toMs: number): DeviceActivity
  /** Up to when it is known who used a device; `null` where nobody has told yet. */
  reachedMs(device: string): number | null
  clear(): void
}

export function createDeviceRing(): DeviceRing {
  const samplesOf = new Map<string, DeviceSample[]>()

  return {
    push(sample) {
      const samples = samplesOf.get(sample.device) ?? []
      samples.push(sample)
      const oldest = samples[0] as DeviceSample
      const isLong = oldest.toMs < sample.toMs - 2 * KEPT_MS
      samplesOf.set(sample.device, isLong ? samples.filter((kept) => kept.toMs >= sample.toMs - KEPT_MS) : samples)
    },
    between(device, fromMs, toMs) {
      const apps = new Map<AppId, { busyMs: number; residentByteMs: number }>()
      const sum = { coveredMs: 0, busyMs: 0, otherMs: 0 }
      let by: DeviceSample['by'] = 'time'
      const samples = samplesOf.get(device) ?? []
      for (let index = samples.length - 1; index >= 0; index--) {
        const sample = samples[index] as DeviceSample
        if (sample.toMs <= fromMs) break
        const overlapMs = Math.min(toMs, sample.toMs) - Math.max(fromMs, sample.fromMs)
        if (overlapMs <= 0) continue
        const part = overlapMs / (sample.toMs - sample.fromMs)
        sum.coveredMs += overlapMs
        sum.busyMs += sample.busyMs * part
        sum.otherMs += sample.otherMs * part
        if (sample.by === 'memory') by = 'memory'
        for (const { app, busyMs, residentBytes } of sample.apps) {
          const known = apps.get(app) ?? { busyMs: 0, residentByteMs: 0 }
          known.busyMs += busyMs * part
          known.residentByteMs += residentBytes * overlapMs
          apps.set(app, known)
        }
      }
      return { ...sum, by, apps: Array.from(apps, ([app, values]) => ({ app, ...values })) }
    },
    reachedMs: (device) => samplesOf.get(device)?.at(-1)?.toMs ?? null,
    clear: () => samplesOf.clear(),
  }
}
