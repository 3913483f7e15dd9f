import { DomainId, type SourceId } from '../../contract/ids.ts'
import { problem } from '../../contract/result.ts'
import type { Told } from './battery-gauge.ts'
import type { Domain, Reading, SourceFault } from './source.ts'
import { GAIN } from './uncertainty.ts'

const ID = DomainId.parse('battery/main')

/** All batteries of a machine as one domain, whichever interface reads them. */
export function batteryDomain(source: SourceId, plausibleMaxW: number): Domain {
  return {
    id: ID,
    kind: 'battery',
    parent: null,
    source,
    provenance: 'sensor',
    name: 'Battery (whole machine)',
    gainRatio: GAIN.battery,
    plausibleMaxW,
    activity: 'none',
    tableFloorW: null,
  }
}

const WHY = {
  silent: 'has not told for a minute how much flows out of it',
  stuck: 'has shown the same power for ten minutes',
  nonsense: 'gave no number that can be a power',
} as const

/** What a gauge told, as a reading. */
export function gaugeReading(told: Told, atMs: number): Reading {
  if (told.kind === 'power') return { kind: 'sensor', domain: ID, atMs, powerW: told.powerW }
  return told.kind === 'fault' ? gaugeFault('broken', atMs, `${WHY[told.why]}.`) : onMains(atMs)
}

/** Not silence: the last power drawn from the battery would stay on the screen as if it were drawn now. */
export function onMains(atMs: number): Reading {
  const reason = 'On mains power: a battery only tells what the machine draws while the machine runs on it.'
  return { kind: 'unavailable', domain: ID, atMs, reason }
}

/** `what` ends the sentence "The battery’s gauge …". */
export function gaugeFault(code: SourceFault, atMs: number, what: string): Reading {
  return { kind: 'fault', domain: ID, atMs, problem: problem(code, `The battery’s gauge ${what}`) }
}
