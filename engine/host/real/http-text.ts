import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import type { ContactFault, HttpAnswer } from '../host.ts'

/** What one server said to one question. `mayGoOn`: its end was marked, and the connection is open for another question. */
export type HttpText = { readonly answer: HttpAnswer; readonly mayGoOn: boolean }

const MOST_BYTES = 1_000_000
const MOST_HEAD_BYTES = 16_384
const MOST_LINE_BYTES = 1_024

const STATUS = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/
/** RFC 9110 §5.1 and §5.5: a token, and what is visible, blanks and tabs. */
const FIELD = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~\x80-\xff]*)$/
const CHUNK = /^([\da-f]{1,8})[ \t]*(?:;[\t -~\x80-\xff]*)?$/i
const NOTHING = Buffer.alloc(0)

/**
 * The answer in all that a server has sent since the question (RFC 9112), read anew with each piece; `null` while more is to come. `hasEnded`:
 * nothing more will. Stricter than the standard allows: folded headers, two lengths and transfer codings other than `chunked` are refused.
 */
export function httpText(bytes: Buffer, hasEnded: boolean): Result<HttpText, ContactFault> | null {
  const missing = hasEnded ? BROKEN : null
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
    if (end < 0 ? bytes.length - at > MOST_HEAD_BYTES : end - at > MOST_HEAD_BYTES) return BROKEN
    if (end < 0) return isBegun(bytes, at) ? missing : BROKEN
    const head = headIn(bytes.toString('latin1', at, end))
    if (head === null || head.status === 101) return BROKEN
    at = end + 4
    // Such as 103: the answer itself comes behind it.
    if (head.status >= 200) return answered(head, bytes.subarray(at), hasEnded)
  }
}

type Head = { readonly isNew: boolean; readonly status: number; readonly headers: Record<string, string> }

function isBegun(bytes: Buffer, at: number): boolean {
  const beginning = bytes.toString('latin1', at, at + 5)
  return 'HTTP/'.startsWith(beginning)
}

function headIn(text: string): Head | null {
  const [first = '', ...lines] = text.split('\r\n')
  const [, minor, status] = STATUS.exec(first) ?? []
  if (status === undefined) return null
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const [, name, value = ''] = FIELD.exec(line) ?? []
    if (name === undefined) return null
    const key = name.toLowerCase()
    const known = headers[key]
    headers[key] = known === undefined ? value.trimEnd() : `${known}, ${value.trimEnd()}`
  }
  return { isNew: minor === '1', status: Number(status), headers }
}

function answered(
  { isNew, status, headers }: Head,
  rest: Buffer,
  hasEnded: boolean,
): Result<HttpText, ContactFault> | null {
  if (status >= 300 && status < 400 && status !== 304) {
    return problem('redirected', 'points to another place, which is not followed')
  }
  const { 'content-length': told, 'transfer-encoding': coding, connection } = headers
  const body = bodyOf(rest, { isEmpty: status === 204 || status === 304, told, coding, hasEnded })
  if (body === null || 'ok' in body) return body
  const mayGoOn =
    isNew && !hasEnded && body.isMarked && body.usedBytes === rest.length && !/\bclose\b/i.test(connection ?? '')
  return ok({ answer: { status, headers: { ...headers }, body: body.bytes.toString('utf8') }, mayGoOn })
}

type Body = { readonly bytes: Buffer; readonly usedBytes: number; readonly isMarked: boolean }
type Framing = {
  readonly isEmpty: boolean
  readonly told: string | undefined
  readonly coding: string | undefined
  readonly hasEnded: boolean
}

function bodyOf(rest: Buffer, { isEmpty, told, coding, hasEnded }: Framing): Body | Problem<ContactFault> | null {
  const missing = hasEnded ? BROKEN : null
  if (isEmpty) return { bytes: NOTHING, usedBytes: 0, isMarked: true }
  if (coding !== undefined) {
    if (told !== undefined || coding.toLowerCase() !== 'chunked') return BROKEN
    const body = chunksIn(rest)
    return body === 'more' ? missing : body
  }
  if (told === undefined) {
    if (rest.length > MOST_BYTES) return TOO_LARGE
    return hasEnded ? { bytes: rest, usedBytes: rest.length, isMarked: false } : null
  }
  if (!/^\d{1,15}$/.test(told)) return BROKEN
  const length = Number(told)
  if (length > MOST_BYTES) return TOO_LARGE
  return rest.length < length ? missing : { bytes: rest.subarray(0, length), usedBytes: length, isMarked: true }
}

function chunksIn(rest: Buffer): Body | Problem<ContactFault> | 'more' {
  const chunks: Buffer[] = []
  let sumBytes = 0
  let at = 0
  for (;;) {
    const end = rest.indexOf('\r\n', at, 'latin1')
    if (end < 0) return rest.length - at > MOST_LINE_BYTES ? BROKEN : 'more'
    const size = CHUNK.exec(rest.toString('latin1', at, end))?.[1]
    if (size === undefined) return BROKEN
    at = end + 2
    const length = Number.parseInt(size, 16)
    if (length === 0) break
    sumBytes += length
    if (sumBytes > MOST_BYTES) return TOO_LARGE
    if (rest.length < at + length + 2) return 'more'
    if (rest[at + length] !== 13 || rest[at + length + 1] !== 10) return BROKEN
    chunks.push(rest.subarray(at, at + length))
    at += length + 2
  }
  // Headers behind the body tell nothing that we ask for.
  for (;;) {
    const end = rest.indexOf('\r\n', at, 'latin1')
    if (end < 0) return rest.length - at > MOST_HEAD_BYTES ? BROKEN : 'more'
    const isLast = end === at
    at = end + 2
    if (isLast) return { bytes: Buffer.concat(chunks), usedBytes: at, isMarked: true }
  }
}

const BROKEN = problem('broken', 'broke off')
const TOO_LARGE = problem('tooLarge', 'answers with more than 1 MB')
