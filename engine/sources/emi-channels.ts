import { emiDomains } from './emi-domains.ts'
import type { EmiMeasurement, EmiMeter } from './emi-metadata.ts'
import { createMeterClock, type MeterClock } from './meter-clock.ts'
import type { Domain, SourceContext } from './source.ts'

/** A channel that is read every tick. */
export type Channel = {
  readonly domain: Domain
  readonly meter: number
  readonly index: number
  readonly clock: MeterClock
  last: { readonly measurement: EmiMeasurement; readonly atMs: number } | null
  /** When its energy last differed, and how much CPU time was used by then. */
  movedMs: number
  movedBusyMs: number
}

/** Meters of several dies that count one socket differ by less than what is spent between two of their reads. */
const SAME_RATIO = 1e-6

/** Channels that count something, each part of the machine once. What is 0 since the start is not there on this processor. */
export function chooseChannels(
  meters: readonly EmiMeter[],
  measurements: readonly (readonly EmiMeasurement[] | null)[],
  { host, facts }: SourceContext,
): Channel[] {
  const places = meters.flatMap(({ channels }, meter) => channels.map((name, index) => ({ meter, index, name })))
  const counting = places.flatMap((place) => {
    const measurement = measurements[place.meter]?.[place.index]
    return measurement === undefined || measurement.energyPwh === 0n ? [] : [{ ...place, measurement }]
  })
  const domains = emiDomains(
    counting.map(({ name }) => name),
    facts,
  )
  const channels: (Channel & { readonly energyPwh: bigint })[] = []
  for (const [at, { meter, index, measurement }] of counting.entries()) {
    const domain = domains[at]
    if (domain == null) continue
    if (channels.some((other) => isMirror(other, domain, measurement.energyPwh))) continue
    const clock = createMeterClock()
    const nowMs = host.clock.monotonicMs()
    channels.push({
      domain,
      meter,
      index,
      clock,
      last: null,
      movedMs: nowMs,
      movedBusyMs: 0,
      energyPwh: measurement.energyPwh,
    })
  }
  return withoutOrphans(channels)
}

/** Threadripper and EPYC show a meter a die, and all of them count the socket. */
function isMirror(other: { domain: Domain; energyPwh: bigint }, domain: Domain, energyPwh: bigint): boolean {
  if (other.domain.kind !== domain.kind || domain.kind !== 'cpu') return false
  const apart = Number(other.energyPwh - energyPwh)
  return Math.abs(apart) <= SAME_RATIO * Number(energyPwh)
}

function withoutOrphans(channels: readonly Channel[]): Channel[] {
  const ids = new Set(channels.map(({ domain }) => domain.id))
  return channels.filter(({ domain: { parent } }) => parent === null || ids.has(parent))
}
