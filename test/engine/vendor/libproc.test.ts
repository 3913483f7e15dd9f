import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  readArguments,
  readShortInfo,
  readUniqueInfo,
  readUsage,
  readWorkingDirectory,
  SHORT_INFO_BYTES,
  UNIQUE_INFO_BYTES,
  USAGE_BYTES,
  VNODE_PATHS_BYTES,
} from '../../../engine/vendor/libproc-structures.ts'
import { fcOptions } from '../../support/counts.ts'

/** A structure of xnu, by what stands where. */
function structure(bytes: number, fields: Readonly<Record<number, bigint | number | string>>): Uint8Array {
  const filled = new Uint8Array(bytes)
  const view = new DataView(filled.buffer)
  for (const [at, value] of Object.entries(fields)) {
    if (typeof value === 'bigint') view.setBigUint64(Number(at), value, true)
    else if (typeof value === 'number') view.setUint32(Number(at), value, true)
    else filled.set(new TextEncoder().encode(value), Number(at))
  }
  return filled
}

function argumentArea(count: number, path: string, words: readonly string[], environment: readonly string[] = []) {
  const text = `${path}\0\0\0\0${[...words, ...environment].map((word) => `${word}\0`).join('')}`
  const bytes = new Uint8Array(4 + new TextEncoder().encode(text).length)
  new DataView(bytes.buffer).setInt32(0, count, true)
  new TextEncoder().encodeInto(text, bytes.subarray(4))
  return bytes
}

test('a process tells parent, name and owner', () => {
  const bytes = structure(SHORT_INFO_BYTES, { 4: 812, 12: 2, 16: 'ollama', 36: 501 })
  expect(readShortInfo(bytes)).toEqual({ ppid: 812, comm: 'ollama', uid: 501, isZombie: false })
  expect(readShortInfo(structure(SHORT_INFO_BYTES, { 12: 5 })).isZombie).toBe(true)
})

test('a name of 16 letters has no zero byte at its end', () => {
  const bytes = structure(SHORT_INFO_BYTES, { 16: 'com.apple.WebKit', 32: 0xffffffff })
  expect(readShortInfo(bytes).comm).toBe('com.apple.WebKit')
})

test('a process and its parent have numbers that are never given out twice', () => {
  const bytes = structure(UNIQUE_INFO_BYTES, { 16: 2n ** 63n, 24: 77n })
  expect(readUniqueInfo(bytes)).toEqual({ uniqueId: String(2n ** 63n), parentId: '77' })
})

test('the working directory follows its node', () => {
  expect(readWorkingDirectory(structure(VNODE_PATHS_BYTES, { 152: '/Users/ada/models' }))).toBe('/Users/ada/models')
})

describe('usage', () => {
  const bytes = structure(USAGE_BYTES, { 16: 3n, 24: 4n, 80: 999n, 96: 10n, 104: 20n, 336: 5_000n })

  test('has own and children’s times together, the start and the kernel’s count of energy', () => {
    const usage = { image: '0'.repeat(32), startTicks: '999', ownTicks: '7', childTicks: '30', energyNj: '5000' }
    expect(readUsage(bytes, 6)).toEqual(usage)
  })

  test('of version 4 has no energy, which is not known then and not 0', () => {
    expect(readUsage(bytes, 4).energyNj).toBeNull()
  })
})

describe('arguments', () => {
  test('are as many as the kernel says; the environment behind them is not read', () => {
    const area = argumentArea(3, '/usr/bin/python3', ['python3', '-m', 'mlx_lm.server'], ['OPENAI_API_KEY=secret'])
    expect(readArguments(area)).toEqual(['python3', '-m', 'mlx_lm.server'])
  })

  test('may be empty words', () => {
    expect(readArguments(argumentArea(3, '/bin/a', ['a', '', 'b']))).toEqual(['a', '', 'b'])
  })

  test('end where the area ends', () => {
    const area = argumentArea(2, '/bin/a', ['a', 'cut'])
    expect(readArguments(area.subarray(0, area.length - 2))).toEqual(['a'])
  })

  test('are cut after 4,096 characters', () => {
    const words = readArguments(argumentArea(3, '/bin/a', ['a', 'x'.repeat(9_000), 'never']))
    expect(words.join(' ').length).toBeLessThanOrEqual(4_096)
    expect(words).toHaveLength(2)
  })

  test('of any bytes are words, and never those behind the last', () => {
    const area = fc.tuple(fc.integer({ min: -5, max: 9 }), fc.uint8Array({ maxLength: 200 })).map(([count, rest]) => {
      const bytes = new Uint8Array(4 + rest.length)
      new DataView(bytes.buffer).setInt32(0, count, true)
      bytes.set(rest, 4)
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(area, fc.uint8Array({ maxLength: 8 })), (bytes) => {
        const words = readArguments(bytes)
        const count = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)
        expect(words.length).toBeLessThanOrEqual(Math.max(0, count))
      }),
      fcOptions('libproc', 200, 20_000),
    )
  })
})
