import { median } from './statistics.ts'

/** What a row says before anything is measured. */
export type RowDefinition = {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** Greatest value allowed, of `ours ÷ against` where there is a peer, else of `ours`; `null` for a figure without a target. */
  readonly target: number | null
  /** Name of the peer that `ours` is divided by. */
  readonly against: string | null
}

export type Measured = {
  /** One value a round. */
  readonly ours: readonly number[]
  readonly peers?: Readonly<Record<string, readonly number[] | NotMeasured>>
  /** Medians that explain the figure and are not judged. */
  readonly parts?: Readonly<Record<string, readonly number[]>>
  readonly note?: string
}

export type NotMeasured = { readonly why: string }

/** A line of the table and an entry of `rows` in the JSON (`perwatt.bench/1`). */
export type Row = {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** Median of the rounds; `null` where it could not be measured. */
  readonly ours: number | null
  readonly peers: Readonly<Record<string, number | null>>
  readonly ratio: number | null
  readonly target: number | null
  /** What had to be measured was, and is within the target. Never true of a row that could not run. */
  readonly ok: boolean
  readonly range: readonly [least: number, greatest: number] | null
  readonly rounds: number
  readonly parts: Readonly<Record<string, number>>
  readonly note: string | null
}

export function measuredRow(definition: RowDefinition, { ours, peers = {}, parts = {}, note }: Measured): Row {
  const figure = ours.length === 0 ? null : median(ours)
  const peerFigures: Record<string, number | null> = {}
  const notes = note === undefined ? [] : [note]
  for (const [name, values] of Object.entries(peers)) {
    if ('why' in values) notes.push(`${name}: ${values.why}`)
    peerFigures[name] = 'why' in values || values.length === 0 ? null : median(values)
  }
  const peer = definition.against === null ? null : (peerFigures[definition.against] ?? null)
  const ratio = figure === null || peer === null || peer === 0 ? null : figure / peer
  const { id, title, unit, target } = definition
  return {
    ...{ id, title, unit, ours: figure, peers: peerFigures, ratio, target },
    ok: isWithin(definition, figure, ratio),
    range: figure === null ? null : [Math.min(...ours), Math.max(...ours)],
    rounds: ours.length,
    parts: Object.fromEntries(Object.entries(parts).map(([name, values]) => [name, median(values)])),
    note: notes.length === 0 ? null : notes.join('; '),
  }
}

/** A figure without a target is fine when it exists. */
function isWithin({ target, against }: RowDefinition, figure: number | null, ratio: number | null): boolean {
  const judged = against === null ? figure : ratio
  if (judged === null || !Number.isFinite(judged)) return false
  return target === null || judged <= target
}

export function unmeasuredRow({ id, title, unit, target, against }: RowDefinition, why: string): Row {
  return {
    ...{ id, title, unit, ours: null, peers: against === null ? {} : { [against]: null }, ratio: null, target },
    ...{ ok: false, range: null, rounds: 0, parts: {}, note: why },
  }
}
