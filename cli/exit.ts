import type { Problem } from '../contract/result.ts'

/** What the command's exit code says; `perwatt help exit-codes` prints the texts. */
export const EXIT = { done: 0, failed: 1, usage: 2, noSource: 3, denied: 4, dataDir: 5 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_TEXTS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'the thing asked for failed'],
  [EXIT.usage, 'wrong use: unknown command, option or value'],
  [EXIT.noSource, 'nothing on this machine can be measured or estimated'],
  [EXIT.denied, 'not permitted; the message says which grant mends it'],
  [EXIT.dataDir, 'the data directory or the history in it cannot be used'],
]

const BY_PROBLEM: Readonly<Record<string, ExitCode>> = {
  badInput: EXIT.usage,
  denied: EXIT.denied,
  ...Object.fromEntries(
    [
      ...['notWritable', 'notPrivate', 'pathTooLong', 'unsupported', 'engineRunning', 'locked'],
      ...['diskFull', 'newer', 'broken', 'ledgerUnusable', 'noHistory'],
    ].map((code) => [code, EXIT.dataDir]),
  ),
}

export function exitCodeOf(problem: Problem): ExitCode {
  return BY_PROBLEM[problem.code] ?? EXIT.failed
}
