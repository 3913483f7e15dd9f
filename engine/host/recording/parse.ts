import { problem, type Result } from '../../../contract/result.ts'
import { FIRST_LINE, FIRST_LINES, type Moment, RecordingHeader, type Step } from './format.ts'
import { type Reader, readStep, Unexpected } from './parse-step.ts'

export type Recording = { readonly header: RecordingHeader; readonly moments: readonly Moment[] }

/** A month of a busy machine; what is longer is something else. */
const MOST_CHARACTERS = 250_000_000

/** Reads a recording; problems name file, line and what was expected. */
export function parseRecording(text: string, fileName: string): Result<Recording, 'badRecording'> {
  if (text.length > MOST_CHARACTERS) {
    return problem('badRecording', `${fileName}: expected at most ${MOST_CHARACTERS / 1e6} MB.`)
  }
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

function readHeader(reader: Reader): RecordingHeader {
  if (!FIRST_LINES.includes(reader.lines[0] ?? '')) throw new Unexpected(1, `"${FIRST_LINE}"`)
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
