import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listedProcesses, smUse } from '../../../engine/sources/nvml-processes.ts'
import type { RawProcesses } from '../../../engine/sources/nvml-record.ts'
import { fcOptions } from '../../support/counts.ts'
import { processRecord } from './nvml-machine.ts'

const MEMORY_BYTES = 24 * 2 ** 30
const NOT_TOLD = 2n ** 64n - 1n
const everybody = { memoryBytes: MEMORY_BYTES, isProcess: () => true }

type Kind = RawProcesses['kind']
type Process = readonly [pid: number, bytes: bigint]

function written(stride: 16 | 24 | 32, processes: readonly Process[], kind: Kind = 'compute', tail = 0): RawProcesses {
  const records = processes.map(([pid, bytes]) => processRecord(stride, pid, bytes))
  const bytes = Buffer.concat([...records, Buffer.alloc(tail)]).toString('base64')
  return { kind, count: processes.length, bytes }
}

const pidsOf = (list: RawProcesses, isProcess = (_: number) => true) =>
  listedProcesses([list], { memoryBytes: MEMORY_BYTES, isProcess }).map(({ pid, memoryBytes }) => [pid, memoryBytes])

describe('a process list', () => {
  const two: Process[] = [
    [4_001, 512n * 2n ** 20n],
    [5_002, 2n ** 30n],
  ]
  const decoded = two.map(([pid, bytes]) => [pid, Number(bytes)])

  test('is decoded by the length of what was written: records of 16, 24 and 32 bytes', () => {
    for (const stride of [16, 24, 32] as const) expect(pidsOf(written(stride, two))).toEqual(decoded)
  })

  test('whose buffer the driver cleared to its end is decoded by the length that makes sense', () => {
    const isProcess = (pid: number) => two.some(([known]) => known === pid)
    for (const stride of [16, 24, 32] as const)
      expect(pidsOf(written(stride, two, 'compute', 400), isProcess)).toEqual(decoded)
  })

  test('does not take 32-byte records for twice as many of 16 when only some were written', () => {
    const list = { ...written(32, [...two, ...two.map(([pid, bytes]) => [pid + 7, bytes] as const)]), count: 4 }
    expect(pidsOf(list).map(([pid]) => pid)).toEqual([4_001, 5_002, 4_008, 5_009])
  })

  test('has unknown memory where the driver does not tell it, and leaves out what no process can be', () => {
    const odd: Process[] = [
      [1, NOT_TOLD],
      [0, 5n],
      [2 ** 31 + 1, 5n],
      [2, BigInt(MEMORY_BYTES) * 2n],
      [3, 5n],
    ]
    expect(pidsOf(written(24, odd))).toEqual([
      [1, null],
      [3, 5],
    ])
  })

  test('of one that computes and draws has it once, with its memory once', () => {
    const lists = [
      written(24, [[9, 700n]], 'graphics'),
      written(24, [
        [9, 700n],
        [8, 1n],
      ]),
      written(24, [[7, NOT_TOLD]], 'graphics'),
      written(24, [[6, 3n]], 'mps'),
    ]
    expect(listedProcesses(lists, everybody)).toEqual([
      { pid: 9, memoryBytes: 700, isResident: true },
      { pid: 8, memoryBytes: 1, isResident: true },
      { pid: 7, memoryBytes: null, isResident: false },
      { pid: 6, memoryBytes: 3, isResident: true },
    ])
  })

  test('of any length and any pids comes back as it was written', () => {
    const process = fc.tuple(
      fc.integer({ min: 1, max: 4_194_304 }),
      fc.oneof(fc.constant(NOT_TOLD), fc.bigInt({ min: 0n, max: BigInt(MEMORY_BYTES) })),
    )
    const list = fc.uniqueArray(process, { selector: ([pid]) => pid, maxLength: 40 })
    fc.assert(
      fc.property(list, fc.constantFrom(16 as const, 24 as const, 32 as const), (processes, stride) => {
        const expected = processes.map(([pid, bytes]) => [pid, bytes === NOT_TOLD ? null : Number(bytes)])
        expect(pidsOf(written(stride, processes))).toEqual(expected)
      }),
      fcOptions('nvml', 200, 20_000),
    )
  })

  test('of garbage gives sane processes or none, never an exception', () => {
    const garbage = fc.record({
      kind: fc.constantFrom<Kind>('compute', 'graphics', 'mps'),
      count: fc.oneof(fc.nat({ max: 20 }), fc.nat()),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
        fc.string({ maxLength: 40 }),
      ),
    })
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 4 }), fc.option(fc.nat()), fc.boolean(), (lists, memory, isThere) => {
        for (const process of listedProcesses(lists, { memoryBytes: memory, isProcess: () => isThere })) {
          expect(process.pid).toBeGreaterThan(0)
          expect(process.pid).toBeLessThan(2 ** 31)
          expect(process.memoryBytes ?? 0).toBeGreaterThanOrEqual(0)
          expect(process.memoryBytes ?? 0).toBeLessThanOrEqual((memory ?? Number.MAX_SAFE_INTEGER) * 1.05)
        }
      }),
      fcOptions('nvml', 300, 30_000),
    )
  })
})

describe('utilisation by process', () => {
  const wallMs = Date.UTC(2026, 10, 25)
  const nowUs = BigInt(wallMs) * 1_000n
  const sample = (pid: number, agoMs: number, smPct: number) => ({
    pid,
    atUs: String(nowUs - BigInt(agoMs) * 1_000n),
    smPct,
  })
  const use = (samples: ReturnType<typeof sample>[], afterUs = nowUs - 1_000_000n) =>
    smUse(samples, new Set([1, 2]), afterUs, wallMs)

  test('is the mean over the sample periods in which anything ran', () => {
    const { pctByPid, newestUs } = use([sample(1, 600, 80), sample(1, 100, 40), sample(2, 100, 30)])
    expect(pctByPid).toEqual(
      new Map([
        [1, 60],
        [2, 15],
      ]),
    )
    expect(newestUs).toBe(nowUs - 100_000n)
  })

  test('leaves out strangers, more than a hundred per cent, what was seen before, and times that cannot be', () => {
    const { pctByPid, newestUs } = use(
      [sample(77, 100, 50), sample(1, 100, 4_000_000), sample(1, 1_000, 50), sample(1, -90_000, 50), sample(2, 90, 5)],
      nowUs - 500_000n,
    )
    expect(pctByPid).toEqual(new Map([[2, 5]]))
    expect(newestUs).toBe(nowUs - 90_000n)
    expect(use([sample(1, 3_600_000, 50)], 0n).pctByPid.size).toBe(0)
  })

  test('of garbage is between 0 and 100 per cent, and time never goes back', () => {
    const any = fc.record({
      pid: fc.nat({ max: 3 }),
      atUs: fc
        .oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: nowUs - 10n ** 6n, max: nowUs }))
        .map(String),
      smPct: fc.oneof(fc.nat({ max: 120 }), fc.nat()),
    })
    fc.assert(
      fc.property(fc.array(any), fc.bigInt({ min: 0n, max: 2n * nowUs }), (samples, afterUs) => {
        const { pctByPid, newestUs } = smUse(samples, new Set([1, 2]), afterUs, wallMs)
        for (const pct of pctByPid.values()) expect(pct >= 0 && pct <= 100).toBe(true)
        expect(newestUs >= afterUs).toBe(true)
      }),
      fcOptions('nvml', 300, 30_000),
    )
  })
})
