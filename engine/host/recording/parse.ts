import { problem, type Result } from '../../../contract/result.ts'
import type { FileFault } from '../host.ts'
import { type Edit, FIRST_LINE, type Moment, RecordingHeader, type Step, unescaped } from './format.ts'

export type Recording = { readonly header: RecordingHeader; readonly moments: readonly Moment[] }

const FAULTS: readonly FileFault[] = ['absent', 'denied', 'gone', 'broken', 'exhausted']

class Unexpected extends Error {
  readonly line: number

  constructor(line: number, expected: string) {
    super(expected)
    this.line = line
  }
}

/** Reads a recording; problems name file, line and what was expected. */
export function parseRecording(text: string, fileName: string): Result<Recording, 'badRecording'> {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const reader: Reader = { lines, at: 0 }
  try {
    return { ok: true, value: { header: readHeader(reader), moments: readMoments(reader) } }
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error
    return problem('badRecording', `${fileName}:${error.line}: expected ${error.message}.`)
  }
}

type Reader = { readonly lines: readonly string[]; at: number }

function readHeader(reader: Reader): RecordingHeader {
  if (reader.lines[0] !== FIRST_LINE) throw new Unexpected(1, `"${FIRST_LINE}"`)
  const fields: Record<string, unknown> = {}
  const lineOf = new Map<string, number>()
  for (reader.at = 1; reader.at < reader.lines.length && reader.lines[reader.at] !== ''; reader.at++) {
    const match = /^(\w+) (.+)$/.exec(reader.lines[reader.at] ?? '')
    if (match?.[1] === undefined) throw new Unexpected(reader.at + 1, 'a name and a JSON value, or an empty line')
    fields[match[1]] = jsonOf(match[2] ?? '', reader.at + 1)
    lineOf.set(match[1], reader.at + 1)
  }
  const header = RecordingHeader.safeParse(fields)
  if (header.success) return header.data
  const issue = header.error.issues[0]
  const name = issue?.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys[0] : issue?.path[0]
  const line = lineOf.get(String(name)) ?? reader.at + 1
  throw new Unexpected(line, `another ${issue?.path.join('.') || String(name)}: ${issue?.message ?? ''}`)
}

function jsonOf(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Unexpected(line, 'a JSON value after the name')
  }
}

function readMoments(reader: Reader): Moment[] {
  const moments: Moment[] = []
  while (reader.at < reader.lines.length) {
    const line = reader.lines[reader.at] ?? ''
    reader.at++
    if (line === '') continue
    const moment = readMoment(reader, line)
    const before = moments.at(-1)
    if (before !== undefined && moment.monotonicMs < before.monotonicMs) {
      throw new Unexpected(reader.at, 'moments in the order of monotonic time')
    }
    moments.push(moment)
  }
  if (moments.length === 0) throw new Unexpected(reader.lines.length, 'at least one moment: "at 0 BOOT WALL"')
  return moments
}

function readMoment(reader: Reader, line: string): Moment {
  const times = /^at (\S+) (\S+) (\S+)$/.exec(line)?.slice(1).map(Number) ?? []
  const [monotonicMs = Number.NaN, boottimeMs = Number.NaN, wallMs = Number.NaN] = times
  if (![monotonicMs, boottimeMs, wallMs].every((ms) => Number.isFinite(ms) && ms >= 0)) {
    throw new Unexpected(reader.at, '"at" with monotonic, boot and wall milliseconds')
  }
  const steps: Step[] = []
  while (reader.at < reader.lines.length && reader.lines[reader.at] !== '') {
    const words = (reader.lines[reader.at] ?? '').split(' ')
    reader.at++
    steps.push(readStep(reader, words))
  }
  return { monotonicMs, boottimeMs, wallMs, steps }
}

function readStep(reader: Reader, [kind = '', ...rest]: readonly string[]): Step {
  const words = rest.map((word) => unescaped(word) ?? fail(reader, 'escapes such as \\x20'))
  const [first = '', second = ''] = words
  const count = (length: number) => words.length === length || fail(reader, `${length} words after "${kind}"`)
  if (kind === 'file' && count(2)) {
    return { kind, file: integer(reader, first), path: absolute(reader, second), text: readContent(reader) }
  }
  if (kind === 'change' && words.length > 1) {
    return { kind, file: integer(reader, first), edits: words.slice(1).map((word) => readEdit(reader, word)) }
  }
  if (kind === 'fail' && count(3)) {
    const fault = FAULTS.find((name) => name === words[2]) ?? fail(reader, `one of ${FAULTS.join(', ')}`)
    return { kind, file: integer(reader, first), path: absolute(reader, second), fault }
  }
  if (kind === 'gone' && count(1)) return { kind, file: integer(reader, first) }
  if (kind === 'dir' && words.length > 0) return { kind, path: absolute(reader, first), names: words.slice(1) }
  if (kind === 'link' && count(2)) return { kind, path: absolute(reader, first), target: second }
  if (kind === 'owner' && count(2)) return { kind, path: absolute(reader, first), uid: integer(reader, second) }
  if (kind === 'app' && count(2)) return { kind, pid: integer(reader, first), app: second === '-' ? null : second }
  return fail(reader, 'one of file, change, fail, gone, dir, link, owner, app')
}

function readContent(reader: Reader): string {
  let text = ''
  for (let line = reader.lines[reader.at]; line?.startsWith('|') === true; line = reader.lines[reader.at]) {
    reader.at++
    text += `${unescaped(line.slice(1)) ?? fail(reader, 'escapes such as \\x20')}\n`
  }
  const last = reader.lines[reader.at]
  if (last?.startsWith(':') !== true) return text
  reader.at++
  return text + (unescaped(last.slice(1)) ?? fail(reader, 'escapes such as \\x20'))
}

function readEdit(reader: Reader, text: string): Edit {
  const match = /^(\d{1,6})\.(\d{1,6})=(.*)$/s.exec(text)
  if (match === null) return fail(reader, 'changes such as 0.13=412')
  return { line: Number(match[1]), word: Number(match[2]), value: match[3] ?? '' }
}

function integer(reader: Reader, text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : fail(reader, 'a whole number')
}

function absolute(reader: Reader, text: string): string {
  return text.startsWith('/') ? text : fail(reader, 'an absolute path')
}

function fail(reader: Reader, expected: string): never {
  throw new Unexpected(reader.at, expected)
}
