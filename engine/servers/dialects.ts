import type { Connector } from '../connectors/connector.ts'

/** The dialect of servers of which no other is known. */
const ANY_DIALECT = 'openai-compatible'

/**
 * In which dialects a process of an app is asked, most likely first. `named`: those of its catalogue entry. Where the app has none of its own,
 * it may be any server: all are tried. Where it has one, what runs below its first process are servers of other kinds, and its parts: they
 * are asked in the app's own dialects alone, since models and counts come through the app (ai-servers.md §0.7).
 */
export function dialectsOf(
  named: readonly string[],
  isPart: boolean,
  connectors: readonly Connector[],
): readonly Connector[] {
  const known = named.flatMap((id) => connectors.find((one) => one.id === id) ?? [])
  const own = known.filter(({ id }) => id !== ANY_DIALECT)
  if (named[0] === ANY_DIALECT) return [...own, ...connectors.filter((one) => !own.includes(one))]
  return isPart ? own : [...own, ...known.filter((one) => !own.includes(one))]
}
