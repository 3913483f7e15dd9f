import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseItems } from '../../../engine/vendor/pdh-items.ts'
import { parseEfficiencyClasses, parseProcesses } from '../../../engine/vendor/process-buffer.ts'
import { commandLineIn } from '../../../engine/vendor/process-image.ts'
import { guidBytes, splitPaths } from '../../../engine/vendor/windows-device.ts'
import { fcOptions } from '../../support/counts.ts'
import { utf16 } from '../../support/fake-win32.ts'
import { cpuSets, pdhBuffer, processBuffer } from './windows-buffers.ts'

const ADDRESS = 0x1234_5678_9000n
const CREATED = 133_000_000_000_000_000n

const PROCESSES = processBuffer(
  [
    { pid: 0, kernel: 99n, threads: 4 },
    { pid: 4, name: 'System', threads: 3, cycles: 2n ** 60n },
    { pid: 4321, parent: 4, created: CREATED, user: 7n, kernel: 5n, cycles: 88n, name: 'ollama.exe', threads: 9 },
  ],
  ADDRESS,
)

/** A byte of a good buffer replaced, or the buffer cut. */
const damage = fc.record({ at: fc.nat(), value: fc.nat(255), cut: fc.option(fc.nat(), { nil: null }) })

function damaged(bytes: Uint8Array, damages: readonly { at: number; value: number; cut: number | null }[]): Uint8Array {
  let copy = new Uint8Array(bytes)
  for (const { at, value, cut } of damages) {
    copy[at % Math.max(1, copy.length)] = value
    if (cut !== null) copy = copy.slice(0, cut % (copy.length + 1))
  }
  return copy
}

describe('the list of processes', () => {
  test('gives each with its parent, creation, time, cycles and name', () => {
    expect(parseProcesses(PROCESSES, ADDRESS)).toEqual([
      [0, 0, '0', '99', '0', ''],
      [4, 0, '0', '0', (2n ** 60n).toString(), 'System'],
      [4321, 4, CREATED.toString(), '12', '88', 'ollama.exe'],
    ])
  })

  test('is none where it is cut, its steps lead outside, or a time is negative', () => {
    expect(parseProcesses(PROCESSES.subarray(0, PROCESSES.length - 200), ADDRESS)).not.toBeNull()
    expect(parseProcesses(PROCESSES.subarray(0, 700), ADDRESS)).toBeNull()
    expect(parseProcesses(new Uint8Array(), ADDRESS)).toBeNull()
    const negative = Buffer.from(PROCESSES)
    negative.writeBigInt64LE(-1n, 48)
    expect(parseProcesses(negative, ADDRESS)).toBeNull()
    const backwards = Buffer.from(PROCESSES)
    backwards.writeUInt32LE(8, 0)
    expect(parseProcesses(backwards, ADDRESS)).toBeNull()
  })

  test('leaves a name empty that lies outside the buffer', () => {
    expect(parseProcesses(PROCESSES, (ADDRESS + 1n) << 40n)?.map((row) => row[5])).toEqual(['', '', ''])
  })

  test('may be anything: rows or nothing, never an exception', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1_200 }),
      fc.array(damage, { minLength: 1, maxLength: 4 }).map((damages) => damaged(PROCESSES, damages)),
    )
    fc.assert(
      fc.property(bytes, (each) => {
        for (const row of parseProcesses(each, ADDRESS) ?? []) {
          expect(row[0] >= 0 && row[0] <= 0xffff_ffff && BigInt(row[3]) >= 0n).toBe(true)
        }
      }),
      fcOptions('windows', 300, 30_000),
    )
  })
})

describe('a raw counter array', () => {
  const items = [
    { name: 'pid_1_luid_0x00000000_0x0000C85A_phys_0_eng_0_engtype_3D', value: 12n },
    { name: 'idle', value: 0n },
    { name: 'gone', value: 5n, status: 0xc000_0bb8 },
    { name: 'new', value: 2n ** 55n, status: 1 },
  ]

  test('gives names and values of instances that have run', () => {
    expect(parseItems(pdhBuffer(items, ADDRESS), ADDRESS, 4)).toEqual([
      [items[0]?.name, '12'],
      ['new', (2n ** 55n).toString()],
    ])
  })

  test('may be anything: good names or none, never an exception', () => {
    const good = pdhBuffer(items, ADDRESS)
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(damage, { minLength: 1, maxLength: 4 }).map((damages) => damaged(good, damages)),
    )
    fc.assert(
      fc.property(bytes, fc.nat(100_000), (each, count) => {
        for (const [name, value] of parseItems(each, ADDRESS, count)) {
          expect(name.length > 0 && name.length <= 1_024 && BigInt(value) > 0n).toBe(true)
        }
      }),
      fcOptions('windows', 300, 30_000),
    )
  })
})

test('efficiency classes are those of the logical processors, as far as the list is whole', () => {
  expect(parseEfficiencyClasses(cpuSets([1, 1, 0, 0]))).toEqual([1, 1, 0, 0])
  expect(parseEfficiencyClasses(cpuSets([1, 0]).subarray(0, 40))).toEqual([1])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      parseEfficiencyClasses(bytes).every((each) => each <= 255),
    ),
    fcOptions('windows', 200, 20_000),
  )
})

test('a command line is the text that the structure before it points to, or none', () => {
  const text = utf16('ollama.exe serve')
  const head = Buffer.alloc(16)
  head.writeUInt16LE(text.length, 0)
  head.writeBigUInt64LE(ADDRESS + 16n, 8)
  const bytes = Buffer.concat([head, text])
  expect(commandLineIn(bytes, ADDRESS)).toBe('ollama.exe serve')
  expect(commandLineIn(bytes, ADDRESS - 64n)).toBe('')
  expect(commandLineIn(bytes.subarray(0, 8), ADDRESS)).toBeNull()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (each) => {
      commandLineIn(each, ADDRESS)
    }),
    fcOptions('windows', 200, 20_000),
  )
})

test('a GUID lies in memory with its first three groups little-endian; a list of paths ends in two zeros', () => {
  expect(Buffer.from(guidBytes('{45BD8344-7ED6-49CF-A440-C276C933B053}')).toString('hex')).toBe(
    '4483bd45d67ecf49a440c276c933b053',
  )
  expect(splitPaths(new Uint16Array(new Uint8Array(utf16('\\\\?\\a\0\\\\?\\b\0\0')).buffer))).toEqual([
    '\\\\?\\a',
    '\\\\?\\b',
  ])
})
