/** The executable of a rule that "Name this app" made, which can be made again; `null` for a rule of any other kind. */
export function exeOf(match: readonly string[]): string | null {
  const only = match.length === 1 ? match[0] : undefined
  return only?.startsWith('exe ') ? only.slice('exe '.length) : null
}
