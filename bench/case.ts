import { type Row, type RowDefinition, unmeasuredRow } from './row.ts'

export type BenchContext = {
  /** As asked for on the command line; a case has its own default. */
  readonly rounds: number | null
  /** Progress, on stderr. */
  readonly say: (text: string) => void
}

/** Rows that come out of one set-up. */
export type BenchCase = {
  readonly id: string
  readonly rows: readonly RowDefinition[]
  /** @throws where it cannot be measured here; then none of its rows is ok. */
  run(context: BenchContext): Promise<readonly Row[]>
}

/** A row for each that the case promises, in its order, whatever happens. */
export async function runCase(benchCase: BenchCase, context: BenchContext): Promise<readonly Row[]> {
  let measured: readonly Row[] = []
  let why = 'The case gave no such row.'
  try {
    measured = await benchCase.run(context)
  } catch (error) {
    why = error instanceof Error ? error.message : String(error)
    context.say(why)
  }
  return benchCase.rows.map((row) => measured.find(({ id }) => id === row.id) ?? unmeasuredRow(row, why))
}

/** Whole cases, or the rows of that name; `null` where nothing is called so. */
export function chosenCases(cases: readonly BenchCase[], only: string | null): readonly BenchCase[] | null {
  if (only === null) return cases
  const chosen = cases.filter(({ id, rows }) => id === only || rows.some((row) => row.id === only))
  return chosen.length === 0 ? null : chosen
}

/** Of a chosen case: all rows where the case itself was named, else the one. */
export function chosenRows(rows: readonly Row[], benchCase: BenchCase, only: string | null): readonly Row[] {
  return only === null || only === benchCase.id ? rows : rows.filter(({ id }) => id === only)
}

export function definitionOf(rows: readonly RowDefinition[], id: string): RowDefinition {
  const row = rows.find((each) => each.id === id)
  if (row === undefined) throw new Error(`there is no row ${id}`)
  return row
}
