import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FdinfoRecord, parseFdinfo } from '../../../engine/processes/fdinfo-text.ts'
import { fcOptions } from '../../support/counts.ts'
import { CARD, drmText, fdinfo, MIB } from './drm-machine.ts'

function parse(text: string): FdinfoRecord {
  const record = parseFdinfo(text)
  if (record === null) throw new Error('no text of a device')
  return record
}

const XE = drmText('xe', 3, {
  'drm-total-system': 0,
  'drm-resident-system': 0,
  'drm-total-gtt': '192 KiB',
  'drm-resident-gtt': '192 KiB',
  'drm-total-vram0': '23992 KiB',
  'drm-shared-vram0': '16 MiB',
  'drm-active-vram0': 0,
  'drm-resident-vram0': '23992 KiB',
  'drm-cycles-rcs': 28_257_900,
  'drm-total-cycles-rcs': 7_655_183_225,
  'drm-cycles-ccs': 0,
  'drm-total-cycles-ccs': 7_655_183_225,
  'drm-engine-capacity-ccs': 4,
})

describe('text of a descriptor', () => {
  test('of amdgpu gives time by engine, and memory in spite of the blank before the tab', () => {
    const text = fdinfo({
      pasid: 32_771,
      'drm-driver': 'amdgpu',
      'drm-pdev': CARD,
      'drm-client-id': 8,
      'drm-memory-vram': '4096 KiB',
      'drm-memory-gtt: ': '2048 KiB',
      'drm-engine-gfx': '1500000 ns',
      'amd-evicted-vram': '0 KiB',
    })
    expect(parse(text)).toEqual({
      driver: 'amdgpu',
      pdev: CARD,
      clientId: '8',
      engines: new Map([['gfx', { kind: 'time', busyNs: 1_500_000, capacity: 1 }]]),
      memoryBytes: 4 * MIB,
      cardBytes: 4 * MIB,
    })
  })

  test('of amdgpu before Linux 5.19 gives shares with hundredths that have no leading zero', () => {
    const text = fdinfo({
      pdev: CARD,
      pasid: 32_771,
      'vram mem': '1024 kB',
      'gtt mem': '512 kB',
      gfx0: '12.5%',
      compute1: '12.50%',
      dma0: '100.0%',
    })
    const { engines, ...rest } = parse(text)
    expect(rest).toEqual({ driver: 'amdgpu', pdev: CARD, clientId: '32771', memoryBytes: MIB, cardBytes: MIB })
    expect(engines).toEqual(
      new Map([
        ['gfx0', { kind: 'share', ratio: 0.1205 }],
        ['compute1', { kind: 'share', ratio: 0.125 }],
        ['dma0', { kind: 'share', ratio: 1 }],
      ]),
    )
    expect(parse(fdinfo({ pdev: '03:00.0', 'vram mem': '0 kB' })).pdev).toBe(CARD)
  })

  test('of i915 knows how many engines of a kind there are, and that an integrated GPU has main memory only', () => {
    const { engines, memoryBytes, cardBytes } = parse(
      drmText('i915', 7, {
        'drm-total-system0': '30 MiB',
        'drm-shared-system0': '8 MiB',
        'drm-resident-system0': '20 MiB',
        'drm-engine-render': '9288864723 ns',
        'drm-engine-video': '20 ns',
        'drm-engine-capacity-video': 2,
      }),
    )
    expect([...engines.keys()]).toEqual(['render', 'video'])
    expect(engines.get('video')).toEqual({ kind: 'time', busyNs: 20, capacity: 2 })
    // Two share the 8 MiB, and each answers for half.
    expect([memoryBytes, cardBytes]).toEqual([16 * MIB, 0])
  })

  test('of xe gives cycles of all its engines of a kind', () => {
    const { engines, memoryBytes, cardBytes } = parse(XE)
    expect(engines).toEqual(
      new Map([
        ['rcs', { kind: 'cycles', cycles: 28_257_900, totalCycles: 7_655_183_225, capacity: 1 }],
        ['ccs', { kind: 'cycles', cycles: 0, totalCycles: 7_655_183_225, capacity: 4 }],
      ]),
    )
    expect([memoryBytes, cardBytes]).toEqual([23_992 * 1_024 - 8 * MIB, 23_992 * 1_024 - 8 * MIB])
  })

  test('of panfrost and msm gives time, though they count cycles too; they are no PCI devices', () => {
    const panfrost = parse(
      fdinfo({
        'drm-driver': 'panfrost',
        'drm-client-id': 3,
        'drm-engine-fragment': '1846584880 ns',
        'drm-cycles-fragment': 1_424_359_409,
        'drm-maxfreq-fragment': '799999987 Hz',
        'drm-curfreq-fragment': '799999987 Hz',
        'drm-engine-vertex-tiler': '71932239 ns',
        'drm-total-memory': '290 MiB',
        'drm-shared-memory': '0 MiB',
        'drm-resident-memory': '290 MiB',
      }),
    )
    expect(panfrost.pdev).toBeNull()
    expect([...panfrost.engines.keys()]).toEqual(['fragment', 'vertex-tiler'])
    expect(panfrost.engines.get('fragment')).toEqual({ kind: 'time', busyNs: 1_846_584_880, capacity: 1 })
    expect(panfrost.memoryBytes).toBe(290 * MIB)
    const msm = parse(
      fdinfo({ 'drm-driver': 'msm', 'drm-client-id': 2, 'drm-cycles-gpu': 500, 'drm-maxfreq-gpu': '600 MHz' }),
    )
    expect(msm.engines.get('gpu')).toEqual({ kind: 'clock', cycles: 500, maxHz: 600_000_000, capacity: 1 })
  })

  test('of v3d and amdxdna gives what they print: memory in total, an engine with a long name', () => {
    const v3d = parse(
      fdinfo({ 'drm-driver': 'v3d', 'drm-client-id': 1, 'drm-engine-csd': '7 ns', 'drm-total-memory': '3 MiB' }),
    )
    expect([v3d.engines.size, v3d.memoryBytes]).toEqual([1, 3 * MIB])
    const amdxdna = parse(
      drmText('amdxdna_accel_driver', 4, { 'drm-engine-npu-amdxdna': '11 ns', 'drm-total-memory': '5 KiB' }),
    )
    expect(amdxdna.engines.get('npu-amdxdna')).toEqual({ kind: 'time', busyNs: 11, capacity: 1 })
  })

  test('of nouveau tells a driver and a client, and neither time nor memory', () => {
    expect(parse(drmText('nouveau', 5))).toMatchObject({ engines: new Map(), memoryBytes: null })
  })

  test('of anything else is none', () => {
    for (const text of [
      '',
      '\n',
      fdinfo({}),
      fdinfo({ 'eventfd-count': 1 }),
      fdinfo({ 'drm-driver': '' }),
      'drm-driver:\txe',
    ]) {
      expect(parseFdinfo(text)).toBeNull()
    }
  })

  test('leaves out what is no number, or one that no counter reaches, or of an unknown unit', () => {
    for (const value of ['-1 ns', '1e9 ns', '99999999999999999999 ns', '12 us', '12', '', 'ns']) {
      expect(parse(drmText('i915', 1, { 'drm-engine-render': value })).engines.size).toBe(0)
    }
    for (const value of ['-1', '5 PiB', '9999999999999 MiB', '0x10', '1 2 KiB']) {
      expect(parse(drmText('xe', 1, { 'drm-resident-vram0': value })).memoryBytes).toBeNull()
    }
    const many = { 'drm-engine-video': '5 ns', 'drm-engine-capacity-video': '0' }
    expect(parse(drmText('i915', 1, many)).engines.size).toBe(0)
  })

  test('cut short within a line is none, and between lines says no other number', () => {
    const whole = parse(XE)
    for (let length = 0; length < XE.length; length++) {
      const record = parseFdinfo(XE.slice(0, length))
      if (!XE.slice(0, length).endsWith('\n')) expect(record).toBeNull()
      const known = record?.engines.get('rcs')
      if (known !== undefined) expect(known).toEqual(whole.engines.get('rcs'))
    }
  })

  test('made of anything never throws, and never gives a number that is negative or inexact', () => {
    const key = fc.constantFrom(
      'drm-driver',
      'drm-pdev',
      'drm-client-id',
      'drm-engine-gfx',
      'drm-engine-capacity-gfx',
      'drm-cycles-gfx',
      'drm-total-cycles-gfx',
      'drm-maxfreq-gfx',
      'drm-resident-vram',
      'drm-memory-vram',
      'drm-total-vram',
      'drm-shared-vram',
      'pdev',
      'vram mem',
      'pasid',
      'gfx0',
    )
    const number = fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n })
    const unit = fc.constantFrom('', ' ns', ' KiB', ' MiB', ' GiB', ' Hz', ' MHz', '%', ' kB', '.5%')
    const value = fc.oneof(
      fc.tuple(number, unit).map(([count, word]) => `${count}${word}`),
      fc.string({ unit: 'binary-ascii', maxLength: 20 }),
      fc.constantFrom('xe', 'amdgpu', CARD),
    )
    const line = fc.tuple(key, value).map(([name, text]) => `${name}:\t${text}\n`)
    const texts = fc.oneof(
      fc.array(line, { maxLength: 12 }).map((lines) => `drm-driver:\txe\n${lines.join('')}`),
      fc.array(line, { maxLength: 12 }).map((lines) => lines.join('')),
      fc.string({ unit: 'binary-ascii', maxLength: 200 }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const record = parseFdinfo(text)
        if (record === null) return
        const engines = [...record.engines.values()].flatMap(({ kind: _, ...counts }) => Object.values(counts))
        for (const count of [...engines, record.memoryBytes ?? 0, record.cardBytes]) {
          expect(count >= 0 && Number.isFinite(count) && (count <= 1 || Number.isSafeInteger(count))).toBe(true)
        }
      }),
      fcOptions('fdinfo', 500, 50_000),
    )
  })
})
