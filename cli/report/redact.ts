/** A word that must not leave the machine, and what it is: "host", "user". */
export type PrivateWord = { readonly kind: string; readonly text: string }

export type Redactor = {
  /** Every string of a JSON value, but for those under `VOCABULARY`; keys are ours and stay. */
  redact<T>(value: T): T
  /** How many different words of each kind were replaced so far. */
  replaced(): Record<string, number>
}

/** Keys whose values are words of our own schemas: an account called "measuring" must not make a report that cannot be read. */
const VOCABULARY = new Set([
  ...['schema', 'at', 'lastReadAt', 'state', 'kind', 'provenance', 'class', 'dialect'],
  ...['platform', 'chassis', 'virtualisation', 'theme', 'trayStyle', 'scheme'],
])

/** What gives people and machines away by its form alone, wherever it stands. In this order: an address in a URL is an address first. */
const PATTERNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['address', /(?<=\b[a-z][a-z\d+.-]*:\/\/)[^\s/"'<>]+/gi],
  ['mail', /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ['user', /(?<=(?:\/home\/|\/Users\/|\\Users\\))[^\s/\\"'<>:;,]+/g],
  ['uuid', /(?<![\da-f])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\da-f])/gi],
  ['mac', /(?<![\da-f])[\da-f]{2}(?:([:_-])[\da-f]{2})(?:\1[\da-f]{2}){4}(?![\da-f])/gi],
  ['address', /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g],
  ['address', /(?<![\da-z:.])(?:[\da-f]{1,4}:){7}[\da-f]{1,4}(?![\da-z:.])/gi],
  ['address', /(?<![\da-z:.])(?:[\da-f]{1,4}:){1,7}:(?:[\da-f]{1,4}(?::[\da-f]{1,4}){0,6})?(?![\da-z:])/gi],
  ['serial', /(?<![\da-z])[\da-f]{12,}(?![\da-z])/gi],
]

/**
 * Replaces private words, and what looks private, by stand-ins such as `<user-1>`: the same word by the same stand-in everywhere in what one
 * redactor is given, so that it can still be seen what belongs together. Case does not matter; parts of longer words stay.
 */
export function redactor(words: readonly PrivateWord[]): Redactor {
  const standIns = new Map<string, string>()
  const counts = new Map<string, number>()
  // The longest first: a host name that begins with an account's must go as a whole.
  const known = words
    .filter(({ text }) => text.trim() !== '')
    .toSorted((a, b) => b.text.length - a.text.length)
    .map(({ kind, text }) => [kind, wordPattern(text)] as const)

  function standIn(kind: string, text: string): string {
    const key = text.toLowerCase()
    const before = standIns.get(key)
    if (before !== undefined) return before
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const made = `<${kind}-${count}>`
    standIns.set(key, made)
    return made
  }

  function clean(text: string): string {
    // What was replaced is set aside at once, so that a later pattern never looks into a stand-in.
    let pieces: readonly Piece[] = [{ text, isDone: false }]
    for (const [kind, pattern] of [...known, ...PATTERNS])
      pieces = pieces.flatMap((piece) => (piece.isDone ? [piece] : cut(piece.text, pattern, (at) => standIn(kind, at))))
    return pieces.map((piece) => piece.text).join('')
  }

  function redact(value: unknown, key: string): unknown {
    if (typeof value === 'string') return VOCABULARY.has(key) ? value : clean(value)
    if (Array.isArray(value)) return value.map((each) => redact(each, key))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, redact(each, name)]))
  }

  return {
    // Strings become strings, everything else keeps its form.
    redact: <T>(value: T) => redact(value, '') as T,
    replaced: () => Object.fromEntries(counts),
  }
}

type Piece = { readonly text: string; readonly isDone: boolean }

function cut(text: string, pattern: RegExp, standIn: (found: string) => string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(pattern)) {
    pieces.push({ text: text.slice(from, match.index), isDone: false }, { text: standIn(match[0]), isDone: true })
    from = match.index + match[0].length
  }
  return [...pieces, { text: text.slice(from), isDone: false }]
}

function wordPattern(text: string): RegExp {
  const literal = text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'giu')
}
