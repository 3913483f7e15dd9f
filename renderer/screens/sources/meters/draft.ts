import type { InputOf } from '../../../../contract/define.ts'
import { hasCertificate, isSameSeries } from '../../../../contract/meter-identity.ts'
import type { FoundMeter, metersContract } from '../../../../contract/meters.ts'
import { ok, problem, type Result } from '../../../../contract/result.ts'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import { parseAddress } from './address.ts'
import { kinds } from './kinds.ts'

export type Question = InputOf<(typeof metersContract)['testMeter']>
export type Order = InputOf<(typeof metersContract)['setMeter']>
export type Found = FoundMeter['units'][number]

/** A meter as it is being typed. */
export type Draft = {
  readonly name: string
  readonly dialect: WallMeter['dialect']
  readonly address: string
  readonly user: string
  /** Empty keeps the one that is kept. */
  readonly secret: string
  readonly forgetsSecret: boolean
  readonly topic: string
  readonly unit: string
  readonly path: string
  readonly quantity: NonNullable<WallMeter['options']['quantity']> | ''
  /** The certificate that was accepted; it belongs to the address. */
  readonly certificateSha256: string | null
  /** At another address than before, it is the same meter. */
  readonly hasMoved: boolean
}

export type Field = 'name' | 'address' | 'topic' | 'unit' | 'path' | 'quantity'

export function draftOf(meter: WallMeter | null): Draft {
  const options = meter?.options ?? {}
  const dialect = meter?.dialect ?? 'shelly-2'
  return {
    name: meter?.name ?? '',
    dialect,
    address: meter?.address ?? '',
    user: options.user ?? '',
    secret: '',
    forgetsSecret: false,
    topic: options.topic ?? '',
    unit: kinds[dialect].unit === null ? '' : (options.unit ?? ''),
    path: options.path ?? '',
    quantity: options.quantity ?? '',
    certificateSha256: options.certificateSha256 ?? null,
    hasMoved: false,
  }
}

/** What is asked of the meter, or which field must be mended first. `id` is that of the meter that is being changed. */
export function questionOf(draft: Draft, id: string | null): Result<Question, Field> {
  const kind = kinds[draft.dialect]
  const address = parseAddress(draft.address, kind)
  if (!address.ok) return address
  const [unit, path, user, topic] = [draft.unit.trim(), draft.path.trim(), draft.user.trim(), draft.topic.trim()]
  if (kind.topic !== null && !/^[^\p{Cc}+#/]+(\/[^\p{Cc}+#/]+)*$/u.test(topic)) {
    return problem('topic', topic === '' ? `${kind.topic.label}: ${kind.topic.text}` : 'A topic has no + and no #.')
  }
  if (kind.unit?.isNeeded === true && unit === '') return problem('unit', `${kind.unit.label}: ${kind.unit.text}`)
  if (kind.isMetric && path !== '' && !/^\/[!-~]{0,200}$/.test(path)) {
    return problem('path', 'The page begins with a slash and has no spaces, such as /metrics.')
  }
  return ok({
    id,
    dialect: draft.dialect,
    address: address.value,
    ...(draft.forgetsSecret ? { secret: null } : draft.secret !== '' && { secret: draft.secret }),
    options: {
      ...(kind.topic !== null && { topic }),
      ...(kind.unit !== null && unit !== '' && { unit }),
      ...(kind.user !== null && user !== '' && { user }),
      ...(kind.isMetric && path !== '' && { path }),
      ...(kind.isMetric && draft.quantity !== '' && { quantity: draft.quantity }),
      ...(hasCertificate(address.value) &&
        draft.certificateSha256 !== null && { certificateSha256: draft.certificateSha256 }),
    },
  })
}

/** How a meter goes on that is changed so: with its history, or with a new one. `moved`: its user must say whether it is the same meter. */
export function continuation(before: WallMeter, { dialect, address, options }: Question, unit: Found) {
  const after = { dialect, provenance: unit.provenance, options: { ...options, unit: unit.unit } }
  if (!isSameSeries(before, after)) return 'other'
  return before.address === address ? 'same' : 'moved'
}

/** The meter as it goes into the settings: as it was asked, with the unit that was chosen and how that is read. */
export function orderOf(
  draft: Draft,
  question: Question,
  unit: Found,
  { before, taken }: { readonly before: WallMeter | null; readonly taken: readonly string[] },
): Result<Order, Field> {
  const name = draft.name.trim()
  if (name === '') return problem('name', 'Give it a name, such as Desk plug.')
  // A metric's name may lie about its unit, so the user's word counts.
  if (kinds[draft.dialect].isMetric && draft.quantity === '') {
    return problem('quantity', 'Say what the number counts; names of metrics cannot be relied on.')
  }
  const { dialect, address, options, secret } = question
  const goesOn = before === null ? 'other' : continuation(before, question, unit)
  const hasMoved = goesOn === 'moved' && draft.hasMoved
  const id = before !== null && (goesOn === 'same' || hasMoved) ? before.id : freshId(name, taken)
  return ok({
    meter: { id, name, dialect, address, provenance: unit.provenance, options: { ...options, unit: unit.unit } },
    ...(secret !== undefined && { secret }),
    ...(before !== null && before.id !== id && { replaces: before.id }),
    ...(hasMoved && { hasMoved }),
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
