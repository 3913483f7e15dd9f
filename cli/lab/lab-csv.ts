import type { LabJson } from '../shapes.ts'

const FIELDS = [
  ...(['model', 'quantisation', 'engine', 'app', 'concurrency', 'contextTokens', 'runs', 'discarded'] as const),
  ...(['tokensPerS', 'jPerToken', 'uncertainty', 'randomRatio', 'machineJPerToken', 'ttftMs', 'idleW'] as const),
  ...(['outputTokens', 'tokensAreEstimate', 'estimatedRatio', 'isOnFront', 'verdict'] as const),
]

/** A line a cell, RFC 4180; what is not known is empty. */
export function labCsv({ cells }: LabJson): string {
  const lines = [FIELDS.join(','), ...cells.map((cell) => FIELDS.map((field) => quoted(cell[field])).join(','))]
  return `${lines.join('\r\n')}\r\n`
}

/** A name that begins like a formula would be run by a spreadsheet. */
function quoted(value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value)
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
