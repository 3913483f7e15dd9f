import type { LabJson } from '../shapes.ts'
import { figure, letterOf } from './lab-figures.ts'

type Cell = LabJson['cells'][number]

const ROWS = 12
const COLUMNS = 56

/** Speed against energy in plain characters: letters are cells, `[A]` lies on the Pareto front. Good is down and to the right. */
export function labChart(cells: readonly Cell[], width: number): string[] {
  const points = cells.flatMap(({ id, tokensPerS, jPerToken, isOnFront }) =>
    tokensPerS === null || jPerToken === null ? [] : [{ id, x: tokensPerS, y: jPerToken, isOnFront }],
  )
  const [mostX, mostY] = [Math.max(...points.map(({ x }) => x)), Math.max(...points.map(({ y }) => y))]
  const columns = Math.max(20, Math.min(COLUMNS, width - 12))
  const grid = Array.from({ length: ROWS }, () => Array.from({ length: columns }, () => ' '))
  // Those on the front are drawn last, so that nothing hides them.
  for (const { id, x, y, isOnFront } of points.toSorted((a, b) => Number(a.isOnFront) - Number(b.isOnFront))) {
    const row = grid[ROWS - 1 - Math.round((y / mostY) * (ROWS - 1))] ?? []
    const text = isOnFront ? `[${letterOf(id)}]` : letterOf(id)
    const at = Math.min(
      columns - text.length,
      Math.max(0, Math.round((x / mostX) * (columns - 1)) - (isOnFront ? 1 : 0)),
    )
    for (const [offset, character] of [...text].entries()) row[at + offset] = character
  }
  const label = figure(mostY)
  const margin = label.length
  return [
    `${' '.repeat(margin)} J/token`,
    ...grid.map(
      (row, at) => `${(at === 0 ? label : at === ROWS - 1 ? '0' : '').padStart(margin)} │${row.join('').trimEnd()}`,
    ),
    `${' '.repeat(margin)} └${'─'.repeat(columns)}`,
    `${' '.repeat(margin)}  0${`${figure(mostX)} tokens/s`.padStart(columns - 1)}`,
    `${' '.repeat(margin)}  [ ] on the front: none is both faster and more sparing`,
  ]
}
