import { ok, problem, type Result } from '../contract/result.ts'
import type { Context, OptionSpec } from './command.ts'
import { parseMoment } from './time.ts'

export type Range = { readonly fromS: number; readonly toS: number }

/** `--since` and `--until`; what stands where the first is left out is the command's own. */
export function rangeOptions(since: string): readonly OptionSpec[] {
  return [
    {
      name: 'since',
      value: 'WHEN',
      text: `start: a length (24h, 7d) or a time (2026-11-25T14:00); ${since} where it is left out`,
    },
    { name: 'until', value: 'WHEN', text: 'end, in the same way; now where it is left out' },
  ]
}

export function readRange({ args }: Context, since: string): Result<Range, 'badInput'> {
  const nowS = Math.floor(Date.now() / 1_000)
  const from = parseMoment(args.text('since') ?? since, 'since', nowS)
  if (!from.ok) return from
  const to = parseMoment(args.text('until') ?? 'now', 'until', nowS)
  if (!to.ok) return to
  if (from.value >= to.value) return problem('badInput', '--since must lie before --until.')
  // The second that runs now is part of the answer.
  return ok({ fromS: from.value, toS: args.text('until') === null ? to.value + 1 : to.value })
}
