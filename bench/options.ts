import { parseArgs } from 'node:util'

export type BenchOptions = {
  readonly json: string | null
  readonly only: string | null
  readonly rounds: number | null
  readonly list: boolean
}

export const USAGE = `npm run bench -- [--only ID] [--rounds N] [--json FILE] [--list]

  --only ID    one case, or one row of it
  --rounds N   instead of each case's own number; the figures are medians of them
  --json FILE  write the rows there as well
  --list       name all rows and measure nothing`

/** What is wrong with the command line, in one sentence, or what it asks for. */
export function parseOptions(argv: readonly string[]): BenchOptions | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        json: { type: 'string' },
        only: { type: 'string' },
        rounds: { type: 'string' },
        list: { type: 'boolean', default: false },
      },
    })
    const { json = null, only = null, rounds, list } = values
    if (rounds !== undefined && !/^[1-9]\d{0,3}$/.test(rounds)) return `--rounds wants a whole number, not "${rounds}".`
    return { json, only, rounds: rounds === undefined ? null : Number(rounds), list }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
