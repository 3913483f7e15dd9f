import { hasCertificate } from '../../../contract/meter-identity.ts'
import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import type { Provenance } from '../../../contract/units.ts'
import type { WallMeter } from '../../../contract/wall-meter.ts'
import type { Host } from '../../host/host.ts'
import { contactProblem } from './ask.ts'
import type { MeterFault, MeterUnit } from './dialect.ts'
import { dialects } from './dialects.ts'
import { provenanceOf } from './judge.ts'

/** What a person chooses from, with what goes into the settings: `options.unit`, `provenance`. */
export type FoundUnit = {
  readonly unit: string
  readonly name: string
  readonly powerW: number | null
  readonly energyMj: number | null
  readonly provenance: Provenance
}

export type FoundMeter = {
  readonly units: readonly FoundUnit[]
  /** Of a certificate that nobody vouches for, and that the options do not name: then nothing was sent, and there are no units. */
  readonly unknownCertificateSha256: string | null
}

/**
 * Asks a meter that is about to be set up what it can tell. Whoever shows a certificate that nobody vouches for is sent nothing, not even a
 * question, before the user has compared and accepted it; from then on it must not change.
 */
export async function testMeter(
  host: Host,
  { dialect, address, options }: Pick<WallMeter, 'dialect' | 'address' | 'options'>,
  secret: string | null,
): Promise<Result<FoundMeter, MeterFault>> {
  const { certificateSha256 } = options
  if (certificateSha256 === undefined && hasCertificate(address)) {
    const unknown = await unknownCertificate(host, address)
    if (!unknown.ok) return unusable(unknown)
    if (unknown.value !== null) return ok({ units: [], unknownCertificateSha256: unknown.value })
  }
  const contact = host.contact(address, { certificateSha256 })
  const units = await dialects[dialect].open({ contact, options, secret, clock: host.clock }).look()
  contact.close()
  if (!units.ok) return unusable(units)
  const found = units.value.flatMap(foundOf)
  return found.length > 0
    ? ok({ units: found, unknownCertificateSha256: null })
    : problem('absent', 'The meter answers, and has nothing that measures power or energy now.')
}

function unusable({ code, reason, remedy }: Problem<MeterFault>): Problem<MeterFault> {
  return problem(code, `The meter cannot be used: ${reason.replace(/\.$/, '')}.`, remedy)
}

async function unknownCertificate(host: Host, address: string): Promise<Result<string | null, MeterFault>> {
  const contact = host.contact(address)
  const shown = await contact.certificate()
  contact.close()
  if (!shown.ok) return contactProblem(shown)
  return ok(shown.value.isTrusted ? null : shown.value.sha256)
}

function foundOf(unit: MeterUnit): FoundUnit[] {
  const provenance = provenanceOf(unit)
  if (provenance === null) return []
  const { name, powerW, energy } = unit
  return [{ unit: unit.unit, name, powerW, energyMj: energy?.energyMj ?? null, provenance }]
}
