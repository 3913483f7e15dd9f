import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NEUTRAL_PROMPTS } from '../../../engine/lab/neutral-prompts.ts'
import { PromptSet, parsePromptSet } from '../../../engine/lab/prompt-set.ts'
import { fcOptions } from '../../support/counts.ts'

test('the shipped set is a set, of ten prompts in three lengths', () => {
  expect(PromptSet.parse(NEUTRAL_PROMPTS)).toEqual(NEUTRAL_PROMPTS)
  const lengths = NEUTRAL_PROMPTS.prompts.map(({ name }) => name.split('-')[0])
  expect(
    Object.entries(Object.groupBy(lengths, (length) => length ?? '')).map(([name, all]) => [name, all?.length]),
  ).toEqual([
    ['short', 4],
    ['medium', 4],
    ['long', 2],
  ])
})

test('an own set needs no length of its answers', () => {
  const set = parsePromptSet('{"name": "mine", "prompts": [{"name": "a", "text": "Why?"}]}', 'mine.json')
  expect(set).toEqual({ ok: true, value: { name: 'mine', prompts: [{ name: 'a', text: 'Why?', maxTokens: 256 }] } })
})

test.each([
  ['{"name": "mine", "prompts": []}', /^mine\.json:1:18: prompts: /],
  ['{"name": "mine"}', /^mine\.json:1:1: prompts: missing/],
  ['{"name": "mine", "prompts": [{"name": "a", "text": "Why?", "maxTokens": 1}]}', /prompts\[0\]\.maxTokens: /],
  ['{"name": "mine", "prompts": [{"name": "a", "txt": "Why?"}]}', /prompts\[0\]/],
  ['{"name": "../x", "prompts": [{"name": "a", "text": "Why?"}]}', /name: expected 1 to 60 letters/],
  ['{"name": "m", "prompts": [{"name": "a", "text": "x"}, {"name": "a", "text": "y"}]}', /two prompts are named "a"/],
  ['{"name": ', /^mine\.json:1:10: expected/],
])('%s is refused with its place', (text, reason) => {
  const set = parsePromptSet(text, 'mine.json')
  expect(set.ok).toBe(false)
  expect(set.ok || set.reason).toMatch(reason)
})

test('any text is a set or a problem', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const set = parsePromptSet(text, 'x.json')
      expect(set.ok || set.reason.startsWith('x.json:')).toBe(true)
    }),
    fcOptions('lab', 200, 20_000),
  )
})
