import { type ActivityRing, createActivityRing } from './attribution/activity-ring.ts'
import { createDeviceRing } from './attribution/device-activity.ts'
import type { Attribution } from './attribution/types.ts'
import { NO_WORK, type WorkRing } from './attribution/work-ring.ts'
import type { EnergyBook } from './energy-book.ts'
import { createGapWatch } from './gap-watch.ts'
import type { Host } from './host/host.ts'
import { createLateReadings } from './late-readings.ts'
import type { GapCause } from './ledger/types.ts'
import { deviceSamples, heldByPid } from './processes/device-samples.ts'
import type { GpuTimeReader } from './processes/gpu-time.ts'
import type { ActivitySample, ProcessSampler } from './processes/sampler.ts'
import type { Overhead } from './second-accounts.ts'
import type { SourceSet } from './source-set.ts'

/** What one tick made known. Times in ms: `fromMs`, `toMs` monotonic, `wallMs` of its end. */
export type Ticked = {
  readonly fromMs: number
  readonly toMs: number
  readonly wallMs: number
  readonly activity: ActivitySample | null
  readonly attributions: readonly Attribution[]
  readonly overheads: readonly Overhead[]
  /** Time of which nothing is known, by wall clock. */
  readonly gap: { readonly fromWallMs: number; readonly toWallMs: number; readonly cause: GapCause } | null
  /** The machine slept: numbers of devices and permissions may have changed. */
  readonly resumed: boolean
}

export interface Ticker {
  tick(): Ticked
  /** What happens until the next tick belongs to nobody: after a pause. */
  restart(cause: GapCause): void
}

/** What servers and the metering proxy know of a tick, before its energies are divided. */
export type TickWork = {
  readonly ring: Pick<WorkRing, 'between'>
  /** `deviceBytes`: what each process holds of devices' memory, by pid, as far as it was told last. */
  tick(fromMs: number, toMs: number, activity: ActivitySample | null, deviceBytes: ReadonlyMap<number, number>): void
  restart(): void
}

/** Where nobody asks servers: nothing is known of what they worked on. */
export const NO_TICK_WORK: TickWork = { ring: { between: () => NO_WORK }, tick() {}, restart() {} }

/** One turn of the loop, top to bottom: time, load, sources, processes, attribution. Synchronous; nothing in it may block. */
export function createTicker(parts: {
  host: Host
  sources: SourceSet
  sampler: () => ProcessSampler
  readLoad: () => void
  gpuTime: readonly GpuTimeReader[]
  book: EnergyBook
  work: TickWork
}): Ticker {
  const { host, sources, book, work } = parts
  const { clock } = host
  const ring: ActivityRing = createActivityRing()
  const devices = createDeviceRing()
  const late = createLateReadings(devices)
  const watch = createGapWatch(clock)
  let lastMs = clock.monotonicMs()
  let lastWallMs = clock.wallMs()
  let pendingGap: GapCause | null = null
  let isFirst = true
  let deviceBytes: ReadonlyMap<number, number> = new Map()

  function startAnew(): void {
    book.restart()
    parts.sampler().restart()
    ring.clear()
    devices.clear()
    late.clear()
    work.restart()
  }

  function tick(): Ticked {
    const time = watch.look()
    if (time.kind === 'suspend') startAnew()
    parts.readLoad()
    const fresh = sources.sample()
    const activity = parts.sampler().sample()
    if (activity !== null) ring.push(activity)
    readDevices()
    const readings = late.take(fresh, sources.domains)
    const fromMs = lastMs
    const fromWallMs = lastWallMs
    lastMs = clock.monotonicMs()
    lastWallMs = clock.wallMs()
    work.tick(fromMs, lastMs, activity, deviceBytes)
    book.check(sources.checkReadings())
    const attributions = book.take(readings, { cpu: ring, devices, work: work.ring }, Math.floor(lastWallMs / 1_000))
    const cause = gapCause(time.kind, attributions)
    isFirst = false
    if (attributions.length > 0 || time.kind === 'suspend') pendingGap = null
    return {
      fromMs,
      toMs: lastMs,
      wallMs: lastWallMs,
      activity,
      attributions,
      overheads: book.takeOverheads(),
      gap: cause === null ? null : gapOf(cause, fromWallMs, lastWallMs, lastMs - fromMs),
      resumed: time.kind === 'suspend',
    }
  }

  function readDevices(): void {
    const nowMs = clock.monotonicMs()
    const uses = [...sources.uses(), ...parts.gpuTime.flatMap((reader) => reader.sample(nowMs))]
    if (uses.length === 0) return
    deviceBytes = heldByPid(uses)
    const sampler = parts.sampler()
    for (const sample of deviceSamples(uses, (pid) => sampler.appOf(pid))) devices.push(sample)
  }

  function gapCause(time: 'none' | 'suspend' | 'clock', attributions: readonly Attribution[]): GapCause | null {
    if (time === 'suspend' || time === 'clock') return time
    if (pendingGap !== null) return pendingGap
    if (isFirst || attributions.length > 0) return null
    // A slow sensor is only late; where nothing measures, nothing will come.
    const views = book.views(Math.floor(lastWallMs / 1_000)).filter((view) => view.scope === 'inner')
    if (views.some((view) => view.state === 'measuring' || view.state === 'asleep')) return null
    return views.length === 0 || views.every((view) => view.state === 'failing') ? 'noSource' : 'lost'
  }

  return {
    tick,
    restart(cause) {
      startAnew()
      pendingGap = cause
    },
  }
}

/** A set clock leaves out the time that it jumped over; the tick itself was measured and is labelled by the new clock. */
function gapOf(cause: GapCause, fromWallMs: number, toWallMs: number, intervalMs: number): Ticked['gap'] {
  if (cause !== 'clock') return toWallMs > fromWallMs ? { fromWallMs, toWallMs, cause } : null
  const jumpedToMs = toWallMs - intervalMs
  return jumpedToMs > fromWallMs ? { fromWallMs, toWallMs: jumpedToMs, cause } : null
}
