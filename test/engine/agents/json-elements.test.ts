import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonElements } from '../../../engine/agents/json-elements.ts'
import { fcOptions } from '../../support/counts.ts'

type Found = { elements: [string, unknown][]; fields: [string, string][]; isWhole: boolean }

function found(text: string | Buffer, chunkBytes: number, lists: readonly string[]): Found {
  const [elements, fields]: [Found['elements'], Found['fields']] = [[], []]
  const reader = new JsonElements({
    wants: (list) => lists.includes(list),
    element: (list, bytes) => void elements.push([list, JSON.parse(bytes.toString())]),
    field: (name, value) => void fields.push([name, value]),
  })
  const bytes = Buffer.from(text)
  // One buffer for all chunks, as files are read: what is kept of one must not be changed by the next.
  const chunk = Buffer.alloc(chunkBytes)
  for (let at = 0; at < bytes.length; at += chunkBytes)
    reader.push(chunk.subarray(0, bytes.copy(chunk, 0, at, at + chunkBytes)))
  return { elements, fields, isWhole: reader.isWhole }
}

describe('the objects of a list in a document', () => {
  test('are found whatever they hold, in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }), {
          maxLength: 5,
        }),
        fc.dictionary(fc.constantFrom('a', 'b', 'sessionId'), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(3),
        (objects, beside, chunkBytes, indent) => {
          const document = JSON.stringify({ ...beside, messages: objects }, null, indent)
          const { elements, isWhole } = found(document, chunkBytes, ['messages'])
          expect(elements).toEqual(objects.map((object) => ['messages', JSON.parse(JSON.stringify(object))]))
          expect(isWhole).toBe(true)
          const list = found(JSON.stringify(objects, null, indent), chunkBytes, [''])
          expect(list.elements.map(([, element]) => element)).toEqual(JSON.parse(JSON.stringify(objects)))
        },
      ),
      fcOptions('agents', 100, 5_000),
    )
  })

  test('come with the text fields of the document, and with the key of their list', () => {
    const document =
      '{"sessionId":"s\\"1","inner":{"sessionId":"no"},"usageLedger":{"events":[{"id":1}]},"messages":[1,[{"no":1}],{"m":[{}]}]}'
    expect(found(document, 7, ['events', 'messages'])).toEqual({
      elements: [
        ['events', { id: 1 }],
        ['messages', { m: [{}] }],
      ],
      fields: [['sessionId', 's\\"1']],
      isWhole: true,
    })
  })

  test('of a torn document are those that it still has', () => {
    expect(found('[{"a":1},{"b":2},{"c":', 5, [''])).toMatchObject({
      elements: [
        ['', { a: 1 }],
        ['', { b: 2 }],
      ],
      isWhole: false,
    })
  })

  test('are passed over where one is larger than a megabyte', () => {
    const document = JSON.stringify([{ a: 'x'.repeat(1_100_000) }, { b: 1 }])
    expect(found(document, 100_000, ['']).elements).toEqual([['', { b: 1 }]])
  })

  test('are looked for in anything without an exception', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ':',
      ',',
      '1',
      '"messages":[',
      '{"a":1}',
      'é',
      '[[[[[[[[',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (parts, chunkBytes) => {
        const reader = new JsonElements({ wants: () => true, element: () => {}, field: () => {} })
        const bytes = Buffer.from(parts.join(''))
        for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes))
        return reader.isWhole || true
      }),
      fcOptions('agents', 200, 10_000),
    )
  })
})
