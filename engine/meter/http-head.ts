/** Start line and header fields of one HTTP/1.1 message, as RFC 9112 writes them. */
export type Head = {
  /** A request's method; `''` of an answer. */
  readonly method: string
  /** A request's target as sent; `''` of an answer. */
  readonly target: string
  /** An answer's status; 0 of a request. */
  readonly status: number
  /** Names in lower case, in order, with duplicates. */
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** How the body behind a head ends. `blind`: from here on the bytes are no longer HTTP. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'untilClose' }
  | { readonly kind: 'interim' }
  | { readonly kind: 'blind' }

/** What is wrong with a message, in words that may be sent back. */
export type HeadFault = { readonly fault: string }

const NONE: Framing = { kind: 'none' }
const CHUNKED: Framing = { kind: 'chunked' }
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/

export type ParsedRequest = { readonly head: Head; readonly framing: Framing }

/** A request's head, its closing empty line included. Whatever two readers might understand differently is a fault (RFC 9112 §6.3, §11.2). */
export function parseRequestHead(raw: Buffer): ParsedRequest | HeadFault {
  const lines = linesOf(raw)
  const start = REQUEST_LINE.exec(lines[0] ?? '')
  if (start === null) return { fault: 'the request line is not one of HTTP/1.1' }
  const fields = fieldsOf(lines)
  if ('fault' in fields) return fields
  const head: Head = { method: start[1] as string, target: start[2] as string, status: 0, fields }
  const framing = requestFraming(head, start[3] === '0')
  return 'fault' in framing ? framing : { head, framing }
}

/** An answer's head. How its body ends depends on the request that it answers (RFC 9112 §6.3). */
export function parseAnswerHead(raw: Buffer): Head | HeadFault {
  const lines = linesOf(raw)
  const start = STATUS_LINE.exec(lines[0] ?? '')
  if (start === null) return { fault: 'the status line is not one of HTTP/1.1' }
  const fields = fieldsOf(lines)
  if ('fault' in fields) return fields
  return { method: '', target: '', status: Number(start[1]), fields }
}

export function answerFraming(head: Head, requestMethod: string): Framing | HeadFault {
  if (head.status === 101 || (requestMethod === 'CONNECT' && head.status < 300 && head.status >= 200))
    return { kind: 'blind' }
  if (head.status < 200) return { kind: 'interim' }
  if (requestMethod === 'HEAD' || head.status === 204 || head.status === 304) return NONE
  const codings = tokens(head, 'transfer-encoding')
  const lengths = tokens(head, 'content-length')
  if (codings.length > 0 && lengths.length > 0) return { fault: 'an answer with two lengths' }
  if (codings.length > 0) return codings.at(-1) === 'chunked' ? CHUNKED : { kind: 'untilClose' }
  return lengths.length > 0 ? lengthOf(lengths) : { kind: 'untilClose' }
}

/** The first value of a field; `null` where there is none. */
export function field(head: Head, name: string): string | null {
  return head.fields.find(([each]) => each === name)?.[1] ?? null
}

/** A list field's members in lower case, over all its lines. */
export function tokens(head: Head, name: string): string[] {
  const members: string[] = []
  for (const [each, value] of head.fields) {
    if (each !== name) continue
    for (const member of value.split(',')) members.push(member.trim().toLowerCase())
  }
  return members
}

function requestFraming(head: Head, isOld: boolean): Framing | HeadFault {
  const codings = tokens(head, 'transfer-encoding')
  const lengths = tokens(head, 'content-length')
  if (codings.length > 0 && lengths.length > 0)
    return { fault: 'Content-Length and Transfer-Encoding contradict each other' }
  if (lengths.length > 0) return lengthOf(lengths)
  if (codings.length === 0) return NONE
  const isPlain = codings.at(-1) === 'chunked' && codings.indexOf('chunked') === codings.length - 1
  return isPlain && !isOld ? CHUNKED : { fault: 'this Transfer-Encoding does not say where the body ends' }
}

function lengthOf(lengths: readonly string[]): Framing | HeadFault {
  const [first = '', ...others] = lengths
  if (!/^\d{1,15}$/.test(first) || others.some((other) => other !== first))
    return { fault: 'Content-Length is not one number' }
  const bytes = Number(first)
  return bytes === 0 ? NONE : { kind: 'length', bytes }
}

function linesOf(raw: Buffer): string[] {
  return raw.toString('latin1', 0, raw.length - 4).split('\r\n')
}

function fieldsOf(lines: readonly string[]): [string, string][] | HeadFault {
  const fields: [string, string][] = []
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    // A folded line begins with a space and is no token either: its two readings are the oldest way to smuggle.
    if (!TOKEN.test(name)) return { fault: 'a header field has no proper name' }
    const value = line.slice(colon + 1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\x00\r\n]/.test(value)) return { fault: 'a header field holds a control character' }
    fields.push([name.toLowerCase(), value.trim()])
  }
  return fields
}
