import { problem } from '../../contract/result.ts'
import type { FileFault, KeptFile } from '../host/host.ts'
import { GRANT } from './rapl-remedies.ts'
import type { DescribedZone, ZoneId } from './rapl-zones.ts'
import type { MachineLoad, Reading, SourceFault } from './source.ts'

/** A zone that is read every tick. */
export type RaplZone = DescribedZone & {
  readonly id: ZoneId
  readonly file: KeptFile
  /** Its descriptor no longer works: the next refresh opens it anew or lets it go. */
  isLost: boolean
  readonly frozen: Frozen
}

/** Since when a counter has stood still. */
type Frozen = { raw: bigint | null; sinceMs: number; sinceBusyMs: number }

/** Some hypervisors show a constant: it has not moved in this time while at least this much CPU time was used. */
const FROZEN_MS = 5_000
const FROZEN_BUSY_MS = 2_000
/** The counter itself has 32 bits and a unit of at most 1 J; what is beyond this is no count of µJ. */
const MOST_DIGITS = 16

const bytes = new Uint8Array(64)

export function resetFrozen(): Frozen {
  return { raw: null, sinceMs: 0, sinceBusyMs: 0 }
}

/** A read that fails is a problem in its place, never a zero. */
export function zoneReading(zone: RaplZone, atMs: number, load: MachineLoad | null): Reading {
  const raw = readUj(zone.file)
  if (typeof raw === 'string') return lost(zone, atMs, raw)
  if (zone.wrapsAfter !== null && raw > zone.wrapsAfter)
    return fault(zone, atMs, 'broken', 'shows more than it can count')
  if (isFrozen(zone, raw, atMs, load)) {
    return fault(
      zone,
      atMs,
      'broken',
      'has stood still while the CPU worked; some virtual machines show such a counter',
    )
  }
  return { kind: 'counter', domain: zone.domain.id, atMs, raw, unitNj: 1_000n, wrapsAfter: zone.wrapsAfter }
}

/** µJ, or why there are none. */
export function readUj(file: KeptFile): bigint | FileFault | 'nonsense' {
  const length = file.read(bytes)
  if (length < 0) return file.fault ?? 'broken'
  const end = bytes[length - 1] === 10 ? length - 1 : length
  if (end <= 0 || end > MOST_DIGITS) return 'nonsense'
  let value = 0
  for (let at = 0; at < end; at++) {
    const digit = (bytes[at] as number) - 48
    if (digit < 0 || digit > 9) return 'nonsense'
    value = value * 10 + digit
  }
  return value <= Number.MAX_SAFE_INTEGER ? BigInt(value) : 'nonsense'
}

function isFrozen(zone: RaplZone, raw: bigint, atMs: number, load: MachineLoad | null): boolean {
  const { frozen } = zone
  if (!zone.mustMove || load === null) return false
  if (frozen.raw !== raw) {
    frozen.raw = raw
    frozen.sinceMs = atMs
    frozen.sinceBusyMs = load.busyMs
    return false
  }
  return atMs - frozen.sinceMs >= FROZEN_MS && load.busyMs - frozen.sinceBusyMs >= FROZEN_BUSY_MS
}

function lost(zone: RaplZone, atMs: number, why: FileFault | 'nonsense'): Reading {
  switch (why) {
    case 'gone':
    case 'absent':
      zone.isLost = true
      return fault(zone, atMs, 'absent', 'is no longer there')
    case 'denied':
      zone.isLost = true
      return fault(zone, atMs, 'denied', 'may no longer be read')
    case 'broken':
    case 'exhausted':
      return fault(zone, atMs, 'broken', 'could not be read this time')
    case 'nonsense':
      return fault(zone, atMs, 'broken', 'gave no number')
  }
}

function fault(zone: RaplZone, atMs: number, code: SourceFault, what: string): Reading {
  const reason = `The RAPL counter of ${zone.domain.name} ${what}.`
  return {
    kind: 'fault',
    domain: zone.domain.id,
    atMs,
    problem: problem(code, reason, code === 'denied' ? GRANT : null),
  }
}
