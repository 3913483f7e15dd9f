import type { ModelRow } from '../../../contract/models.ts'

export type Column = 'name' | 'tokensPerJ' | 'jPerToken' | 'tokensPerS' | 'energy' | 'idle' | 'requests'
export type Order = { readonly by: Column; readonly isDescending: boolean }

/** Where the best of a column stands when it is first chosen: joules a token are better low, all else is read from the top. */
export function firstOrder(by: Column): Order {
  return { by, isDescending: by !== 'jPerToken' && by !== 'name' }
}

/** Rows without a figure come last either way; equal ones go by name. */
export function sortModels(rows: readonly ModelRow[], order: Order): readonly ModelRow[] {
  const sign = order.isDescending ? -1 : 1
  const byName = (a: ModelRow, b: ModelRow) => a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1)
  if (order.by === 'name') return [...rows].sort((a, b) => sign * byName(a, b))
  const figure = figures[order.by]
  return [...rows].sort((a, b) => {
    const [left, right] = [figure(a), figure(b)]
    if (left === null || right === null) return Number(left === null) - Number(right === null) || byName(a, b)
    return sign * (left - right) || byName(a, b)
  })
}

const figures: Readonly<Record<Exclude<Column, 'name'>, (row: ModelRow) => number | null>> = {
  tokensPerJ: ({ tokensPerJ }) => tokensPerJ.value,
  jPerToken: ({ jPerToken }) => jPerToken.value,
  tokensPerS: ({ tokensPerS }) => tokensPerS,
  energy: (row) => (isEnergyKnown(row) ? row.energyMj : null),
  idle: (row) => (isEnergyKnown(row) ? row.idleMj : null),
  requests: ({ delivered }) => delivered.requests,
}

/** A model of a server whose processes are not seen has no energy here: unknown, not 0. */
export function isEnergyKnown({ energyMj, provenance }: Pick<ModelRow, 'energyMj' | 'provenance'>): boolean {
  return energyMj > 0 || provenance !== null
}
