import type { PerwattClient } from '../contract/index.ts'
import type { Now } from '../contract/now.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import type { Context } from './command.ts'
import { EXIT, type ExitCode } from './exit.ts'

const FIRST_TICK_MS = 15_000
const SILENCE_MS = 300

/** The newest complete tick; waits for the first one, so that nobody is shown a figure that was never measured. */
export async function firstNow(client: PerwattClient): Promise<Result<Now>> {
  const now = await client.call('now', {})
  if (!now.ok || now.value.state !== 'warming') return now
  return new Promise((resolve) => {
    const settle = (result: Result<Now>) => {
      clearTimeout(timer)
      off()
      resolve(result)
    }
    const late = problem('failed', `No tick was complete within ${FIRST_TICK_MS / 1_000} s.`)
    const timer = setTimeout(() => settle(late), FIRST_TICK_MS)
    const off = client.on('tick', (tick) => {
      if (tick.state !== 'warming') settle(ok(tick))
    })
  })
}

/** Says what is being waited for, on a terminal, when it takes longer than a blink. */
export async function withProgress<T>(context: Context, text: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => context.terminal.progress(text), SILENCE_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    context.terminal.progress('')
  }
}

/** What to exit with where nothing measures: a grant that is missing is told apart from a machine that has nothing. */
export async function blindExit(client: PerwattClient): Promise<ExitCode> {
  const sources = await client.call('sources', {})
  const isDenied = sources.ok && sources.value.sources.some((source) => source.state === 'denied')
  return isDenied ? EXIT.denied : EXIT.noSource
}
