import { ok, problem, type Result } from '../../contract/result.ts'
import { type EmiMeasurement, type EmiMeter, parseChannels, parseMeasurements } from './emi-metadata.ts'
import type { SourceFault } from './source.ts'

/** Win32 ERROR_ACCESS_DENIED. */
const ACCESS_DENIED = 5

/** Meters of the driver's answer to `describe`, those that can be understood. */
export function readMeters(value: unknown): Result<EmiMeter[], SourceFault> {
  const descriptions = listIn(value, 'meters')
  if (descriptions.length === 0) {
    return problem(
      'absent',
      'This machine has no energy meters: Windows 11 shows them on bare machines with Intel or AMD processors, virtual machines have none.',
    )
  }
  const meters = descriptions.flatMap((each) => meterOf(each) ?? [])
  if (meters.length > 0) return ok(meters)
  const areDenied = descriptions.every((each) => fieldOf(each, 'errorCode') === ACCESS_DENIED)
  return areDenied
    ? problem('denied', 'Windows lets only others open the energy meters of this machine.')
    : problem('broken', 'The energy meters of this machine describe themselves in a way that is not known.')
}

function meterOf(description: unknown): EmiMeter | null {
  const path = fieldOf(description, 'path')
  const channels = parseChannels(
    textOrNull(fieldOf(description, 'version')),
    textOrNull(fieldOf(description, 'metadata')),
  )
  return typeof path !== 'string' || channels === null || channels.length === 0 ? null : { path, channels }
}

/** Of each meter, in their order; `null` where it gave none. */
export function readMeasurements(value: unknown, meters: readonly EmiMeter[]): (EmiMeasurement[] | null)[] {
  const answers = listIn(value, 'measurements')
  return meters.map(({ channels }, index) => parseMeasurements(answers[index], channels.length))
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key)
  return Array.isArray(list) ? list : []
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
