import { clipped, padded, printable, widthOf } from './width.ts'

export type Column<Row> = {
  readonly title: string
  readonly align?: 'left' | 'right'
  readonly text: (row: Row) => string
  /** Gives way first where the lines are too long; one a table. */
  readonly isElastic?: boolean
}

const GAP = '  '
const MIN_ELASTIC = 12

/** Lines of an aligned table, its head first. `paint` colours a finished line; what it adds takes no room. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { readonly width: number; readonly paint?: (line: string, row: Row | null) => string },
): string[] {
  const cells = rows.map((row) => columns.map((column) => printable(column.text(row))))
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[index] ?? ''))),
  )
  const total = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1)
  const elastic = columns.findIndex((column) => column.isElastic === true)
  if (elastic >= 0 && total > options.width)
    widths[elastic] = Math.max(MIN_ELASTIC, (widths[elastic] ?? 0) - (total - options.width))
  const line = (texts: readonly string[]) =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0
        return padded(clipped(texts[index] ?? '', width), width, column.align ?? 'left')
      })
      .join(GAP)
      .trimEnd()
  const paint = options.paint ?? ((text: string) => text)
  return [
    paint(line(columns.map((column) => column.title)), null),
    ...rows.map((row, index) => paint(line(cells[index] ?? []), row)),
  ]
}
