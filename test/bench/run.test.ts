import { expect, test } from 'vitest'
import { type BenchCase, chosenCases, chosenRows, runCase } from '../../bench/case.ts'
import { cases } from '../../bench/cases/registry.ts'
import { parseOptions } from '../../bench/options.ts'
import { measuredRow, type RowDefinition } from '../../bench/row.ts'
import { figure, tableOf } from '../../bench/table.ts'

const rowA: RowDefinition = { id: 'a', title: 'A', unit: 'ms', target: 2, against: null }
const rowB: RowDefinition = { id: 'b', title: 'B', unit: 'MB', target: 1.5, against: 'peer' }
const context = { rounds: null, say: () => {} }
const caseOf = (run: BenchCase['run']): BenchCase => ({ id: 'case', rows: [rowA, rowB], run })

test('a case that throws gives every row it promised, none of them ok, with the reason', async () => {
  const failing = caseOf(async () => {
    throw new Error('needs a C compiler')
  })
  const rows = await runCase(failing, context)
  expect(rows.map(({ id, ok, note }) => [id, ok, note])).toEqual([
    ['a', false, 'needs a C compiler'],
    ['b', false, 'needs a C compiler'],
  ])
})

test('a row that a case forgot is not ok', async () => {
  const rows = await runCase(
    caseOf(async () => [measuredRow(rowA, { ours: [1] })]),
    context,
  )
  expect(rows.map(({ id, ok }) => [id, ok])).toEqual([
    ['a', true],
    ['b', false],
  ])
})

test('--only takes a case with all its rows, one row, or nothing that exists', () => {
  const one = caseOf(async () => [])
  const rows = [measuredRow(rowA, { ours: [1] }), measuredRow(rowB, { ours: [1], peers: { peer: [1] } })]
  expect(chosenCases([one], null)).toEqual([one])
  expect(chosenCases([one], 'b')).toEqual([one])
  expect(chosenCases([one], 'c')).toBeNull()
  expect(chosenRows(rows, one, 'case')).toEqual(rows)
  expect(chosenRows(rows, one, 'b')).toEqual([rows[1]])
})

test('every case and every row has a name of its own', () => {
  const rows = cases.flatMap((each) => each.rows.map(({ id }) => id))
  expect(new Set(rows).size).toBe(rows.length)
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  for (const each of cases) expect(each.rows.length).toBeGreaterThan(0)
  // `--only` of a case whose name is a row of another case would be ambiguous.
  for (const { id } of cases)
    for (const other of cases) if (other.id !== id) expect(other.rows.map((row) => row.id)).not.toContain(id)
})

test('options are taken as given, and a wrong one is said', () => {
  expect(parseOptions([])).toEqual({ json: null, only: null, rounds: null, list: false })
  expect(parseOptions(['--json', 'x.json', '--only', 'flush', '--rounds', '3'])).toEqual({
    ...{ json: 'x.json', only: 'flush', rounds: 3, list: false },
  })
  for (const wrong of [['--rounds', '0'], ['--rounds', 'few'], ['--rond', '3'], ['flush']])
    expect(typeof parseOptions(wrong)).toBe('string')
})

test('the table shows figure, range, ratio, target, peers and whatever has to be said', () => {
  const missing = measuredRow({ ...rowB, id: 'c' }, { ours: [3], peers: { peer: { why: 'not installed' } } })
  const rows = [measuredRow(rowB, { ours: [1, 2, 3], peers: { peer: [4] } }), missing]
  expect(tableOf(rows).split('\n')).toEqual([
    '   ROW  OURS     RANGE             RATIO    TARGET  PEERS',
    '✓  b    2.00 MB  [1.00–3.00] of 3  × 0.500  ≤ 1.50  peer 4.00',
    '✗  c    3.00 MB                             ≤ 1.50  peer not measured',
    '',
    'c: peer: not installed',
  ])
})

test('figures have three digits that count', () => {
  expect([0, 0.00412, 0.1, 1.005, 52.34, 463.2, 12_345].map(figure)).toEqual([
    ...['0', '0.00412', '0.100', '1.00', '52.3', '463', '12345'],
  ])
})
