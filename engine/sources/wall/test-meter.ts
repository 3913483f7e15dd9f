import { ok, problem, type Result } from '../../../contract/result.ts'
import type { Provenance } from '../../../contract/units.ts'
import type { WallMeter } from '../../../contract/wall-meter.ts'
import type { Host } from '../../host/host.ts'
import { contactProblem } from './ask.ts'
import type { MeterFault, MeterLine, MeterUnit } from './dialect.ts'
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
  /** To be shown, and kept as `options.certificateSha256`, where no authority vouches for the meter's certificate; else `null`. */
  readonly certificateSha256: string | null
}

/**
 * Asks a meter that is about to be set up what it can tell. The first certificate that nobody vouches for is taken as the meter's own: from
 * then on it must not change.
 */
export async function testMeter(
  host: Host,
  { dialect, address, options }: Pick<WallMeter, 'dialect' | 'address' | 'options'>,
  secret: string | null,
): Promise<Result<FoundMeter, MeterFault>> {
  const pinned = options.certificateSha256 ?? null
  const shown = pinned === null && address.startsWith('https:') ? await firstCertificate(host, address) : ok(pinned)
  if (!shown.ok) return shown
  const certificateSha256 = shown.value
  const contact = host.contact(address, certificateSha256 === null ? {} : { certificateSha256 })
  const units = await lookWith({ contact, options, secret, clock: host.clock }, dialect)
  if (!units.ok)
    return problem(units.code, `The meter cannot be used: ${units.reason.replace(/\.$/, '')}.`, units.remedy)
  const found = units.value.flatMap(foundOf)
  return found.length > 0
    ? ok({ units: found, certificateSha256 })
    : problem('absent', 'The meter answers, and has nothing that measures power or energy now.')
}

async function lookWith(
  line: MeterLine,
  dialect: WallMeter['dialect'],
): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const units = await dialects[dialect].open(line).look()
  line.contact.close()
  return units
}

async function firstCertificate(host: Host, address: string): Promise<Result<string | null, MeterFault>> {
  const contact = host.contact(address)
  const shown = await contact.certificate()
  contact.close()
  if (!shown.ok) {
    const fault = contactProblem(shown)
    return problem(fault.code, `The meter cannot be used: ${fault.reason}.`, fault.remedy)
  }
  return ok(shown.value.isTrusted ? null : shown.value.sha256)
}

function foundOf(unit: MeterUnit): FoundUnit[] {
  const provenance = provenanceOf(unit)
  if (provenance === null) return []
  const { name, powerW, energy } = unit
  return [{ unit: unit.unit, name, powerW, energyMj: energy?.energyMj ?? null, provenance }]
}
