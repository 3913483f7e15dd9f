import { setTimeout as sleep } from 'node:timers/promises'
import type { InputOf } from '../contract/define.ts'
import type { Contract } from '../contract/index.ts'
import { askKept, type Kept, type KeptQuestion } from './ask-kept.ts'
import type { Context, OptionSpec } from './command.ts'
import { EXIT, type ExitCode, exitCodeOf } from './exit.ts'
import { clockTime, covered } from './format.ts'
import { type Range, readRange } from './range.ts'
import type { Terminal } from './terminal.ts'
import { withProgress } from './ticks.ts'

/** As often as what was measured is written. */
const WATCH_MS = 10_000

export const watchKeptOption: OptionSpec = { name: 'watch', text: 'repeat every 10 s until interrupted' }

type Question<N extends KeptQuestion> = {
  readonly name: N
  /** What stands where `--since` is left out. */
  readonly since: string
  readonly inputOf: (range: Range) => InputOf<Contract[N]>
  readonly show: (kept: Kept<N>, range: Range) => void
}

/** Asks what the history holds of a range, once or, with `--watch`, again and again. */
export async function runKept<N extends KeptQuestion>(context: Context, question: Question<N>): Promise<ExitCode> {
  const { terminal } = context
  const repeats = question.name !== 'jobs' && question.name !== 'requests' && context.args.has('watch')
  for (;;) {
    const range = readRange(context, question.since)
    if (!range.ok) return complain(context, range)
    const asking = askKept(context, question.name, question.inputOf(range.value))
    const answer = await withProgress(context, 'Reading the history …', asking)
    if (!answer.ok) return complain(context, answer)
    question.show(answer.value, range.value)
    if (!repeats) return EXIT.done
    if (!context.args.has('json')) terminal.print('')
    await sleep(WATCH_MS)
  }
}

export function complain({ terminal }: Context, problem: Parameters<Terminal['complain']>[0]): ExitCode {
  terminal.complain(problem)
  return exitCodeOf(problem)
}

/** "2026-11-18 14:00 to 2026-11-25 15:00   96 % covered", above a table. */
export function rangeLine(terminal: Terminal, { fromS, toS }: Range, coverageRatio: number | null = null): string {
  const parts = [`${clockTime(fromS)} to ${clockTime(toS)}`]
  if (coverageRatio !== null) parts.push(`${covered(coverageRatio)} covered`)
  return terminal.tone('dim', parts.join('   '))
}
