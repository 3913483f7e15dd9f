/** Text of a pattern, in characters. */
export const maxPatternLength = 500

/** What a pattern is tried on is cut to this many characters, so that its cost has a bound. */
export const subjectLength = { path: 512, args: 4096, container: 256 } as const
export type Subject = keyof typeof subjectLength

/**
 * Most backtracking paths that a pattern may take on one subject: a fraction of a second where text and pattern are
 * made for each other, microseconds otherwise. It admits two open-ended repeats in a row on the longest command line.
 */
const maxPaths = 2 ** 27

/** A JavaScript regular expression; a leading `(?i)` ignores case. Throws on bad syntax: ask `patternFault` first. */
export function compilePattern(pattern: string, ignoreCase = false): RegExp {
  const insensitive = pattern.startsWith('(?i)')
  return new RegExp(insensitive ? pattern.slice(4) : pattern, ignoreCase || insensitive ? 'i' : '')
}

/** Why a pattern cannot be taken (what was expected, as part of a sentence), or `null` where it can. */
export function patternFault(pattern: string, subject: Subject): string | null {
  if (pattern.length > maxPatternLength) return `expected a pattern of at most ${maxPatternLength} characters`
  try {
    compilePattern(pattern)
  } catch {
    return 'expected a regular expression as JavaScript has them'
  }
  const source = pattern.startsWith('(?i)') ? pattern.slice(4) : pattern
  if (pathsOf(source, subjectLength[subject]) <= maxPaths) return null
  return 'expected a pattern that is quick to try: begin it with ^, use fewer * + ?, repeat nothing that repeats inside'
}

/**
 * An upper bound of the ways in which a backtracking matcher can walk through `length` characters: each open-ended
 * repeat may end anywhere, each optional part may be there or not, each branch may be tried. A choice that is repeated
 * without end is exponential and a back reference cannot be bounded: both count as infinite.
 * `source` is a valid regular expression without flags.
 */
export function pathsOf(source: string, length: number): number {
  const reader = new PatternReader(source, length)
  const whole = reader.alternatives()
  return whole.isAnchored ? whole.paths : whole.paths * length
}

type Part = {
  readonly paths: number
  /** Every branch begins with `^`, so that it is tried at one place only. */
  readonly isAnchored: boolean
  /** The character it must begin with, in lower case; `null` where that is open. */
  readonly first: string | null
}

const plain = { paths: 1, isAnchored: false, first: null }

class PatternReader {
  readonly #source: string
  readonly #length: number
  #at = 0

  constructor(source: string, length: number) {
    this.#source = source
    this.#length = length
  }

  /** Branches that begin with different characters exclude each other; others may all be tried. */
  alternatives(): Part {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    const firsts = new Set(branches.map((branch) => branch.first))
    const excludeEachOther = firsts.size === branches.length && !firsts.has(null)
    const paths = branches.map((branch) => branch.paths)
    return {
      paths: excludeEachOther ? Math.max(...paths) : paths.reduce((sum, each) => sum + each, 0),
      isAnchored: branches.every((branch) => branch.isAnchored),
      first: branches.length === 1 ? (branches[0]?.first ?? null) : null,
    }
  }

  #sequence(): Part {
    let paths = 1
    let isAnchored = false
    let first: string | null = null
    for (let index = 0; this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')'); index++) {
      const term = this.#term()
      paths *= term.paths
      if (index === 0) ({ isAnchored, first } = term)
    }
    return { paths, isAnchored, first }
  }

  #term(): Part {
    const atom = this.#atom()
    const [low, high] = this.#repeat()
    if (low === 1 && high === 1) return atom
    const once = atom.paths
    if (high === Number.POSITIVE_INFINITY) {
      return { ...plain, paths: once > 1 ? Number.POSITIVE_INFINITY : this.#length, first: low > 0 ? atom.first : null }
    }
    return { ...plain, paths: once ** high * (high - low + 1), first: low > 0 ? atom.first : null }
  }

  #atom(): Part {
    if (this.#take('(')) return this.#group()
    if (this.#take('[')) return this.#characterClass()
    if (this.#take('^')) return { ...plain, isAnchored: true }
    if (this.#take('\\')) return this.#escape()
    const character = this.#source[this.#at++] ?? ''
    return { ...plain, first: character === '.' || character === '$' ? null : character.toLowerCase() }
  }

  #group(): Part {
    const opening = /^\?(?:<?[=!]|<[^>]*>|[\w-]*:)/.exec(this.#source.slice(this.#at, this.#at + 64))?.[0] ?? ''
    this.#at += opening.length
    const inner = this.alternatives()
    this.#take(')')
    const looksAround = /^\?<?[=!]$/.test(opening)
    return looksAround ? { ...plain, paths: inner.paths } : inner
  }

  #characterClass(): Part {
    while (this.#at < this.#source.length && !this.#sees(']')) this.#at += this.#sees('\\') ? 2 : 1
    this.#take(']')
    return plain
  }

  #escape(): Part {
    const character = this.#source[this.#at++] ?? ''
    if (/[1-9k]/.test(character)) return { ...plain, paths: Number.POSITIVE_INFINITY }
    return { ...plain, first: /[a-z0-9]/i.test(character) ? null : character }
  }

  /** How often the atom before is repeated; a lazy `?` after it changes the order of the paths, not their number. */
  #repeat(): [low: number, high: number] {
    const text = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#source.slice(this.#at, this.#at + 40))?.[0]
    if (text === undefined) return [1, 1]
    this.#at += text.length
    this.#take('?')
    if (text === '*') return [0, Number.POSITIVE_INFINITY]
    if (text === '+') return [1, Number.POSITIVE_INFINITY]
    if (text === '?') return [0, 1]
    const [low = '', high] = text.slice(1, -1).split(',')
    return [Number(low), high === undefined ? Number(low) : high === '' ? Number.POSITIVE_INFINITY : Number(high)]
  }

  #sees(character: string): boolean {
    return this.#source[this.#at] === character
  }

  #take(character: string): boolean {
    if (!this.#sees(character)) return false
    this.#at++
    return true
  }
}
