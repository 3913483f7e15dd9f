import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader, fitsFrame, MAX_FRAME_BYTES } from '../../contract/frames.ts'
import { fcOptions } from '../support/counts.ts'

const utf8 = new TextEncoder()

function read(chunks: readonly Uint8Array[]): { frames: unknown[]; garbage: string[] } {
  const frames: unknown[] = []
  const garbage: string[] = []
  const reader = new FrameReader(
    (frame) => frames.push(frame),
    (reason) => garbage.push(reason),
  )
  for (const chunk of chunks) reader.push(chunk)
  return { frames, garbage }
}

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

test('frames arrive whole and in order, wherever the stream was cut', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (values, places) => {
      const texts = values.map((value) => JSON.stringify(value))
      const { frames, garbage } = read(cut(utf8.encode(texts.map((text) => `${text}\n`).join('')), places))
      expect(garbage).toEqual([])
      expect(frames.map((frame) => JSON.stringify(frame))).toEqual(texts)
    }),
    fcOptions('wire', 200, 20_000),
  )
})

test('any bytes at all give frames or one complaint, never an exception', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (chunks) => {
      expect(read(chunks).garbage.length).toBeLessThanOrEqual(1)
    }),
    fcOptions('wire', 300, 30_000),
  )
})

test('nothing after garbage counts', () => {
  const { frames, garbage } = read([utf8.encode('{"a":1}\nnonsense\n{"b":2}\n'), utf8.encode('{"c":3}\n')])
  expect(frames).toEqual([{ a: 1 }])
  expect(garbage).toEqual(['a line is not JSON in UTF-8'])
})

test('bytes that are not UTF-8 are garbage, not question marks', () => {
  const { frames, garbage } = read([Uint8Array.from([0x22, 0xff, 0xfe, 0x22, 0x0a])])
  expect(frames).toEqual([])
  expect(garbage).toEqual(['a line is not JSON in UTF-8'])
})

test('a frame of exactly the limit is read, one byte more is refused before its line end is seen', () => {
  const longest = `"${'a'.repeat(MAX_FRAME_BYTES - 2)}"`
  expect(read([utf8.encode(`${longest}\n`)]).frames).toEqual([JSON.parse(longest)])
  const chunk = new Uint8Array(1024 * 1024).fill(0x61)
  const { frames, garbage } = read([chunk, chunk, chunk, chunk, chunk.subarray(0, 1)])
  expect(frames).toEqual([])
  expect(garbage).toEqual([`a frame is longer than ${MAX_FRAME_BYTES} bytes`])
})

test('a frame that fits in characters may still be too long in bytes', () => {
  expect(fitsFrame(`${'a'.repeat(MAX_FRAME_BYTES)}\n`)).toBe(true)
  expect(fitsFrame(`${'a'.repeat(MAX_FRAME_BYTES + 1)}\n`)).toBe(false)
  expect(fitsFrame(`${'€'.repeat(MAX_FRAME_BYTES / 2)}\n`)).toBe(false)
})
