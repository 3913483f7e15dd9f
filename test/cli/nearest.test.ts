import { expect, test } from 'vitest'
import { nearest } from '../../cli/nearest.ts'

const words = ['now', 'top', 'doctor', 'history', 'catalogue', 'completions']

test('a slip of the finger is understood, another word is not', () => {
  const meant = (typed: string) => nearest(typed, words)
  expect(['histroy', 'docter', 'catalog', 'nwo', 'comp', 'too'].map(meant)).toEqual([
    ...['history', 'doctor', 'catalogue', 'now', 'completions', 'top'],
  ])
  expect(['watts', 'x', '', 'frobnicate'].map(meant)).toEqual([null, null, null, null])
})
