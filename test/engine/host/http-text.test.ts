import fc from 'fast-check'
import { expect, test } from 'vitest'
import { httpText } from '../../../engine/host/real/http-text.ts'
import { fcOptions } from '../../support/counts.ts'

function heard(text: string, hasEnded = false) {
  return httpText(Buffer.from(text, 'latin1'), hasEnded)
}

function bodyOf(text: string, hasEnded = false): string | null {
  const told = heard(text, hasEnded)
  return told?.ok === true ? told.value.answer.body : null
}

test('an answer ends where its length, its last chunk or the connection says', () => {
  const sized = heard('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-A:  b \r\nx-a: c\r\n\r\nbody')
  expect(sized).toEqual({
    ok: true,
    value: {
      answer: { status: 200, headers: { 'content-length': '4', 'x-a': 'b, c' }, body: 'body' },
      mayGoOn: true,
    },
  })
  const chunked =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nbod\r\n01\r\ny\r\n0\r\nx-later: z\r\n\r\n'
  expect(heard(chunked)).toMatchObject({ ok: true, value: { answer: { body: 'body' }, mayGoOn: true } })
  const open = 'HTTP/1.1 200 OK\r\n\r\nbody'
  expect(heard(open)).toBeNull()
  expect(heard(open, true)).toMatchObject({ ok: true, value: { answer: { body: 'body' }, mayGoOn: false } })
  expect(bodyOf('HTTP/1.1 204 No Content\r\n\r\n')).toBe('')
  expect(bodyOf('HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n')).toBe('')
  expect(bodyOf('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200\r\ncontent-length: 1\r\n\r\nx')).toBe('x')
  expect(bodyOf('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xc3\xa4')).toBe('ä')
})

test('the connection goes on only where both ends know that the answer has ended', () => {
  const mayGoOn = (text: string, hasEnded = false) => {
    const told = heard(text, hasEnded)
    return told?.ok === true && told.value.mayGoOn
  }
  expect(mayGoOn('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx')).toBe(true)
  expect(mayGoOn('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx', true)).toBe(false)
  expect(mayGoOn('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxy')).toBe(false)
  expect(mayGoOn('HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: Close\r\n\r\nx')).toBe(false)
  expect(mayGoOn('HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx')).toBe(false)
})

test.each([
  ['is of another protocol', 'SSH-2.0-dropbear\r\n'],
  ['is of another version', 'HTTP/2 200\r\n\r\n'],
  ['changes the protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'],
  ['has a folded header', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n'],
  ['has a header without a name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n'],
  ['has a blank before the colon', 'HTTP/1.1 200 OK\r\na : b\r\n\r\n'],
  ['has a control character in a header', 'HTTP/1.1 200 OK\r\na: \0\r\n\r\n'],
  ['has two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx'],
  ['has no number as length', 'HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\nx'],
  ['has a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['has a coding that nobody asked for', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n'],
  ['has a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n'],
  ['has a chunk that is longer than its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxyz\r\n'],
  ['has a head without end', `HTTP/1.1 200 OK\r\na: ${'x'.repeat(20_000)}`],
])('an answer that %s is refused', (_, text) => {
  expect(heard(text)).toMatchObject({ ok: false, code: 'broken' })
})

test('what is too long or points elsewhere is refused before it is taken', () => {
  expect(heard('HTTP/1.1 302 Found\r\nlocation: x\r\n')).toBeNull()
  expect(heard('HTTP/1.1 302 Found\r\nlocation: x\r\n\r\n')).toMatchObject({ code: 'redirected' })
  expect(heard('HTTP/1.1 200 OK\r\ncontent-length: 1000001\r\n\r\n')).toMatchObject({ code: 'tooLarge' })
  expect(heard('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n')).toMatchObject({ code: 'tooLarge' })
  expect(heard(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_000_001)}`)).toMatchObject({ code: 'tooLarge' })
})

const lengths = fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 5 })

test('an answer that comes in pieces is the same, is not there before it is whole, and is broken where it stops half way', () => {
  fc.assert(
    fc.property(lengths, fc.boolean(), fc.nat(), (parts, isChunked, cut) => {
      const body = Buffer.concat(parts)
      const framed = isChunked ? [...parts.map((part) => chunk(part)), Buffer.from('0\r\n\r\n')] : [body]
      const field = isChunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`
      const whole = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`), ...framed])
      expect(httpText(whole, false)).toMatchObject({
        ok: true,
        value: { answer: { body: body.toString('utf8') }, mayGoOn: true },
      })
      const half = whole.subarray(0, cut % whole.length)
      expect(httpText(half, false)).toBeNull()
      expect(httpText(half, true)).toMatchObject({ ok: false, code: 'broken' })
    }),
    fcOptions('contact', 300, 30_000),
  )
})

test('whatever is heard is an answer, a problem or not yet an end', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 100 \r\n',
      'transfer-encoding: chunked\r\n',
      'content-length: 5\r\n',
    ),
    fc.constantFrom('\r\n', '\r\n\r\n', '0', '5', 'ffffffff', ';', ':', ' ', '\n', '\0'),
    fc.string({ maxLength: 12 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, hasEnded) => {
      const told = heard(pieces.join(''), hasEnded)
      if (told === null) expect(hasEnded).toBe(false)
      else if (told.ok) expect(told.value.answer.status).toBeGreaterThanOrEqual(200)
    }),
    fcOptions('contact', 1_000, 100_000),
  )
})

function chunk(part: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')])
}
