import { describe, expect, test } from 'vitest'
import { parseRequestHead } from '../../../engine/meter/http-head.ts'
import { type IdentifyOptions, identityOf, personAsked } from '../../../engine/meter/identify.ts'
import { fixture } from './answers.ts'

const options: IdentifyOptions = { secret: Buffer.alloc(32, 7), meterKey: 'the-meters-own-key', webUiSecret: null }
const nobody = { keyHash: null, personHash: null }
const HASH = /^[0-9a-f]{12}$/

function identity(
  fields: readonly string[] | Buffer,
  { isFromHere = true, ...more }: Partial<IdentifyOptions> & { isFromHere?: boolean } = {},
) {
  const text = Array.isArray(fields)
    ? `POST / HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
    : fields.toString('utf8').replace(/\r?\n/g, '\r\n')
  const parsed = parseRequestHead(Buffer.from(`${text.trimEnd()}\r\n\r\n`))
  if ('fault' in parsed) throw new Error(parsed.fault)
  return identityOf(parsed.head, isFromHere, { ...options, ...more })
}

test('an API key is a keyed hash, whichever field it comes in', () => {
  const { keyHash } = identity(['Authorization: Bearer sk-1'])
  expect(keyHash).toMatch(HASH)
  expect(identity(['x-api-key: sk-1']).keyHash).toBe(keyHash)
  expect(identity(['API-Key: sk-1']).keyHash).toBe(keyHash)
  expect(identity(['x-api-key: sk-2']).keyHash).not.toBe(keyHash)
  expect(identity(['x-api-key: sk-1'], { secret: Buffer.alloc(32, 8) }).keyHash).not.toBe(keyHash)
})

test('placeholders, the meter’s own key and no key are nobody', () => {
  for (const key of [
    'ollama',
    'lm-studio',
    'EMPTY',
    'none',
    'no-key',
    'sk-no-key-required',
    'dummy',
    '',
    ' ',
    'the-meters-own-key',
  ])
    expect(identity([`Authorization: Bearer ${key}`])).toEqual(nobody)
  expect(identity([])).toEqual(nobody)
  expect(identity(['Authorization: Basic eDp5'])).toEqual(nobody)
})

describe('Open WebUI', () => {
  test('names a person in plain headers and in a signed one alike', () => {
    const plain = identity(fixture('open-webui/request-headers.txt'))
    expect(plain).toEqual({ keyHash: null, personHash: expect.stringMatching(HASH) })
    expect(identity(fixture('open-webui/request-headers-jwt.txt'))).toEqual(plain)
    expect(
      identity(fixture('open-webui/request-headers-jwt.txt'), { webUiSecret: 'test-secret-for-fixtures' }),
    ).toEqual(plain)
  })

  test('is not believed where its signature is wrong', () => {
    expect(identity(fixture('open-webui/request-headers-jwt.txt'), { webUiSecret: 'another' })).toEqual(nobody)
    expect(identity(['X-OpenWebUI-User-Jwt: a.b'])).toEqual(nobody)
  })

  test('may send a name percent-encoded or as it is', () => {
    expect(identity(['X-OpenWebUI-User-Name: J%20M'])).toEqual(identity(['X-OpenWebUI-User-Name: j m']))
    expect(identity(['X-OpenWebUI-User-Name: 100%']).personHash).toMatch(HASH)
  })
})

test('what a proxy in front says is believed from this machine alone', () => {
  expect(identity(['X-Forwarded-Email: a@example.org']).personHash).toMatch(HASH)
  expect(identity(['X-Forwarded-Email: a@example.org'], { isFromHere: false })).toEqual(nobody)
})

test('a body names a person by its newest field, without the session of a coding agent', () => {
  const { secret } = options
  const person = personAsked({ user: 'u-17' }, secret)
  expect(person).toMatch(HASH)
  expect(personAsked({ user: 'other', safety_identifier: 'u-17' }, secret)).toBe(person)
  expect(personAsked({ metadata: { user_id: 'u-17_session_1234' } }, secret)).toBe(person)
  for (const nothing of [{}, { user: '' }, { user: 17 }, { metadata: 'u-17' }, { user: 'none' }])
    expect(personAsked(nothing, secret)).toBe(null)
})
