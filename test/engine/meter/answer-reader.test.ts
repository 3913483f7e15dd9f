import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerReader } from '../../../engine/meter/answer-reader.ts'
import { endpointOf } from '../../../engine/meter/protocols/registry.ts'
import { countedTokens, newTally, type Tally } from '../../../engine/meter/tally.ts'
import { fcOptions, runs } from '../../support/counts.ts'
import { type Answer, answers, fixture } from './answers.ts'

function read(answer: Answer, cuts: readonly number[]): Tally {
  const endpoint = endpointOf('POST', answer.path)
  if (endpoint === null) throw new Error(`no endpoint for ${answer.path}`)
  const tally = newTally()
  const reader = new AnswerReader(endpoint, tally, answer.type)
  const ends = [...cuts, answer.body.length]
  for (const [index, end] of ends.entries()) reader.push(answer.body.subarray(ends[index - 1] ?? 0, end))
  reader.end()
  return tally
}

function expectCounted(answer: Answer, tally: Tally): void {
  const writes = endpointOf('POST', answer.path)?.delivers === 'text'
  const counted = countedTokens(tally, (answer.status ?? 200) >= 400, writes)
  expect(counted.completionTokens).toBe(answer.completion)
  expect(counted.tokensProvenance).toBe(answer.provenance ?? 'exact')
  if (answer.prompt !== undefined) expect(counted.promptTokens).toBe(answer.prompt)
  if (answer.cached !== undefined) expect(counted.cachedTokens).toBe(answer.cached)
  if (answer.model !== undefined) expect(tally.model).toBe(answer.model)
  if (answer.deltas !== undefined) expect(tally.deltas).toBe(answer.deltas)
  expect(tally.images).toBe(answer.images ?? null)
  expect(tally.audioMs).toBe(answer.audioMs ?? null)
  expect(tally.isRemote).toBe(answer.remote ?? false)
  if (answer.loadMs !== undefined) expect(tally.loadMs).toBeCloseTo(answer.loadMs, 6)
  expect(tally.hasFailed).toBe(answer.failed ?? false)
}

describe.each(answers)('$file', (answer) => {
  test('is counted in one piece, and byte by byte', () => {
    expectCounted(answer, read(answer, []))
    expectCounted(answer, read(answer, Array.from(answer.body.keys())))
  })

  test('is counted the same, wherever it is cut in two', () => {
    const step = Math.max(1, Math.floor(answer.body.length / runs('meter', 150, 100_000)))
    const whole = read(answer, [])
    for (let cut = 1; cut < answer.body.length; cut += step) expect(read(answer, [cut])).toEqual(whole)
  })

  test('is counted the same, however it is cut', () => {
    const whole = read(answer, [])
    const offsets = fc.uniqueArray(fc.integer({ min: 1, max: answer.body.length }), { maxLength: 40 })
    fc.assert(
      fc.property(offsets, (cuts) => {
        expect(
          read(
            answer,
            cuts.sort((one, other) => one - other),
          ),
        ).toEqual(whole)
      }),
      fcOptions('meter', 10, 500),
    )
  })
})

test('an answer that loads or unloads a model is no request', () => {
  for (const file of ['ollama/generate-load.json', 'ollama/generate-unload.json']) {
    const answer = { path: '/api/generate', file, type: 'application/json', completion: null, body: fixture(file) }
    expect(read(answer, []).asksNothing).toBe(true)
  }
})

test('broken answers give no count that is no count, and no exception', () => {
  const [answer] = answers
  const pieces = fc.constantFrom(
    'data: ',
    '\n\n',
    '\n',
    '\r',
    '{"usage":',
    '{"prompt_tokens":-1,',
    '"completion_tokens":1e99}}',
    '"\\',
    '{',
    '}',
    '[',
    ']',
    '"usage":{"completion_tokens":"7"}',
    'event: error',
    '"eval_count":NaN',
    '\u0000',
    ':',
  )
  const bodies = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 30 }).map((each) => Buffer.from(each.join('')))
  fc.assert(
    fc.property(bodies, fc.constantFrom(...answers.map(({ path }) => path)), (body, path) => {
      const tally = read({ ...(answer as Answer), path, body }, [Math.floor(body.length / 2)])
      const { promptTokens, completionTokens } = countedTokens(tally, false, true)
      for (const tokens of [promptTokens, completionTokens])
        expect(tokens === null || (Number.isInteger(tokens) && tokens >= 0 && tokens <= 1e9)).toBe(true)
    }),
    fcOptions('meter', 200, 20_000),
  )
})

test('an event of many MB is not held: what follows it is counted', () => {
  const endpoint = endpointOf('POST', '/v1/images/generations')
  const tally = newTally()
  const reader = new AnswerReader(endpoint as never, tally, 'text/event-stream')
  reader.push(Buffer.from('event: image_generation.completed\ndata: {"b64_json":"'))
  for (let mb = 0; mb < 8; mb++) reader.push(Buffer.alloc(1024 * 1024, 65))
  reader.push(Buffer.from('"}\n\nevent: image_generation.completed\ndata: {"type":"image_generation.completed"}\n\n'))
  reader.end()
  expect(tally.images).toBe(2)
  expect(tally.hasFailed).toBe(false)
})
