import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compilePattern,
  maxPatternLength,
  pathsOf,
  patternFault,
  subjectLength,
} from '../../../engine/catalogue/pattern.ts'
import { fcOptions } from '../../support/counts.ts'

test('a leading (?i) ignores case', () => {
  expect(compilePattern('(?i)comfyui').test('ComfyUI')).toBe(true)
  expect(compilePattern('comfyui').test('ComfyUI')).toBe(false)
})

describe('how many ways a pattern can go is bounded from above', () => {
  test.each([
    ['^serve$', 1],
    ['^(?:serve|run)\\b', 1], // branches that begin differently exclude each other
    ['^(?:serve|start)', 2],
    ['^a?b?c?', 8],
    ['^a{3}', 1],
    ['^a{2,4}', 3],
    ['^[^/]*/x', 100],
    ['^.*a.*b', 10_000],
    ['serve', 100], // tried at each place
    ['^a|b', 200], // an upper bound: the first branch is anchored, and counted at each place all the same
    ['^(?:a|b)*', 100],
    ['^(?:a|ab)*', Number.POSITIVE_INFINITY],
    ['^(a+)+$', Number.POSITIVE_INFINITY],
    ['^(a*)*b', Number.POSITIVE_INFINITY],
    ['^(?:a?){30}', 2 ** 30],
    ['^(a)\\1', Number.POSITIVE_INFINITY],
    ['^(?=.*a)(?!b)[)\\]|]+', 10_000],
  ])('%s on 100 characters: %d', (pattern, paths) => {
    expect(pathsOf(pattern, 100)).toBe(paths)
  })
})

describe('a pattern is refused', () => {
  test.each([
    ['(a+)+$', 'quick'],
    ['(?:a|aa)*b', 'quick'],
    ['(?i)(x+x+)+y', 'quick'],
    ['(.*)\\1', 'quick'],
    ['.*.*.*x', 'quick'],
    ['a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaaaaaaaa', 'quick'],
    ['[', 'regular expression'],
    ['(?<', 'regular expression'],
    ['x'.repeat(maxPatternLength + 1), 'at most 500 characters'],
  ])('%s', (pattern, why) => {
    expect(patternFault(pattern, 'args')).toContain(why)
  })
})

test('a path, being shorter, may have one open-ended repeat more', () => {
  expect(patternFault('/a[^/]*/b[^/]*/c$', 'path')).toBeNull()
  expect(patternFault('/a[^/]*/b[^/]*/c$', 'args')).not.toBeNull()
})

test('whatever the text of a pattern: an answer, never an exception, and what is taken is a regular expression', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '*',
    '+',
    '?',
    '(',
    ')',
    '(?:',
    '(?=',
    '[',
    ']',
    '[^',
    '|',
    '\\',
    '^',
    '{2,}',
    '{1,3}',
    '\\1',
    '(?i)',
    '(?<n>',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece, { maxLength: 30 }).map((all) => all.join('')),
      ),
      (text) => {
        if (patternFault(text, 'args') === null) compilePattern(text) // throws where it is none
      },
    ),
    fcOptions('catalogue', 1_000, 50_000),
  )
})

test('the costliest patterns that are taken come to an end on text made for them', () => {
  for (const text of ['^.*a.*b', '^a*a*b', 'a*b', '^(?:a|b)*(?:a|c)*d', '^a?a?a?a*a*b']) {
    expect(patternFault(text, 'args'), text).toBeNull()
    expect(compilePattern(text).test('a'.repeat(subjectLength.args)), text).toBe(false)
  }
})

test('the bound holds: no pattern that is taken walks more paths than it says', () => {
  // Paths are counted by a matcher of our own for the small language of these patterns, on text made of one letter.
  const atom = fc.constantFrom('a', '(?:a|b)', '(?:a|aa)')
  const repeat = fc.constantFrom('', '?', '*', '+', '{2}', '{1,3}')
  const pattern = fc.array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(pattern, fc.integer({ min: 1, max: 6 }), (terms, length) => {
      const text = terms.map(([one, times]) => one + times).join('')
      expect(endings(terms, length)).toBeLessThanOrEqual(pathsOf(`^${text}`, length + 1))
    }),
    fcOptions('catalogue', 300, 10_000),
  )
})

/** In how many ways the terms can eat some of `length` letters "a". */
function endings(terms: readonly (readonly [string, string])[], length: number): number {
  const [first, ...rest] = terms
  if (first === undefined) return 1
  const [atom, repeat] = first
  const low = repeat === '?' || repeat === '*' ? 0 : repeat === '{2}' ? 2 : 1
  const high = repeat === '' || repeat === '?' ? 1 : repeat === '{2}' ? 2 : repeat === '{1,3}' ? 3 : length
  const widths = atom === '(?:a|aa)' ? [1, 2] : [1]
  let ways = 0
  const walk = (times: number, left: number): void => {
    if (times >= low) ways += endings(rest, left)
    if (times < high) for (const width of widths) if (width <= left) walk(times + 1, left - width)
  }
  walk(0, length)
  return ways
}
