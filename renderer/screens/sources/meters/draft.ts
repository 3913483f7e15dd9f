import type { InputOf } from '../../../../contract/define.ts'
import type { FoundMeter, metersContract } from '../../../../contract/meters.ts'
import { ok, problem, type Result } from '../../../../contract/result.ts'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import { parseAddress } from './address.ts'
import { kinds } from './kinds.ts'

export type Question = InputOf<(typeof metersContract)['testMeter']>
export type Found = FoundMeter['units'][number]

/** A meter as it is being typed. */
export type Draft = {
  readonly name: string
  readonly dialect: WallMeter['dialect']
  readonly address: string
  readonly user: string
  /** Empty keeps the one that is kept. */
  readonly secret: string
  readonly unit: string
  readonly path: string
  readonly quantity: NonNullable<WallMeter['options']['quantity']> | ''
  /** The certificate that was kept; it belongs to the address. */
  readonly certificateSha256: string | null
}

export type Field = 'name' | 'address' | 'unit' | 'path' | 'quantity'

export function draftOf(meter: WallMeter | null): Draft {
  const options = meter?.options ?? {}
  const dialect = meter?.dialect ?? 'shelly-2'
  return {
    name: meter?.name ?? '',
    dialect,
    address: meter?.address ?? '',
    user: options.user ?? '',
    secret: '',
    unit: kinds[dialect].unit === null ? '' : (options.unit ?? ''),
    path: options.path ?? '',
    quantity: options.quantity ?? '',
    certificateSha256: options.certificateSha256 ?? null,
  }
}

/** What is asked of the meter, or which field must be mended first. `id` is that of the meter that is being changed. */
export function questionOf(draft: Draft, id: string | null): Result<Question, Field> {
  const kind = kinds[draft.dialect]
  const address = parseAddress(draft.address, kind)
  if (!address.ok) return address
  const [unit, path, user] = [draft.unit.trim(), draft.path.trim(), draft.user.trim()]
  if (kind.unit?.isNeeded === true && unit === '') return problem('unit', `${kind.unit.label}: ${kind.unit.text}`)
  if (kind.isMetric && path !== '' && !/^\/[!-~]{0,200}$/.test(path)) {
    return problem('path', 'The page begins with a slash and has no spaces, such as /metrics.')
  }
  return ok({
    id,
    dialect: draft.dialect,
    address: address.value,
    secret: draft.secret === '' ? null : draft.secret,
    options: {
      ...(kind.unit !== null && unit !== '' && { unit }),
      ...(kind.user !== null && user !== '' && { user }),
      ...(kind.isMetric && path !== '' && { path }),
      ...(kind.isMetric && draft.quantity !== '' && { quantity: draft.quantity }),
      ...(address.value.startsWith('https:') &&
        draft.certificateSha256 !== null && { certificateSha256: draft.certificateSha256 }),
    },
  })
}

/** The meter as it goes into the settings: as it was asked, with the unit that was chosen and how that is read. */
export function meterOf(
  draft: Draft,
  question: Question,
  chosen: { readonly unit: Found; readonly certificateSha256: string | null },
  id: string,
): Result<Omit<WallMeter, 'hasSecret'>, Field> {
  const name = draft.name.trim()
  if (name === '') return problem('name', 'Give it a name, such as Desk plug.')
  // A metric's name may lie about its unit, so the user's word counts.
  if (kinds[draft.dialect].isMetric && draft.quantity === '') {
    return problem('quantity', 'Say what the number counts; names of metrics cannot be relied on.')
  }
  const { dialect, address, options } = question
  const { certificateSha256: _, ...rest } = options
  return ok({
    id,
    name,
    dialect,
    address,
    provenance: chosen.unit.provenance,
    options: {
      ...rest,
      unit: chosen.unit.unit,
      ...(chosen.certificateSha256 !== null && { certificateSha256: chosen.certificateSha256 }),
    },
  })
}

/** An id that no other meter has, from its name: "Desk plug" is `desk-plug`, a second one `desk-plug-2`. */
export function freshId(name: string, taken: readonly string[]): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 36)
    .replace(/^-+|-+$/g, '')
  const base = words === '' ? 'meter' : words
  for (let turn = 1; ; turn += 1) {
    const id = turn === 1 ? base : `${base}-${turn}`
    if (!taken.includes(id)) return id
  }
}

/** A fingerprint as browsers show it: upper case, a colon between bytes. */
export function fingerprintText(sha256: string): string {
  return (sha256.toUpperCase().match(/../g) ?? []).join(':')
}
