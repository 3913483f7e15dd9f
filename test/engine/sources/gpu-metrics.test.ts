import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GpuMetrics, type GpuMetricsFault, parseGpuMetrics } from '../../../engine/sources/gpu-metrics.ts'
import { fcOptions } from '../../support/counts.ts'
import { attributeTable, gpuMetricsTable, REVISIONS } from './gpu-metrics-tables.ts'

const parse = (table: Uint8Array): GpuMetrics | GpuMetricsFault => parseGpuMetrics(table, table.length)
const NOTHING = {
  busyRatio: null,
  powerW: null,
  gfxPowerW: null,
  npuPowerW: null,
  energyUnits: null,
}
const cards = REVISIONS.filter((revision) => revision.startsWith('1.'))
const apus = REVISIONS.filter((revision) => revision.startsWith('2.'))

test.each([
  ['1.0', 80],
  ['1.1', 96],
  ['1.2', 104],
  ['1.3', 120],
  ['1.4', 288],
  ['1.5', 360],
  ['1.6-first', 384],
  ['1.6', 1_664],
  ['1.7', 2_208],
  ['1.8', 3_872],
  ['2.0', 120],
  ['2.1', 120],
  ['2.2', 128],
  ['2.3', 152],
  ['2.4', 168],
  ['3.0', 264],
])('the struct of %s that these tests build has its published size, %i bytes', (revision, sizeBytes) => {
  expect(gpuMetricsTable(revision).length).toBe(sizeBytes)
})

describe('a card’s table', () => {
  test.each(cards)('%s tells how busy it is in percent, its power in W and its energy in 2^-16 J', (revision) => {
    expect(parse(gpuMetricsTable(revision, { busy: 73, watts: 291, energy: 0x12345678 }))).toEqual({
      ...NOTHING,
      isApu: false,
      isGfxByDifference: false,
      busyRatio: 0.73,
      powerW: 291,
      energyUnits: 0x12345678n,
    })
  })

  test.each(cards)('%s whose fields are all ones tells nothing', (revision) => {
    expect(parse(gpuMetricsTable(revision))).toEqual({ ...NOTHING, isApu: false, isGfxByDifference: false })
  })

  test.each(cards.filter((revision) => revision !== '1.0'))('%s counts energy in 64 bits', (revision) => {
    expect(parse(gpuMetricsTable(revision, { energy: 2n ** 63n + 7n }))).toMatchObject({ energyUnits: 2n ** 63n + 7n })
  })

  test('with 32 ones in the 64 bits of its energy, as RDNA4’s, counts none', () => {
    expect(parse(gpuMetricsTable('1.3', { energy: 0xffff_ffff }))).toMatchObject({ energyUnits: null })
  })

  test('that is busier than possible tells not how busy it is', () => {
    expect(parse(gpuMetricsTable('1.3', { busy: 101 }))).toMatchObject({ busyRatio: null })
  })

  test('of 1.6 between its two sizes is none', () => {
    const table = gpuMetricsTable('1.6')
    new DataView(table.buffer).setUint16(0, 385, true)
    expect(parse(table)).toBe('cut')
  })
})

describe('an APU’s table', () => {
  test.each(apus)('%s with a rail for graphics, as Van Gogh’s, tells its power in mW', (revision) => {
    const table = gpuMetricsTable(revision, { busy: 7_350, socket: 14_000, cpu: 3_000, gfx: 9_250, cores: 800 })
    expect(parse(table)).toEqual({
      ...NOTHING,
      isApu: true,
      isGfxByDifference: false,
      busyRatio: 0.735,
      gfxPowerW: 9.25,
    })
  })

  test.each(apus)(
    '%s with a rail that cores share, as Phoenix’, tells of graphics what the cores leave',
    (revision) => {
      const table = gpuMetricsTable(revision, { gfx: 9_250, cores: 1_000 })
      expect(parse(table)).toMatchObject({ isGfxByDifference: true, gfxPowerW: 1.25 })
      expect(parse(gpuMetricsTable(revision, { gfx: 900, cores: 1_000 }))).toMatchObject({ gfxPowerW: 0 })
    },
  )

  test.each(apus)('%s tells nothing of a shared rail without the cores', (revision) => {
    expect(parse(gpuMetricsTable(revision, { gfx: 9_250 }))).toMatchObject({ gfxPowerW: null })
  })

  test('as Renoir’s, whose graphics are all ones, tells no power of them', () => {
    const renoir = gpuMetricsTable('2.2', { socket: 15, cpu: 9_000, soc: 2_000, cores: 1_000 })
    expect(parse(renoir)).toMatchObject({ powerW: null, gfxPowerW: null })
  })

  test('3.0 tells the power of chip, graphics and neural unit in mW', () => {
    const values = { busy: 4_200, socket: 90_000, npu: 3_500, apu: 71_250, gfx: 40_125, cores: 99, sys: 65_000 }
    expect(parse(gpuMetricsTable('3.0', values))).toEqual({
      isApu: true,
      isGfxByDifference: false,
      busyRatio: 0.42,
      powerW: 71.25,
      gfxPowerW: 40.125,
      npuPowerW: 3.5,
      energyUnits: null,
    })
    expect(parse(gpuMetricsTable('3.0'))).toEqual({ ...NOTHING, isApu: true, isGfxByDifference: false })
  })
})

describe('a table is refused', () => {
  test.each(REVISIONS)('%s whose body is all zeros', (revision) => {
    expect(parse(gpuMetricsTable(revision).fill(0, 4))).toBe('empty')
  })

  test.each(REVISIONS)('%s at every length that it is cut to', (revision) => {
    const table = gpuMetricsTable(revision, { energy: 5 })
    for (let length = 0; length < table.length; length++) expect(parseGpuMetrics(table, length)).toBe('cut')
  })

  test.each(REVISIONS)('%s that says it is shorter than its struct', (revision) => {
    const table = gpuMetricsTable(revision)
    const least = revision === '1.8' ? gpuMetricsTable('1.7').length : table.length
    for (let sizeBytes = 5; sizeBytes < least; sizeBytes += 7) {
      if (revision === '1.6' && sizeBytes === gpuMetricsTable('1.6-first').length) continue
      new DataView(table.buffer).setUint16(0, sizeBytes, true)
      expect(parse(table)).toBe('cut')
    }
  })

  test('of a revision that nobody published', () => {
    for (const [format, content] of [
      [1, 10],
      [2, 5],
      [3, 1],
      [0, 0],
      [4, 0],
      [255, 255],
    ] as const) {
      const table = gpuMetricsTable('1.8')
      table.set([format, content], 2)
      expect(parse(table)).toBe('unknown')
    }
  })
})

describe('1.9, a list of attributes,', () => {
  const POWER = { id: 3, unit: 3, type: 'u16', values: [743] } as const
  const ENERGY = { id: 7, unit: 0, type: 'u64', values: [2n ** 40n + 1n] } as const
  const BUSY = { id: 4, unit: 10, type: 'u16', values: [87] } as const
  const CLOCKS = { id: 33, unit: 1, type: 'u16', values: [2_100, 2_100, 2_100] } as const

  test('tells the same as a struct, wherever among others it stands', () => {
    expect(parse(attributeTable([CLOCKS, POWER, CLOCKS, ENERGY, BUSY]))).toEqual({
      ...NOTHING,
      isApu: false,
      isGfxByDifference: false,
      busyRatio: 0.87,
      powerW: 743,
      energyUnits: 2n ** 40n + 1n,
    })
  })

  test.each([
    ['all ones', { ...POWER, values: [0xffff] }],
    ['another unit', { ...POWER, unit: 1 }],
    ['several values', { ...POWER, values: [1, 2] }],
    ['a sign', { ...POWER, type: 's16' }],
  ] as const)('has no power where that has %s', (_, power) => {
    expect(parse(attributeTable([power, BUSY]))).toMatchObject({ powerW: null, busyRatio: 0.87 })
  })

  test('is cut where it holds fewer than it says, at every length', () => {
    const table = attributeTable([CLOCKS, POWER])
    for (let length = 5; length < table.length; length++) {
      new DataView(table.buffer).setUint16(0, length, true)
      expect(parseGpuMetrics(table, length)).toBe('cut')
    }
  })

  test('is unknown from an attribute of no known length on', () => {
    const table = attributeTable([POWER])
    table[10] = 0xf0
    expect(parse(table)).toBe('unknown')
    new DataView(table.buffer).setInt32(4, -1, true)
    expect(parse(table)).toBe('unknown')
  })

  test('gives sane values or a fault, whatever is in it', () => {
    const attribute = fc.record({
      id: fc.constantFrom(3, 4, 7, 33),
      unit: fc.constantFrom(0, 3, 10, 200),
      type: fc.constantFrom('u8', 's8', 'u16', 's16', 'u32', 's32', 'u64', 's64'),
      values: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 3 }),
    })
    const damage = fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(attribute, { maxLength: 6 }), damage, fc.nat(200), (attributes, damages, cut) => {
        const table = attributeTable(attributes)
        for (const [at, byte] of damages) if (at < table.length) table[at] = byte
        for (const length of [table.length, Math.min(cut, table.length)]) {
          const parsed = parseGpuMetrics(table, length)
          if (typeof parsed === 'string') continue
          expect(parsed.powerW === null || parsed.powerW >= 0).toBe(true)
          expect(parsed.busyRatio === null || (parsed.busyRatio >= 0 && parsed.busyRatio <= 1)).toBe(true)
        }
      }),
      fcOptions('gpu-metrics', 300, 30_000),
    )
  })
})

test('whatever the bytes, there is a fault or only numbers that can be', () => {
  const header = fc.tuple(
    fc.integer({ min: 0, max: 4_000 }),
    fc.integer({ min: 0, max: 4 }),
    fc.integer({ min: 0, max: 12 }),
  )
  const body = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ minLength: 2_200, maxLength: 2_300 }))
  fc.assert(
    fc.property(fc.option(header, { nil: null }), body, fc.nat(3_000), (start, bytes, length) => {
      if (start !== null && bytes.length >= 4) {
        new DataView(bytes.buffer, bytes.byteOffset).setUint16(0, start[0], true)
        bytes.set([start[1], start[2]], 2)
      }
      for (const end of [bytes.length, length]) {
        const parsed = parseGpuMetrics(bytes, end)
        if (typeof parsed === 'string') continue
        for (const powerW of [parsed.powerW, parsed.gfxPowerW, parsed.npuPowerW]) {
          expect(powerW === null || (Number.isFinite(powerW) && powerW >= 0)).toBe(true)
        }
        expect(parsed.busyRatio === null || (parsed.busyRatio >= 0 && parsed.busyRatio <= 1)).toBe(true)
        expect(parsed.energyUnits === null || parsed.energyUnits >= 0n).toBe(true)
      }
    }),
    fcOptions('gpu-metrics', 500, 100_000),
  )
})
