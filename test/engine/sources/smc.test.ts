import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { smc } from '../../../engine/sources/smc.ts'
import { parseSmc, smcNumber } from '../../../engine/sources/smc-value.ts'
import { keyNumber, readAnswer, writeRequest } from '../../../engine/vendor/smc-structure.ts'
import { fcOptions } from '../../support/counts.ts'
import type { Script } from '../../support/scripted-session.ts'
import { flt, MacMachine, smcAnswer } from './mac-machine.ts'

async function open(script: Script, measured: readonly 'cpu'[] = []) {
  const machine = new MacMachine({ smc: script })
  machine.measuredKinds = new Set(measured)
  const probed = await smc.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return { machine, opened: probed.value }
}

test('an Apple chip tells the power of the whole machine', async () => {
  const { machine, opened } = await open(smcAnswer({ PSTR: flt(11.5) }), ['cpu'])
  machine.work()
  expect(opened.sample()).toEqual([{ kind: 'sensor', domain: 'board/smc', atMs: 0, powerW: 11.5 }])
  expect(opened.domains).toMatchObject([{ kind: 'board', parent: null, provenance: 'sensor', activity: 'none' }])
})

test('an Intel processor is read by its package too, in fixed point', async () => {
  const { opened } = await open(smcAnswer({ PSTR: ['sp96', '0a20'], PCPC: ['sp96', '0510'] }))
  expect(opened.sample()).toMatchObject([
    { domain: 'board/smc', powerW: 40.5 },
    { domain: 'cpu/0', powerW: 20.25 },
  ])
})

test('a package that is counted already is left alone', async () => {
  const { opened } = await open(smcAnswer({ PSTR: flt(9), PCPT: flt(4) }), ['cpu'])
  expect(opened.domains.map(({ id }) => id)).toEqual(['board/smc'])
})

test('only the keys that are used are read on', async () => {
  const { machine, opened } = await open(smcAnswer({ PSTR: flt(9) }))
  opened.sample()
  expect(machine.session('smc').requests.at(-1)).toEqual({ keys: ['PSTR'] })
})

test.each([
  ['0 W', flt(0)],
  ['a negative power', flt(-3)],
  ['more than any Mac draws', flt(2_001)],
  ['no number', flt(Number.NaN)],
  ['infinity', flt(Number.POSITIVE_INFINITY)],
  ['a type that is not known', ['{abc', '00000000']],
  ['too few bytes', ['flt ', '0000']],
] as const)('%s is a fault, never a number', async (_, value) => {
  let answer = smcAnswer({ PSTR: flt(10) })
  const { machine, opened } = await open((request) => answer(request))
  answer = smcAnswer({ PSTR: value })
  opened.sample()
  machine.work()
  expect(opened.sample()).toMatchObject([{ kind: 'fault', domain: 'board/smc', problem: { code: 'broken' } }])
})

test('a power that has stood still for a minute of work is none', async () => {
  const { machine, opened } = await open(smcAnswer({ PSTR: flt(10) }))
  let last = opened.sample()
  for (let tick = 0; tick < 65; tick++) {
    machine.work()
    last = opened.sample()
  }
  expect(last).toMatchObject([{ kind: 'fault' }])
})

describe('where there is nothing to read, the reason is', () => {
  test.each([
    ['absent', 'keys that are not there', smcAnswer({})],
    ['broken', 'keys that give nonsense', smcAnswer({ PSTR: flt(0) })],
    ['broken', 'an answer that is none', () => 'nonsense'],
    ['denied', 'macOS, which does not let it be opened', () => problem('denied', 'Not permitted (0xe00002e2).')],
    ['absent', 'a Mac without a controller', () => problem('absent', 'No controller.')],
  ] as const)('%s: %s', async (code, _, script) => {
    const machine = new MacMachine({ smc: script })
    expect(await smc.probe(machine.context)).toMatchObject({ ok: false, code })
    expect(machine.session('smc').isClosed).toBe(true)
  })
})

describe('a value is read by its type:', () => {
  const numberOf = (type: string, hex: string) => smcNumber({ PSTR: { code: 0, result: 0, type, hex } }, 'PSTR')

  test.each([
    ['flt ', '0000c03f', 1.5],
    ['sp78', '1980', 25.5],
    ['sp78', 'ff80', -0.5],
    ['spa5', '0030', 1.5],
    ['sp4b', '0c00', 1.5],
    ['fpe2', '0006', 1.5],
    ['ui8 ', 'ff', 255],
    ['ui16', '0102', 258],
    ['ui32', '00000e55', 3_669],
    ['sp77', '1980', 'broken'],
    ['ui16', '01', 'broken'],
    ['flag', '01', 'broken'],
    ['flt ', 'zz', 'broken'],
  ])('%s %s is %s', (type, hex, value) => {
    expect(numberOf(type, hex)).toBe(value)
  })

  test('a key that does not exist is absent, one that failed is broken', () => {
    const keys = { A: { code: 0, result: 0x84, type: '', hex: '' }, B: { code: -1, result: 0, type: '', hex: '' } }
    expect([smcNumber(keys, 'A'), smcNumber(keys, 'B'), smcNumber(keys, 'C')]).toEqual(['absent', 'broken', 'broken'])
  })
})

describe('the structure of 80 bytes', () => {
  test('holds key and command where the driver of macOS looks for them', () => {
    const bytes = writeRequest('PSTR', 9, null)
    expect(bytes).toHaveLength(80)
    expect([...bytes.subarray(0, 4)].map((byte) => String.fromCharCode(byte)).join('')).toBe('RTSP')
    expect(bytes[42]).toBe(9)
  })

  test('hands size and type of a key back as they came, and reads its value', () => {
    const described = new Uint8Array(80)
    described.set([4, 0, 0, 0, ...[...' tlf'].map((letter) => letter.charCodeAt(0)), 0x84], 28)
    const { info, type } = readAnswer(described)
    expect([type, [...writeRequest('PSTR', 5, info).subarray(28, 40)]]).toEqual([
      'flt ',
      [...described.subarray(28, 40)],
    ])
    const value = new Uint8Array(80)
    value.set([0, 0, 0xc0, 0x3f, 9, 9], 48)
    expect(readAnswer(value, info)).toMatchObject({ result: 0, type: 'flt ', hex: '0000c03f' })
  })

  test('takes no key but four printable characters', () => {
    expect([
      keyNumber('PSTR'),
      keyNumber('#KEY'),
      keyNumber('PST'),
      keyNumber('PSTRX'),
      keyNumber('PSTµ'),
      keyNumber(1),
    ]).toEqual([0x50535452, 0x234b4559, null, null, null, null])
  })
})

test('any answer is a finite number or none', () => {
  const key = fc.record({
    code: fc.integer(),
    result: fc.oneof(fc.constant(0), fc.integer()),
    type: fc.oneof(fc.constantFrom('flt ', 'sp78', 'fpe2', 'ui8 ', 'ui16', 'ui32', 'sp0f', 'spff'), fc.string()),
    hex: fc.oneof(
      fc.uint8Array({ maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
      fc.string(),
    ),
  })
  const answers = fc.oneof(fc.anything(), fc.record({ keys: fc.oneof(fc.record({ PSTR: key }), fc.anything()) }))
  fc.assert(
    fc.property(answers, (answer) => {
      const value = smcNumber(parseSmc(answer) ?? {}, 'PSTR')
      expect(typeof value === 'number' ? Number.isFinite(value) : /^(?:absent|broken)$/.test(value)).toBe(true)
    }),
    fcOptions('smc', 200, 20_000),
  )
})

test('any 80 bytes are an answer of at most 32 bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 80, maxLength: 80 }), (bytes) => {
      const { hex, type } = readAnswer(bytes)
      expect(hex.length).toBeLessThanOrEqual(64)
      expect(type).toHaveLength(4)
    }),
    fcOptions('smc', 100, 10_000),
  )
})
