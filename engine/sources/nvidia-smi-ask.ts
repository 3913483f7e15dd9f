import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import type { CommandFault, Host, MachineFacts } from '../host/host.ts'
import {
  OLD_QUERY,
  PROCESS_QUERY,
  parseCards,
  parseProcesses,
  QUERY,
  type SmiCard,
  type SmiProcess,
} from './nvidia-smi-text.ts'
import { codeProblem } from './nvml-problems.ts'
import type { SourceFault } from './source.ts'

/** Initialising eight cards takes a second or two; what takes longer has hung. */
const TIMEOUT_MS = 5_000
/** A field that this version does not know. All exit codes are those of its library (nvmlReturn_t). */
const BAD_ARGUMENT = 2

const NOT_RUN: Readonly<Record<CommandFault, Problem<SourceFault>>> = {
  absent: problem('absent', 'The program nvidia-smi is not installed; it comes with NVIDIA’s driver.'),
  denied: problem('denied', 'This user may not run the program nvidia-smi.'),
  timeout: problem('broken', 'The program nvidia-smi did not answer in time.'),
  broken: problem('broken', 'The program nvidia-smi ended without an answer.'),
}
const NONSENSE: Problem<SourceFault> = problem('broken', 'The program nvidia-smi gave an answer that cannot be read.')

export interface SmiTool {
  cards(): Promise<Result<readonly SmiCard[], SourceFault>>
  /** Empty where the tool does not tell. */
  processes(): Promise<readonly SmiProcess[]>
}

/** Runs NVIDIA's tool; each run initialises every card, for a tenth of a second to two. */
export function smiTool(host: Pick<Host, 'command'>, facts: MachineFacts): SmiTool {
  let hasAverage = true

  async function run(argv: readonly string[]): Promise<Result<string, SourceFault> | 'badArgument'> {
    const answer = await host.command(argv, { timeoutMs: TIMEOUT_MS })
    if (!answer.ok) return NOT_RUN[answer.code]
    const { exitCode, stdout } = answer.value
    if (exitCode === 0) return ok(stdout)
    return exitCode === BAD_ARGUMENT ? 'badArgument' : codeProblem(exitCode, 'the NVIDIA GPU', facts)
  }

  return {
    async cards() {
      let answer = await run(hasAverage ? QUERY : OLD_QUERY)
      if (answer === 'badArgument' && hasAverage) {
        hasAverage = false
        answer = await run(OLD_QUERY)
      }
      if (answer === 'badArgument') return NONSENSE
      if (!answer.ok) return answer
      const cards = parseCards(answer.value, hasAverage)
      return cards.length === 0 ? NONSENSE : ok(cards)
    },
    async processes() {
      const answer = await run(PROCESS_QUERY)
      return answer === 'badArgument' || !answer.ok ? [] : parseProcesses(answer.value)
    },
  }
}
