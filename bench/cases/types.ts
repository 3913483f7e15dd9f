import { checkTypes } from '../../scripts/lib/checks.mjs'
import { type BenchCase, definitionOf } from '../case.ts'
import { measuredRow, type RowDefinition } from '../row.ts'

const ROUNDS = 3

const rows: readonly RowDefinition[] = [
  { id: 'types', title: 'all types checked, wall time', unit: 's', target: null, against: null },
]

export const types: BenchCase = {
  id: 'types',
  rows,
  async run({ rounds }) {
    const wallS: number[] = []
    for (let round = 0; round < (rounds ?? ROUNDS); round++) {
      const startMs = performance.now()
      const { failed } = await checkTypes(() => {})
      if (failed > 0) throw new Error('the types do not check')
      wallS.push((performance.now() - startMs) / 1_000)
    }
    return [measuredRow(definitionOf(rows, 'types'), { ours: wallS })]
  },
}
