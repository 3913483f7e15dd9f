import { ok, problem, type Result } from '../../contract/result.ts'

/** One line of an exposition: the labels of a series, and its value, finite and not negative. */
export type Series = { readonly labels: ReadonlyMap<string, string>; readonly value: number }

type Where = (labels: ReadonlyMap<string, string>) => boolean

/** The series of those names that were asked for. */
export interface Exposition {
  series(name: string): readonly Series[]
  /** Sum over the series of the first of these names that is there; `null` where none is. */
  sum(names: string | readonly string[], where?: Where): number | null
  /** The same as a whole number: what is counted in floating point is rounded. */
  count(names: string | readonly string[], where?: Where): number | null
  /** Like `sum`, for each value of a label. Series without the label count under "". */
  sumBy(label: string, names: string | readonly string[], where?: Where): ReadonlyMap<string, number>
}

/** A server with hundreds of models and histograms stays far below these. */
const MOST_SERIES = 10_000
const MOST_LABELS = 64
/** More than any counter reaches in a life; sums of some thousand stay whole numbers that are exact. */
const MOST_VALUE = 1e12

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
/** A name with dots and the like, as newer clients write it: `{"a.b",label="c"} 1`. */
const QUOTED_NAME = /^\{\s*"(?:[^"\\]|\\.)*"\s*[,}]/
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?=\s|$)/y
const NO_NUMBER = /[+-]?(?:nan|inf|infinity)(?=\s|$)/iy

/** A counter's name as different client libraries show it: with `_total`, or without. */
export function counterNames(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [`${name}_total`, name])
}

/**
 * Reads Prometheus text format 0.0.4 and OpenMetrics 1.0 (prometheus.io/docs/instrumenting/exposition_formats), of which only the series of
 * `names` are kept; comments, other series, timestamps and exemplars are passed over. Any order of labels. `foreign`: this is no exposition.
 * `broken`: it ends within a line, or a series that was asked for has no usable value (NaN, infinite, negative, told twice): a sum without
 * it would be a wrong number, so there is none. Linear in the length of the text.
 */
export function readExposition(text: string, names: Iterable<string>): Result<Exposition, 'foreign' | 'broken'> {
  const found = new Map<string, Series[]>()
  for (const name of names) found.set(name, [])
  const seen = new Set<string>()
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\n', start)
    const line = text.slice(start, next === -1 ? undefined : next).trimEnd()
    const isPassedOver = line.trim() === '' || line.startsWith('#') || QUOTED_NAME.test(line)
    const name = isPassedOver ? '' : matchAt(NAME, line, 0)
    if (name === null) return notAnExposition()
    if (next === -1 && line === '# EOF') break
    if (next === -1) return problem('broken', 'Its metrics end in the middle of a line.')
    start = next + 1
    const series = found.get(name)
    if (series === undefined) continue
    const read = readSeries(line, name.length)
    if (!read.ok) return read
    const key = `${name} ${keyOf(read.value.labels)}`
    if (seen.has(key)) return problem('broken', `Its metrics tell ${name} twice.`)
    if (seen.size === MOST_SERIES) return problem('broken', `Its metrics have more than ${MOST_SERIES} series.`)
    seen.add(key)
    series.push(read.value)
  }
  return ok(exposition(found))
}

function exposition(found: ReadonlyMap<string, readonly Series[]>): Exposition {
  const first = (names: string | readonly string[]) => {
    const name = [names].flat().find((one) => (found.get(one) ?? []).length > 0)
    return name === undefined ? [] : (found.get(name) ?? [])
  }
  const sum: Exposition['sum'] = (names, where = () => true) => {
    const series = first(names).filter(({ labels }) => where(labels))
    return series.length === 0 ? null : series.reduce((all, { value }) => all + value, 0)
  }
  return {
    series: (name) => found.get(name) ?? [],
    sum,
    count(names, where) {
      const told = sum(names, where)
      return told === null ? null : Math.round(told)
    },
    sumBy(label, names, where = () => true) {
      const sums = new Map<string, number>()
      for (const { labels, value } of first(names)) {
        if (!where(labels)) continue
        const key = labels.get(label) ?? ''
        sums.set(key, (sums.get(key) ?? 0) + value)
      }
      return sums
    },
  }
}

function notAnExposition() {
  return problem('foreign', 'It answers, but not with metrics.')
}

/** `{a="b",c="d"} 1.5e+06 1395066363000`, from behind the name. */
function readSeries(line: string, from: number): Result<Series, 'foreign' | 'broken'> {
  const labels = new Map<string, string>()
  let at = skipBlanks(line, from)
  if (line[at] === '{') {
    const end = readLabels(line, at + 1, labels)
    if (end === null) return notAnExposition()
    at = skipBlanks(line, end)
  } else if (at === from) return notAnExposition()
  const number = matchAt(NUMBER, line, at)
  if (number === null)
    return matchAt(NO_NUMBER, line, at) === null
      ? notAnExposition()
      : problem('broken', 'Its metrics have a value that is no number.')
  const value = Number(number)
  if (value < 0 || value > MOST_VALUE) return problem('broken', 'Its metrics have a value that cannot be.')
  return ok({ labels, value })
}

/** Fills `labels`, and gives where the closing brace ends; `null` where they are not spelled as labels. */
function readLabels(line: string, from: number, labels: Map<string, string>): number | null {
  let at = skipBlanks(line, from)
  while (line[at] !== '}') {
    const name = matchAt(NAME, line, at)
    if (name === null || labels.has(name) || labels.size === MOST_LABELS) return null
    at = skipBlanks(line, at + name.length)
    if (line[at] !== '=') return null
    at = skipBlanks(line, at + 1)
    const quoted = readQuoted(line, at)
    if (quoted === null) return null
    labels.set(name, quoted.text)
    at = skipBlanks(line, quoted.end)
    if (line[at] === ',') at = skipBlanks(line, at + 1)
    else if (line[at] !== '}') return null
  }
  return at + 1
}

function readQuoted(line: string, from: number): { readonly text: string; readonly end: number } | null {
  if (line[from] !== '"') return null
  for (let at = from + 1; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1
    else if (line[at] === '"') return { text: unescaped(line.slice(from + 1, at)), end: at + 1 }
  }
  return null
}

function unescaped(text: string): string {
  return text.includes('\\')
    ? text.replace(/\\([\\"n])/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    : text
}

function keyOf(labels: ReadonlyMap<string, string>): string {
  return JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function skipBlanks(line: string, from: number): number {
  let at = from
  while (line[at] === ' ' || line[at] === '\t') at += 1
  return at
}

function matchAt(pattern: RegExp, line: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(line)?.[0] ?? null
}
