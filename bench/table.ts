import type { Row } from './row.ts'

/** The rows for a reader: `ours` against each peer, then what it is judged by. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.ok ? '✓' : '✗',
    row.id,
    `${row.ours === null ? '–' : figure(row.ours)} ${row.unit}`,
    rangeOf(row),
    row.ratio === null ? '' : `× ${figure(row.ratio)}`,
    row.target === null ? '' : `≤ ${figure(row.target)}`,
    peersOf(row),
  ])
  const head = ['', 'ROW', 'OURS', 'RANGE', 'RATIO', 'TARGET', 'PEERS']
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)))
  const text = all.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const notes = rows.filter(({ note }) => note !== null).map(({ id, note }) => `${id}: ${note}`)
  return [...text, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n')
}

function rangeOf({ range, rounds }: Row): string {
  return range === null || rounds < 2 ? '' : `[${figure(range[0])}–${figure(range[1])}] of ${rounds}`
}

function peersOf({ peers, parts }: Row): string {
  const named = Object.entries(peers).map(
    ([name, value]) => `${name} ${value === null ? 'not measured' : figure(value)}`,
  )
  const further = Object.entries(parts).map(([name, value]) => `${name} ${figure(value)}`)
  return [...named, ...further].join(', ')
}

/** Three significant digits, without an exponent. */
export function figure(value: number): string {
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 6))
}
