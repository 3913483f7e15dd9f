import fc from 'fast-check'
import { expect, test } from 'vitest'
import { table } from '../../cli/table.ts'
import { clipped, printable, widthOf } from '../../cli/width.ts'
import { fcOptions } from '../support/counts.ts'

type Row = { readonly name: string; readonly watts: string }
const columns = [
  { title: 'APP', isElastic: true, text: (row: Row) => row.name },
  { title: 'POWER', align: 'right', text: (row: Row) => row.watts },
] as const

test('columns stand under each other, figures right', () => {
  const rows = [
    { name: 'Ollama', watts: '27 W' },
    { name: 'Claude Code (remote)', watts: '4.1 W' },
  ]
  expect(table(columns, rows, { width: 80 })).toEqual([
    'APP                   POWER',
    'Ollama                 27 W',
    'Claude Code (remote)  4.1 W',
  ])
})

test('wide and combining characters are counted in cells', () => {
  expect(['é', 'e\u0301', '日本', '👩‍💻', '≈', '\x1b[1mbold\x1b[22m', '한'].map(widthOf)).toEqual([1, 1, 4, 2, 1, 4, 2])
  const lines = table(
    columns,
    [
      { name: '日本', watts: '1 W' },
      { name: 'abcd', watts: '1 W' },
    ],
    { width: 80 },
  )
  expect(lines).toEqual(['APP   POWER', '日本    1 W', 'abcd    1 W'])
})

test('where the window is narrow the name gives way, not the figure', () => {
  const lines = table(columns, [{ name: 'a very long name of an app', watts: '27 W' }], { width: 24 })
  expect(lines).toEqual(['APP                POWER', 'a very long name…   27 W'])
})

test('a name cannot move the cursor, break the line or turn the text around', () => {
  expect(printable('a\x1b[2Jb\nc\u202ed\x9b')).toBe('a?[2Jb?c?d?')
  expect(table(columns, [{ name: 'a\nb', watts: '1 W' }], { width: 80 })).toHaveLength(2)
})

test('a clipped text is never wider than asked, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      expect(widthOf(clipped(printable(text), width))).toBeLessThanOrEqual(width)
    }),
    fcOptions('width', 500, 20_000),
  )
})
