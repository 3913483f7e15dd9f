import { z } from 'zod'
import type { FileFault, VendorFault } from '../host.ts'
import { unescaped } from './escapes.ts'
import { type Edit, MeterFigures, type Step } from './format.ts'

/** Lines of a recording, and the next that is read. */
export type Reader = { readonly lines: readonly string[]; at: number }

/** What was expected in a line (from 1); caught where the recording is read. */
export class Unexpected extends Error {
  readonly line: number

  constructor(line: number, expected: string) {
    super(expected)
    this.line = line
  }
}

const FAULTS: readonly FileFault[] = ['absent', 'denied', 'gone', 'broken', 'exhausted']
const DRIVER_FAULTS: readonly VendorFault[] = ['absent', 'denied', 'broken']
/** As much as a host reads of a file. */
const MOST_IN_FILE = 1_000_000

/** A step whose first line, cut into words, was just read. @throws `Unexpected`. */
export function readStep(reader: Reader, [kind = '', ...rest]: readonly string[]): Step {
  const words = rest.map((word) => unescaped(word) ?? fail(reader, 'escapes such as \\x20'))
  return readFileStep(reader, kind, words) ?? readDeviceStep(reader, kind, words) ?? fail(reader, KINDS)
}

const KINDS =
  'one of file, bytes, change, there, fail, gone, dir, link, unlink, owner, app, told, probed, refused, trouble, meter'

function readFileStep(reader: Reader, kind: string, words: readonly string[]): Step | null {
  const [first = '', second = '', third = ''] = words
  const count = (length: number) => words.length === length || fail(reader, `${length} words after "${kind}"`)
  const file = () => integer(reader, first)
  if (kind === 'file' && count(2)) {
    return { kind, file: file(), path: absolute(reader, second), text: readContent(reader) }
  }
  if (kind === 'bytes' && count(3)) {
    return { kind, file: file(), path: absolute(reader, second), text: readBytes(reader, third) }
  }
  if (kind === 'change' && words.length > 1) {
    return { kind, file: file(), edits: words.slice(1).map((word) => readEdit(reader, word)) }
  }
  if (kind === 'there' && count(2)) return { kind, file: file(), path: absolute(reader, second) }
  if (kind === 'fail' && count(3)) {
    return { kind, file: file(), path: absolute(reader, second), fault: oneOf(reader, FAULTS, third) }
  }
  if (kind === 'gone' && count(1)) return { kind, file: file() }
  if (kind === 'dir' && words.length > 0) return { kind, path: absolute(reader, first), names: words.slice(1) }
  if (kind === 'link' && count(2)) return { kind, path: absolute(reader, first), target: second }
  if (kind === 'unlink' && count(1)) return { kind, path: absolute(reader, first) }
  if (kind === 'owner' && count(2)) return { kind, path: absolute(reader, first), uid: integer(reader, second) }
  if (kind === 'app' && count(2)) return { kind, pid: integer(reader, first), app: second === '-' ? null : second }
  return null
}

function readDeviceStep(reader: Reader, kind: string, words: readonly string[]): Step | null {
  const [driver = '', second = '', third = '', fourth = '', fifth = ''] = words
  const count = (length: number) => words.length === length || fail(reader, `${length} words after "${kind}"`)
  if ((kind === 'told' || kind === 'probed') && count(5)) {
    const [question, answer] = [integer(reader, second), integer(reader, third)]
    return { kind, driver, question, answer, ...readTimes(reader, fourth, fifth) }
  }
  if (kind === 'refused' && count(5)) {
    const fault = oneOf(reader, DRIVER_FAULTS, fourth)
    return { kind, driver, question: integer(reader, second), askedMs: time(reader, third), fault, reason: fifth }
  }
  if (kind === 'trouble' && second === '-' && count(2)) return { kind, driver, fault: null }
  if (kind === 'trouble' && count(3)) {
    return { kind, driver, fault: { code: oneOf(reader, DRIVER_FAULTS, second), reason: third } }
  }
  if (kind === 'meter' && count(4)) {
    return { kind, meter: driver, ...readTimes(reader, second, third), look: readLook(reader, fourth) }
  }
  return null
}

function readTimes(reader: Reader, asked: string, answered: string) {
  const [askedMs, answeredMs] = [time(reader, asked), time(reader, answered)]
  return answeredMs >= askedMs ? { askedMs, answeredMs } : fail(reader, 'an answer after its question')
}

/** What was asked before the recording began has a negative time. */
function time(reader: Reader, text: string): number {
  return /^-?\d{1,13}(\.\d{1,3})?$/.test(text) ? Number(text) : fail(reader, 'milliseconds')
}

function readLook(reader: Reader, text: string) {
  const fault = DRIVER_FAULTS.find((name) => name === text)
  if (fault !== undefined) return fault
  const expected = 'figures of a meter: [["unit",61.5,null,null,false]]'
  let figures: unknown
  try {
    figures = JSON.parse(text)
  } catch {
    return fail(reader, expected)
  }
  const look = z.array(MeterFigures).max(16).safeParse(figures)
  return look.success ? look.data : fail(reader, expected)
}

function readBytes(reader: Reader, text: string): string {
  if (text.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(text)) return fail(reader, 'bytes in base64')
  return bounded(reader, atob(text))
}

function bounded(reader: Reader, text: string): string {
  return text.length <= MOST_IN_FILE ? text : fail(reader, 'at most a megabyte in a file')
}

function readContent(reader: Reader): string {
  let text = ''
  for (let line = reader.lines[reader.at]; line?.startsWith('|') === true; line = reader.lines[reader.at]) {
    reader.at++
    text += `${unescaped(line.slice(1)) ?? fail(reader, 'escapes such as \\x20')}\n`
  }
  const last = reader.lines[reader.at]
  if (last?.startsWith(':') !== true) return bounded(reader, text)
  reader.at++
  return bounded(reader, text + (unescaped(last.slice(1)) ?? fail(reader, 'escapes such as \\x20')))
}

function readEdit(reader: Reader, text: string): Edit {
  const match = /^(\d{1,6})\.(\d{1,6})=(.*)$/s.exec(text)
  if (match === null) return fail(reader, 'changes such as 0.13=412')
  return { line: Number(match[1]), word: Number(match[2]), value: match[3] ?? '' }
}

function integer(reader: Reader, text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : fail(reader, 'a whole number')
}

function oneOf<Name extends string>(reader: Reader, names: readonly Name[], text: string): Name {
  return names.find((name) => name === text) ?? fail(reader, `one of ${names.join(', ')}`)
}

function absolute(reader: Reader, text: string): string {
  return text.startsWith('/') ? text : fail(reader, 'an absolute path')
}

function fail(reader: Reader, expected: string): never {
  throw new Unexpected(reader.at, expected)
}
