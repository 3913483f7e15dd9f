import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonScanner } from '../../../engine/meter/json-scanner.ts'
import { requestReader } from '../../../engine/meter/request-reader.ts'
import type { JsonObject } from '../../../engine/meter/tally.ts'
import { fcOptions } from '../../support/counts.ts'
import { fixture } from './answers.ts'

const KEYS = ['model', 'usage', 'user']

function scan(bytes: Buffer, cuts: readonly number[] = []): { values: JsonObject[]; members: number[] } {
  const seen = { values: [] as JsonObject[], members: [] as number[] }
  const scanner = new JsonScanner({
    ...{ keys: new Set(KEYS), list: 'data', prompt: new Set(['messages']) },
    onValue: (values, members) => {
      seen.values.push(values)
      seen.members.push(members)
    },
  })
  const ends = [...cuts, bytes.length]
  for (const [index, end] of ends.entries()) scanner.push(bytes.subarray(ends[index - 1] ?? 0, end))
  return seen
}

test('any JSON, written in any order and cut anywhere, gives its top-level values and no deeper ones', () => {
  const deep = fc.jsonValue({ maxDepth: 4 })
  const short = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.integer(),
    fc.constant(null),
    fc.record({ prompt_tokens: fc.nat() }),
  )
  const objects = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 60 })), deep, short), {
    maxLength: 8,
  })
  const spaced = fc.constantFrom(undefined, 1, '\t\r\n')
  fc.assert(
    fc.property(objects, spaced, fc.array(fc.nat(400)), (members, space, offsets) => {
      const object = Object.fromEntries(
        members.map(([key, nested, value]) => [key, KEYS.includes(key) ? value : { model: nested, [key]: [nested] }]),
      )
      const bytes = Buffer.from(JSON.stringify(object, null, space))
      const wanted = Object.fromEntries(
        Object.entries(JSON.parse(bytes.toString())).filter(([key]) => KEYS.includes(key)),
      )
      const cuts = offsets.filter((offset) => offset < bytes.length).sort((one, other) => one - other)
      expect(scan(bytes, cuts).values).toEqual([wanted])
    }),
    fcOptions('meter', 200, 20_000),
  )
})

test('members of a list are counted, several objects are told apart, and long values are dropped', () => {
  expect(
    scan(Buffer.from('{"data":[]}{"data":[1]}\n{"data":[{"a":[1,2]},{"b":"],["}]} {"data":{"a":1,"b":2}}')).members,
  ).toEqual([0, 1, 2, 0])
  expect(scan(Buffer.from(`{"model":"${'m'.repeat(300)}","user":"u"}`)).values).toEqual([{ user: 'u' }])
  expect(scan(Buffer.from('[[1,2],[3]]')).values).toEqual([{}])
})

test('garbage is survived', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'model', '1', ' ')), (pieces) => {
      const bytes = Buffer.from(pieces.join(''))
      expect(scan(bytes)).toEqual(scan(bytes, Array.from(bytes.keys())))
    }),
    fcOptions('meter', 300, 50_000),
  )
})

test('a request whose model comes last, behind text that forges it, is read wherever it is cut', () => {
  const body = fixture('proxy/request-model-last.json')
  for (let cut = 0; cut <= body.length; cut++) {
    const reader = requestReader('application/json')
    reader.push(body.subarray(0, cut))
    reader.push(body.subarray(cut))
    expect(reader.asked).toEqual({
      model: 'qwen3-8b',
      user: 'u-17',
      safety_identifier: 'sid-9',
      metadata: { model: 'nested' },
    })
    expect(reader.promptMedia).toBe(1)
    expect(reader.promptBytes).toBe(String.raw`{\"model\":\"forged\",\"user\":\"mallory\"}`.length)
  }
})

test('a form gives its small fields and not its files, wherever it is cut', () => {
  const part = (head: string, body: string) => `--b0und\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`
  const form = Buffer.from(
    `${part('name="file"; filename="a.wav"\r\nContent-Type: audio/wav', `name="model"\r\n\r\nforged\r\n--b0un\r\n${'x'.repeat(300)}`)}${part('name="model"', 'whisper-1')}${part('name="user"', 'u-17')}${part('name="prompt"', 'a hint')}${part('name="n"', '2')}--b0und--\r\n`,
  )
  for (let cut = 0; cut <= form.length; cut++) {
    const reader = requestReader('multipart/form-data; boundary=b0und')
    reader.push(form.subarray(0, cut))
    reader.push(form.subarray(cut))
    expect(reader.asked).toEqual({ model: 'whisper-1', user: 'u-17', n: 2 })
    expect([reader.promptMedia, reader.promptBytes]).toEqual([1, 6])
  }
})
