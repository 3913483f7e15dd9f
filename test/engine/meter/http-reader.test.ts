import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerFraming, parseAnswerHead, parseRequestHead } from '../../../engine/meter/http-head.ts'
import { HttpReader, MAX_HEAD_BYTES } from '../../../engine/meter/http-reader.ts'
import { fcOptions } from '../../support/counts.ts'

type Seen = { passed: Buffer; bodies: string[]; heads: string[]; fault: string | null; open: string }

function requests(bytes: Buffer, cuts: readonly number[] = []): Seen {
  const passed: Buffer[] = []
  const seen: Seen = { passed: Buffer.alloc(0), bodies: [], heads: [], fault: null, open: '' }
  const reader = new HttpReader(
    {
      head(raw) {
        const parsed = parseRequestHead(raw)
        if ('fault' in parsed) {
          seen.fault = parsed.fault
          return null
        }
        seen.heads.push(`${parsed.head.method} ${parsed.head.target}`)
        return { framing: parsed.framing }
      },
      body: (piece, from, to) => {
        seen.open += piece.toString('latin1', from, to)
      },
      lastChunk: () => null,
      done: () => {
        seen.bodies.push(seen.open)
        seen.open = ''
        return true
      },
      pass: (piece) => passed.push(Buffer.from(piece)),
      fault: (reason) => {
        seen.fault = reason
      },
    },
    { isLenient: false },
  )
  const ends = [...cuts, bytes.length]
  for (const [index, end] of ends.entries()) reader.push(bytes.subarray(ends[index - 1] ?? 0, end))
  seen.passed = Buffer.concat(passed)
  return seen
}

const FINE = Buffer.from(
  [
    '\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
    'GET /b?c=d HTTP/1.0\r\n\r\n',
    'POST /e HTTP/1.1\r\nhOST:x\r\nTransfer-Encoding: chunked\r\n\r\n3;a="b"\r\nabc\r\n0a \r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    'POST /f HTTP/1.1\r\nContent-Length: 2, 2\r\n\r\n\r\n',
  ].join(''),
)

test('pipelined requests are told apart and passed on byte for byte, wherever they are cut', () => {
  const expected = {
    heads: ['POST /a', 'GET /b?c=d', 'POST /e', 'OPTIONS *', 'POST /f'],
    bodies: ['hello', '', 'abc0123456789', '', '\r\n'],
  }
  for (let cut = 0; cut <= FINE.length; cut++) {
    const seen = requests(FINE, [cut])
    expect(seen).toMatchObject({ ...expected, fault: null })
    expect(seen.passed.equals(FINE)).toBe(true)
  }
  expect(requests(FINE, Array.from(FINE.keys()))).toMatchObject(expected)
})

describe('what two readers could understand differently is refused:', () => {
  const head = (...fields: string[]) => `POST / HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
  test.each([
    ['both lengths', head('Content-Length: 5', 'Transfer-Encoding: chunked')],
    ['two lengths that differ', head('Content-Length: 5', 'Content-Length: 6')],
    ['a list of lengths that differ', head('Content-Length: 5, 6')],
    ['a signed length', head('Content-Length: +5')],
    ['a length that is no number', head('Content-Length: 5a')],
    ['a length beyond all numbers', head('Content-Length: 99999999999999999999')],
    ['an empty length', head('Content-Length:')],
    ['chunked twice', head('Transfer-Encoding: chunked, chunked')],
    ['chunked and then something', head('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')],
    ['a coding that looks like chunked', head('Transfer-Encoding: xchunked')],
    ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a space in front of the colon', head('Content-Length : 5')],
    ['a folded line', head('X: a', ' Transfer-Encoding: chunked')],
    ['a name that is no name', head('Content\u0001Length: 5')],
    ['a zero byte', head('X: a\u0000b')],
    ['a bare LF', 'POST / HTTP/1.1\nContent-Length: 5\n\n'],
    ['a bare CR', head('X: a\rContent-Length: 5')],
    ['no version', 'GET /\r\n\r\n'],
    ['another version', 'GET / HTTP/2.0\r\n\r\n'],
    ['two spaces', 'GET  / HTTP/1.1\r\n\r\n'],
  ])('%s', (_, text) => {
    for (const cuts of [[], Array.from(text, (_each, index) => index)]) {
      const seen = requests(Buffer.from(text, 'latin1'), cuts)
      expect(seen.fault).not.toBe(null)
      expect(seen.passed.length).toBe(0)
      expect(seen.bodies).toEqual([])
    }
  })

  test.each([
    ['no size', 'zz\r\n'],
    ['an empty size', '\r\n'],
    ['a signed size', '+5\r\nhello\r\n'],
    ['a size with 0x', '0x5\r\nhello\r\n'],
    ['a size beyond all numbers', 'fffffffffffffffff\r\n'],
    ['a bare LF behind the size', '5\nhello\r\n'],
    ['a CR within the extension', '5;a\rb\r\n'],
    ['a chunk that is longer than it says', '5\r\nhello!\r\n'],
    ['a bare LF behind the chunk', '5\r\nhello\n0\r\n\r\n'],
    ['a bare LF in the trailer', '0\r\nX: y\n\r\n'],
    ['an endless extension', `5;${'a'.repeat(5_000)}\r\n`],
  ])('chunks with %s', (_, text) => {
    const start = head('Transfer-Encoding: chunked')
    for (const cuts of [[], Array.from(start + text, (_each, index) => index)]) {
      const seen = requests(Buffer.from(start + text, 'latin1'), cuts)
      expect(seen.fault).not.toBe(null)
      expect(seen.bodies).toEqual([])
    }
  })
})

test('a head of 64 kB is the longest', () => {
  const start = 'GET / HTTP/1.1\r\nX: '
  const longest = `${start}${'a'.repeat(MAX_HEAD_BYTES - start.length - 4)}\r\n\r\n`
  expect(requests(Buffer.from(longest)).fault).toBe(null)
  expect(requests(Buffer.from(longest.replace('a', 'aa'))).fault).toMatch(/64 kB/)
  expect(requests(Buffer.alloc(MAX_HEAD_BYTES + 1, 'a'), [1, 2, 3]).fault).toMatch(/64 kB/)
})

test('how an answer ends follows RFC 9112', () => {
  const framing = (text: string, method = 'GET') => {
    const head = parseAnswerHead(Buffer.from(`${text}\r\n\r\n`))
    return 'fault' in head ? head : answerFraming(head, method)
  }
  expect(framing('HTTP/1.1 200 OK\r\nContent-Length: 7')).toEqual({ kind: 'length', bytes: 7 })
  expect(framing('HTTP/1.1 200 OK\r\nContent-Length: 7', 'HEAD')).toEqual({ kind: 'none' })
  expect(framing('HTTP/1.1 204 No\r\nContent-Length: 7')).toEqual({ kind: 'none' })
  expect(framing('HTTP/1.1 304 No\r\nContent-Length: 7')).toEqual({ kind: 'none' })
  expect(framing('HTTP/1.1 200\r\nTransfer-Encoding: gzip, Chunked')).toEqual({ kind: 'chunked' })
  expect(framing('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip')).toEqual({ kind: 'untilClose' })
  expect(framing('HTTP/1.0 200 OK')).toEqual({ kind: 'untilClose' })
  expect(framing('HTTP/1.1 100 Continue')).toEqual({ kind: 'interim' })
  expect(framing('HTTP/1.1 101 Switching')).toEqual({ kind: 'blind' })
  expect(framing('HTTP/1.1 200 OK', 'CONNECT')).toEqual({ kind: 'blind' })
  expect(framing('HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked')).toHaveProperty('fault')
  expect(framing('HTTP/1.1 20 OK')).toHaveProperty('fault')
})

test('whatever comes, in whatever pieces, what is passed on is a beginning of it', () => {
  const words = [
    'GET / HTTP/1.1\r\n',
    '\r\n',
    '\n',
    '\r',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    'abc',
    ';',
    ':',
  ]
  const streams = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 })), { maxLength: 20 })
  fc.assert(
    fc.property(streams, fc.array(fc.nat(200), { maxLength: 10 }), (texts, offsets) => {
      const bytes = Buffer.from(texts.join(''), 'latin1')
      const cuts = offsets.filter((offset) => offset < bytes.length).sort((one, other) => one - other)
      const [whole, cut] = [requests(bytes), requests(bytes, cuts)]
      expect(bytes.subarray(0, cut.passed.length).equals(cut.passed)).toBe(true)
      expect({ heads: cut.heads, bodies: cut.bodies, fault: cut.fault }).toEqual({
        heads: whole.heads,
        bodies: whole.bodies,
        fault: whole.fault,
      })
    }),
    fcOptions('meter', 300, 50_000),
  )
})
