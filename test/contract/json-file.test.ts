import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseJsonFile } from '../../contract/json-file.ts'
import { ok } from '../../contract/result.ts'
import { fcOptions } from '../support/counts.ts'

const anything = z.unknown()

test('any JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 1, '\t'), (value, space) => {
      const text = `\uFEFF ${JSON.stringify(value, null, space)}\r\n`
      expect(parseJsonFile(text, 'f', anything)).toEqual(ok(JSON.parse(text.slice(1))))
    }),
    fcOptions('contract', 300, 20_000),
  )
})

test('any text is taken or refused as JSON.parse does, save a key given twice', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"b"',
    '1',
    '-',
    '0',
    '.5',
    'e3',
    'true',
    'null',
    ' ',
    '\n',
    '\\',
    '\\u00',
    '\t',
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
      (text) => {
        const read = parseJsonFile(text, 'f', anything)
        if (read.ok) expect(read.value).toEqual(JSON.parse(text))
        else if (!read.reason.endsWith('expected each key once.')) expect(() => JSON.parse(text)).toThrow()
      },
    ),
    fcOptions('contract', 2_000, 100_000),
  )
})

test('a value that the schema refuses is found by line and column, whatever is around it', () => {
  const schema = z.strictObject({ list: z.array(z.strictObject({ watts: z.number() })) })
  const text = '{\n  "list": [\n    { "watts": 1 },\n    {\n      "watts": "two" }\n  ]\n}'
  expect(parseJsonFile(text, 'rig.json', schema)).toEqual({
    ok: false,
    code: 'badFile',
    reason: 'rig.json:5:7: list[1].watts: expected number, received string.',
    remedy: null,
  })
  const missing = '{ "list": [\n  {} ] }'
  expect(parseJsonFile(missing, 'rig.json', schema)).toMatchObject({
    reason: 'rig.json:2:3: list[0].watts: missing; expected number.',
  })
})

test('a file of a million characters and nesting of a hundred levels are the limit', () => {
  expect(parseJsonFile(' '.repeat(1_000_001), 'f', anything)).toMatchObject({
    reason: 'f:1:1: expected at most 1000000 characters.',
  })
  expect(parseJsonFile(`${'['.repeat(100)}${']'.repeat(100)}`, 'f', anything)).toMatchObject({ ok: true })
  expect(parseJsonFile('['.repeat(500_000), 'f', anything)).toMatchObject({
    reason: 'f:1:102: expected at most 100 levels.',
  })
})

test('a key called __proto__ is a key like any other', () => {
  expect(parseJsonFile('{"__proto__": 1}', 'f', z.strictObject({}))).toMatchObject({
    reason: 'f:1:2: __proto__: not a key that is known here.',
  })
})
