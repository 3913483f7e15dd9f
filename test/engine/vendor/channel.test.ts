import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LONGEST_LINE, lineCutter } from '../../../engine/vendor/channel.ts'
import { fcOptions } from '../../support/counts.ts'

function cut(pieces: readonly string[]) {
  const lines: string[] = []
  let refused = 0
  const push = lineCutter(
    (line) => lines.push(line),
    () => refused++,
  )
  for (const piece of pieces) push(piece)
  return { lines, refused }
}

test('lines are the same however they come in pieces, and one without its end is not heard', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', 'ü') }), fc.array(fc.nat(20)), (text, cuts) => {
      const pieces: string[] = []
      let from = 0
      for (const length of cuts) {
        pieces.push(text.slice(from, from + length))
        from += length
      }
      pieces.push(text.slice(from))
      expect(cut(pieces)).toEqual({ lines: text.split('\n').slice(0, -1), refused: 0 })
    }),
    fcOptions('vendor-lines', 200, 20_000),
  )
})

test('a line that is too long is refused once, ended or not, and nothing after it is heard', () => {
  const longest = 'x'.repeat(LONGEST_LINE)
  expect(cut([`${longest}\n`]).lines).toEqual([longest])
  expect(cut(['first\n', longest, 'x', '\nlast\n'])).toEqual({ lines: ['first'], refused: 1 })
  expect(cut([`${longest}x\n`, 'last\n'])).toEqual({ lines: [], refused: 1 })
})
