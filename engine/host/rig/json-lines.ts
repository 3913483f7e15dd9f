export type JsonPath = readonly (string | number)[]
export type JsonText =
  | { readonly ok: true; readonly value: unknown; readonly lineOf: (path: JsonPath) => number }
  | { readonly ok: false; readonly line: number; readonly expected: string }

const LITERALS = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])
const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\n]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y
const DEEPEST = 200

class Expected extends Error {
  readonly at: number

  constructor(expected: string, at: number) {
    super(expected)
    this.at = at
  }
}

/** JSON whose values know their lines, and whose mistakes do too: `JSON.parse` tells neither. A key given twice is a mistake. */
export function parseJsonLines(text: string): JsonText {
  const startOf = new Map<string, number>()
  const reader = { text, at: 0, startOf }
  try {
    const value = readValue(reader, [], 0)
    skipBlanks(reader)
    if (reader.at < text.length) throw new Expected('expected nothing more after the object', reader.at)
    return { ok: true, value, lineOf: (path) => lineAt(text, nearestStart(startOf, path)) }
  } catch (error) {
    if (!(error instanceof Expected)) throw error
    return { ok: false, line: lineAt(text, error.at), expected: error.message }
  }
}

type Reader = { readonly text: string; at: number; readonly startOf: Map<string, number> }

function readValue(reader: Reader, path: JsonPath, depth: number): unknown {
  if (depth > DEEPEST) throw new Expected(`expected at most ${DEEPEST} levels`, reader.at)
  skipBlanks(reader)
  reader.startOf.set(keyOf(path), reader.at)
  const token = nextToken(reader, 'expected a value')
  if (token === '{') return readObject(reader, path, depth)
  if (token === '[') return readArray(reader, path, depth)
  if (token.startsWith('"')) return readString(reader, token)
  if (LITERALS.has(token)) return LITERALS.get(token)
  const number = Number(token)
  if (token === '' || Number.isNaN(number)) throw new Expected('expected a value', reader.at - token.length)
  if (!Number.isFinite(number)) throw new Expected('expected a finite number', reader.at - token.length)
  return number
}

function readObject(reader: Reader, path: JsonPath, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (let token = nextToken(reader, 'expected a key or "}"'); token !== '}'; ) {
    if (!token.startsWith('"')) throw new Expected('expected a key in double quotes', reader.at - token.length)
    const key = readString(reader, token)
    if (Object.hasOwn(object, key)) throw new Expected(`expected "${key}" only once`, reader.at - token.length)
    if (nextToken(reader, 'expected ":"') !== ':') throw new Expected('expected ":" after the key', reader.at)
    const value = readValue(reader, [...path, key], depth + 1)
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
    token = nextToken(reader, 'expected "," or "}"')
    if (token === '}') break
    if (token !== ',') throw new Expected('expected "," or "}"', reader.at - token.length)
    token = nextToken(reader, 'expected a key')
    if (token === '}') throw new Expected('expected a key after the comma', reader.at - 1)
  }
  return object
}

function readArray(reader: Reader, path: JsonPath, depth: number): unknown[] {
  const array: unknown[] = []
  if (isNext(reader, ']')) return array
  for (;;) {
    array.push(readValue(reader, [...path, array.length], depth + 1))
    const token = nextToken(reader, 'expected "," or "]"')
    if (token === ']') return array
    if (token !== ',') throw new Expected('expected "," or "]"', reader.at - token.length)
  }
}

function isNext(reader: Reader, wanted: string): boolean {
  skipBlanks(reader)
  if (reader.text[reader.at] !== wanted) return false
  reader.at++
  return true
}

function readString(reader: Reader, token: string): string {
  try {
    const value: unknown = JSON.parse(token)
    if (typeof value === 'string') return value
  } catch {
    // Falls through: an escape that JSON does not know.
  }
  throw new Expected('expected a string without unknown escapes', reader.at - token.length)
}

function nextToken(reader: Reader, expected: string): string {
  TOKEN.lastIndex = reader.at
  const match = TOKEN.exec(reader.text)
  if (match === null) {
    skipBlanks(reader)
    throw new Expected(reader.at >= reader.text.length ? `${expected}, the file ends here` : expected, reader.at)
  }
  reader.at = TOKEN.lastIndex
  return match[1] ?? match[2] ?? match[3] ?? match[4] ?? ''
}

function skipBlanks(reader: Reader): void {
  while (' \t\r\n'.includes(reader.text[reader.at] ?? '|')) reader.at++
}

/** Where the value itself is missing, the object that should hold it. */
function nearestStart(startOf: ReadonlyMap<string, number>, path: JsonPath): number {
  for (let length = path.length; length > 0; length--) {
    const start = startOf.get(keyOf(path.slice(0, length)))
    if (start !== undefined) return start
  }
  return startOf.get(keyOf([])) ?? 0
}

function keyOf(path: JsonPath): string {
  return path.map(String).join('\0')
}

function lineAt(text: string, at: number): number {
  let line = 1
  for (let index = 0; index < at; index++) if (text.charCodeAt(index) === 10) line++
  return line
}
