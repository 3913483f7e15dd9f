import type { DomainId } from '../contract/ids.ts'
import type { DeviceRing } from './attribution/device-activity.ts'
import type { Domain, Reading } from './sources/source.ts'

/** What tells who used a device is asked at least this often, or is silent. */
const PATIENCE_MS = 5_000

/**
 * Holds the readings of a device back until it is known who used it up to then: what tells that may be asked less often than its energy (Windows'
 * counters every 2 s), and an interval that nobody is known to have used would be other's. What tells nothing for a while is not waited for.
 */
export interface LateReadings {
  /** Readings of this tick, and earlier ones whose time has come; those of one domain stay in their order. */
  take(readings: readonly Reading[], domains: readonly Domain[]): readonly Reading[]
  /** After a gap: what was held back belongs to it. */
  clear(): void
}

export function createLateReadings(devices: Pick<DeviceRing, 'reachedMs'>): LateReadings {
  const heldOf = new Map<DomainId, Reading[]>()
  let listed: readonly Domain[] | null = null
  let deviceOf = new Map<DomainId, string>()

  function list(domains: readonly Domain[]): void {
    if (domains === listed) return
    listed = domains
    deviceOf = new Map(
      domains.flatMap(({ id, activity, device }) =>
        activity === 'gpu' && device !== undefined ? [[id, device] as const] : [],
      ),
    )
    for (const id of heldOf.keys()) if (!deviceOf.has(id)) heldOf.delete(id)
  }

  function mustWait({ kind, atMs }: Reading, reachedMs: number | null): boolean {
    if (kind === 'fault' || kind === 'unavailable' || reachedMs === null) return false
    return atMs > reachedMs && atMs - reachedMs <= PATIENCE_MS
  }

  return {
    take(readings, domains) {
      list(domains)
      const ready: Reading[] = []
      for (const reading of readings) {
        const device = deviceOf.get(reading.domain)
        const held = heldOf.get(reading.domain) ?? []
        if (device === undefined || (held.length === 0 && !mustWait(reading, devices.reachedMs(device)))) {
          ready.push(reading)
          continue
        }
        held.push(reading)
        heldOf.set(reading.domain, held)
      }
      for (const [id, held] of heldOf) {
        const reachedMs = devices.reachedMs(deviceOf.get(id) ?? '')
        const newest = held.at(-1)
        // The newest is the last to be waited for: where it need not wait, none before it has to.
        const count =
          newest !== undefined && mustWait(newest, reachedMs)
            ? held.findIndex((one) => mustWait(one, reachedMs))
            : held.length
        ready.push(...held.splice(0, count))
        if (held.length === 0) heldOf.delete(id)
      }
      return ready
    },
    clear: () => heldOf.clear(),
  }
}
