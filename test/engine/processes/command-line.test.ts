import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitCommandLine } from '../../../engine/processes/command-line.ts'
import { fcOptions } from '../../support/counts.ts'

test('a command line is split as a C program receives it', () => {
  for (const [line, words] of [
    ['', []],
    ['ollama.exe serve', ['ollama.exe', 'serve']],
    ['"C:\\Program Files\\Ollama\\ollama.exe"  serve ', ['C:\\Program Files\\Ollama\\ollama.exe', 'serve']],
    ['p "a b" c', ['p', 'a b', 'c']],
    ['p "ab\\"c" "\\\\" d', ['p', 'ab"c', '\\', 'd']],
    ['p a\\\\\\b d"e f"g h', ['p', 'a\\\\\\b', 'de fg', 'h']],
    ['p a\\\\\\"b c d', ['p', 'a\\"b', 'c', 'd']],
    ['p a\\\\\\\\"b c" d e', ['p', 'a\\\\b c', 'd', 'e']],
    ['p "a""b c"', ['p', 'a"b c']],
    ['p ""', ['p', '']],
    ['p \\', ['p', '\\']],
  ] as const) {
    expect(splitCommandLine(line)).toEqual(words)
  }
})

test('any text is split into words that are no longer than it, never an exception', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\t'), maxLength: 30 })
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (line) => {
      expect(splitCommandLine(line).join('').length).toBeLessThanOrEqual(line.length)
    }),
    fcOptions('windows', 500, 50_000),
  )
})
