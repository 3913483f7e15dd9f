import type { z } from 'zod'
import { ok, problem, type Result } from './result.ts'

/** More than a person writes by hand. */
const maxLength = 1_000_000
/** Deeper nesting than any file of ours has; a bound for the reader's own recursion. */
const maxDepth = 100

/**
 * A file that a person writes by hand, read with its schema. A problem says file, line, column, where in the document,
 * and what was expected there; never an exception, whatever the text.
 */
export function parseJsonFile<T extends z.ZodType>(
  text: string,
  fileName: string,
  schema: T,
): Result<z.output<T>, 'badFile'> {
  if (text.length > maxLength) return problem('badFile', `${fileName}:1:1: expected at most ${maxLength} characters.`)
  const source = text.replace(/^\uFEFF/, '')
  const places = jsonPlaces(source)
  if (!places.ok)
    return problem('badFile', `${fileName}:${lineAndColumn(source, places.at)}: expected ${places.expected}.`)
  const parsed = schema.safeParse(JSON.parse(source))
  if (parsed.success) return ok(parsed.data)
  const faults = parsed.error.issues.map((issue) => describeIssue(issue, places.starts)).sort((a, b) => a.at - b.at)
  const first = faults[0]
  if (first === undefined) throw new Error('a failed parse has an issue')
  const others = faults.length === 1 ? '' : ` (and ${faults.length - 1} more)`
  return problem('badFile', `${fileName}:${lineAndColumn(source, first.at)}: ${first.text}${others}.`)
}

type Path = readonly PropertyKey[]

function describeIssue(issue: z.core.$ZodIssue, starts: ReadonlyMap<string, number>): { at: number; text: string } {
  const unknown = issue.code === 'unrecognized_keys' ? (issue.keys[0] ?? null) : null
  const path: Path = unknown === null ? issue.path : [...issue.path, unknown]
  const isMissing = !starts.has(placeOf(path))
  const expected = unknown === null ? lowerFirst(issue.message) : 'not a key that is known here'
  return {
    at: nearestStart(path, starts),
    text: `${wordsOf(path)}: ${isMissing ? 'missing; ' : ''}${expected}`,
  }
}

/** Where each value of a JSON text stands, or where it stops being JSON and what was expected there. `JSON.parse` tells neither. */
export function jsonPlaces(text: string): JsonPlaces {
  return new PlacesReader(text).read()
}

/** Where the value stands; of a missing one, where the object or list stands that should hold it. */
export function nearestStart(path: Path, starts: ReadonlyMap<string, number>): number {
  for (let length = path.length; length >= 0; length--) {
    const at = starts.get(placeOf(path.slice(0, length)))
    if (at !== undefined) return at
  }
  return 0
}

function placeOf(path: Path): string {
  return path.map((part) => `\0${String(part)}`).join('')
}

function wordsOf(path: Path): string {
  if (path.length === 0) return 'the document'
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index ? '.' : ''}${String(part)}`))
    .join('')
}

function lowerFirst(message: string): string {
  return message
    .replace(/^Invalid input: /, '')
    .replace(/, received undefined$/, '')
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase())
}

function lineAndColumn(text: string, at: number): string {
  const before = text.slice(0, at)
  return `${before.split('\n').length}:${at - before.lastIndexOf('\n')}`
}

export type JsonPlaces =
  /** Offset of each value by its path (of an object's value: of its key). */
  | { readonly ok: true; readonly starts: ReadonlyMap<string, number> }
  /** `repeated`: the key that stands twice, where that is the fault. */
  | { readonly ok: false; readonly at: number; readonly expected: string; readonly repeated: string | null }

class Fault extends Error {
  readonly expected: string
  readonly repeated: string | null
  constructor(expected: string, repeated: string | null = null) {
    super(expected)
    this.expected = expected
    this.repeated = repeated
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside of text
const quotedText = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y

/** Accepts exactly what `JSON.parse` accepts, less the same key twice and very deep nesting, and notes where each value is. */
class PlacesReader {
  readonly #text: string
  readonly #starts = new Map<string, number>()
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): JsonPlaces {
    try {
      this.#skipBlank()
      this.#starts.set('', this.#at)
      this.#value('', 0)
      if (this.#at < this.#text.length) throw new Fault('the end of the file')
      return { ok: true, starts: this.#starts }
    } catch (error) {
      if (error instanceof Fault) return { ok: false, at: this.#at, expected: error.expected, repeated: error.repeated }
      throw error
    }
  }

  #value(path: string, depth: number): void {
    if (depth > maxDepth) throw new Fault(`at most ${maxDepth} levels`)
    const character = this.#text[this.#at]
    if (character === '{') this.#object(path, depth)
    else if (character === '[') this.#array(path, depth)
    else if (character === '"') this.#string('a value')
    else
      this.#match(
        /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y,
        /[}\],:]/.test(character ?? '') ? 'a value' : 'a value (text stands in double quotes)',
      )
    this.#skipBlank()
  }

  #object(path: string, depth: number): void {
    this.#open()
    if (this.#take('}')) return
    do {
      this.#skipBlank()
      const keyAt = this.#at
      const key = this.#string('a key in double quotes')
      const place = `${path}\0${key}`
      if (this.#starts.has(place)) {
        this.#at = keyAt
        throw new Fault('each key once', key)
      }
      this.#starts.set(place, keyAt)
      this.#skipBlank()
      if (!this.#take(':')) throw new Fault('":" after the key')
      this.#skipBlank()
      this.#value(place, depth + 1)
    } while (this.#take(','))
    if (!this.#take('}')) throw new Fault('"," or "}"')
  }

  #array(path: string, depth: number): void {
    this.#open()
    if (this.#take(']')) return
    let index = 0
    do {
      this.#skipBlank()
      const place = `${path}\0${index++}`
      this.#starts.set(place, this.#at)
      this.#value(place, depth + 1)
    } while (this.#take(','))
    if (!this.#take(']')) throw new Fault('"," or "]"')
  }

  #open(): void {
    this.#at++
    this.#skipBlank()
  }

  #string(expected: string): string {
    if (this.#text[this.#at] !== '"') throw new Fault(expected)
    return JSON.parse(this.#match(quotedText, 'the text to end with a double quote, on the same line'))
  }

  #match(pattern: RegExp, expected: string): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) throw new Fault(expected)
    this.#at += found.length
    return found
  }

  #skipBlank(): void {
    this.#match(/[ \t\n\r]*/y, 'a blank')
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }
}
