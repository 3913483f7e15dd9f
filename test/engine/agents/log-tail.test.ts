import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cursor } from '../../../engine/agents/cursors.ts'
import { hashOf } from '../../../engine/agents/hash.ts'
import { continues, MOST_LINE_BYTES, readTail, tailBuffer } from '../../../engine/agents/log-tail.ts'
import { fcOptions } from '../../support/counts.ts'
import { MemoryAgentFiles } from '../../support/memory-agent-files.ts'

const buffer = tailBuffer()

/** Reads what is there, and returns the lines with a needle. */
function read(files: MemoryAgentFiles, cursor: Cursor, needles: readonly string[]) {
  const opened = files.open('/log')
  const look = files.look('/log')
  if (!opened.ok || !look.ok) throw new Error('not there')
  const lines: string[] = []
  let passedOver = 0
  const { sizeBytes } = look.value
  const tailing = {
    ...{ file: opened.value, sizeBytes, buffer, needles: needles.map((needle) => Buffer.from(needle)) },
    line: (text: string) => void lines.push(text),
    passOver: () => void passedOver++,
  }
  for (const _ of readTail(cursor, tailing)) expect(cursor.offsetBytes).toBeLessThanOrEqual(sizeBytes)
  expect(continues(opened.value, sizeBytes, cursor)).toBe(true)
  return { lines, passedOver }
}

function cursorAtStart(): Cursor {
  return { sizeBytes: -1, modifiedMs: 0, offsetBytes: 0, tailHash: hashOf(''), isSkipping: false, state: {} }
}

test('every whole line that holds a needle comes once and in order, however the file grows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('', '"a"', '"b"', '"a""b"'), fc.integer({ min: 0, max: 300_000 })), {
        maxLength: 12,
      }),
      fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 8 }),
      (made, cuts) => {
        const all = made.map(([needle, length], index) => `${index}${'x'.repeat(length)}${needle}`)
        const text = Buffer.from(all.map((line) => `${line}\n`).join(''))
        const files = new MemoryAgentFiles()
        files.write('/log', '')
        const cursor = cursorAtStart()
        const lines: string[] = []
        let at = 0
        for (const bytes of [...cuts, text.length]) {
          files.append('/log', text.subarray(at, at + bytes))
          at = Math.min(text.length, at + bytes)
          lines.push(...read(files, cursor, ['"a"', '"b"']).lines)
        }
        expect(lines.map((line) => line.length)).toEqual(
          all.filter((line) => line.includes('"')).map((line) => line.length),
        )
        expect(lines).toEqual(all.filter((line) => line.includes('"')))
        expect(cursor.offsetBytes).toBe(text.length)
      },
    ),
    fcOptions('agents', 30, 500),
  )
})

test('a line that is too long is passed over and told of once, in however many pieces it comes', () => {
  const files = new MemoryAgentFiles()
  files.write('/log', '"a"1\n')
  const cursor = cursorAtStart()
  const results = [read(files, cursor, ['"a"'])]
  for (let piece = 0; piece < 5; piece++) {
    files.append('/log', `"a"${'x'.repeat(MOST_LINE_BYTES / 2)}`)
    results.push(read(files, cursor, ['"a"']))
  }
  files.append('/log', '\n"a"2\n"a"torn')
  results.push(read(files, cursor, ['"a"']))
  expect(results.flatMap(({ lines }) => lines)).toEqual(['"a"1', '"a"2'])
  expect(results.reduce((sum, { passedOver }) => sum + passedOver, 0)).toBe(1)
})
