import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { nvidiaSmi } from '../../../engine/sources/nvidia-smi.ts'
import { parseCards, parseProcesses } from '../../../engine/sources/nvidia-smi-text.ts'
import type { OpenSource, Reading } from '../../../engine/sources/source.ts'
import { fcOptions } from '../../support/counts.ts'
import { cardLine, SmiMachine, UUID } from './nvidia-smi-machine.ts'
import { PCI } from './nvml-machine.ts'
import { answered } from './wall/meters.ts'

const SECOND = '0000:41:00.0'
const GPU = `gpu/${PCI}`

async function open(machine: SmiMachine): Promise<OpenSource> {
  const probed = await nvidiaSmi.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  machine.commands.length = 0
  return probed.value
}

/** Ticks of a second, between which everything that was asked is answered. */
async function ticks(machine: SmiMachine, source: OpenSource, count: number): Promise<Reading[]> {
  const readings: Reading[] = []
  for (let second = 0; second < count; second++) {
    machine.host.clock.advance(1_000)
    readings.push(...source.sample())
    await answered()
  }
  return readings
}

describe('a card', () => {
  test('is the same domain as by the library, and less certain', async () => {
    const { domains } = await open(new SmiMachine())
    expect(domains).toMatchObject([
      {
        id: GPU,
        name: 'NVIDIA GeForce RTX 4090',
        provenance: 'sensor',
        device: PCI,
        gainRatio: 0.1,
        plausibleMaxW: 675,
      },
    ])
  })

  test('is looked at once in ten seconds, and its mean is dated to the middle of its second', async () => {
    const machine = new SmiMachine()
    const source = await open(machine)
    const readings = await ticks(machine, source, 25)
    // Asked at 1 s, 11 s and 21 s.
    expect(readings).toEqual([500, 10_500, 20_500].map((atMs) => ({ kind: 'sensor', domain: GPU, atMs, powerW: 60 })))
    expect(machine.commands.filter((line) => line.includes('query-gpu'))).toHaveLength(3)
  })

  test('of a tool that knows no mean gives its power, and is not asked for one again', async () => {
    const machine = new SmiMachine({ isOld: true, cards: cardLine({ averageW: null }) })
    const source = await open(machine)
    expect((await ticks(machine, source, 2))[0]).toMatchObject({ atMs: 1_000, powerW: 61.5 })
    expect(machine.commands.some((line) => line.includes('average'))).toBe(false)
  })

  test('that computes is told with its processes; whose time it was is not', async () => {
    const processes = `${UUID}, 4242, 8192\n${UUID}, 17, [N/A]\nGPU-other, 5, 100\n`
    const machine = new SmiMachine({ cards: cardLine({ busy: '50' }), processes })
    const source = await open(machine)
    await ticks(machine, source, 11)
    machine.host.clock.advance(1_000)
    source.sample()
    expect(source.uses?.()).toEqual([
      {
        device: PCI,
        fromMs: 1_000,
        toMs: 11_000,
        busyMs: 5_000,
        processes: [
          { pid: 4_242, memoryBytes: 8 * 2 ** 30, busyMs: null, isResident: true },
          { pid: 17, memoryBytes: null, busyMs: null, isResident: true },
        ],
      },
    ])
  })

  test.each([
    ['[N/A]', '[N/A]'],
    ['[Not Supported]', '[Not Supported]'],
    ['ERR!', '[Unknown Error]'],
    ['61,50', '60,00'],
    ['0.00', '0.00'],
    ['-5.00', 'nan'],
    ['900.00', '900.00'],
  ])('that gives %s for watts is a fault, and never a number', async (powerW, averageW) => {
    const machine = new SmiMachine()
    const source = await open(machine)
    machine.told = { cards: cardLine({ powerW, averageW }) }
    expect(await ticks(machine, source, 2)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
  })

  test('that is plugged in later becomes a domain of its own', async () => {
    const machine = new SmiMachine()
    const source = await open(machine)
    machine.plug(SECOND)
    machine.told = { cards: cardLine({}) + cardLine({ pci: SECOND, uuid: 'GPU-2' }) }
    source.refresh()
    await ticks(machine, source, 12)
    expect(source.refresh()).toBe(true)
    expect(source.domains.map(({ id, name }) => [id, name])).toEqual([
      [GPU, `NVIDIA GeForce RTX 4090 (${PCI})`],
      [`gpu/${SECOND}`, `NVIDIA GeForce RTX 4090 (${SECOND})`],
    ])
    machine.unplug(SECOND)
    expect(source.refresh()).toBe(true)
    expect(source.domains).toHaveLength(1)
  })
})

describe('the program', () => {
  test('is not run where the library reads a card, where there is none, or where another driver has it', async () => {
    const measured = new SmiMachine()
    measured.measuredKinds.add('gpu')
    const none = new SmiMachine()
    none.unplug(PCI)
    const nouveau = new SmiMachine()
    nouveau.plug(PCI, {}, 'nouveau')
    for (const machine of [measured, none, nouveau]) {
      expect(await nvidiaSmi.probe(machine.context)).toMatchObject({ ok: false, code: 'absent' })
      expect(machine.commands).toEqual([])
    }
  })

  test('is never run while any card sleeps, at the start or later, because it would wake them all', async () => {
    const machine = new SmiMachine()
    machine.power(PCI, 'suspended', 'auto')
    expect(await nvidiaSmi.probe(machine.context)).toMatchObject({ ok: false, code: 'absent' })
    expect(machine.commands).toEqual([])
    machine.power(PCI, 'active', 'auto')
    machine.plug(SECOND)
    const source = await open(machine)
    machine.power(PCI, 'suspended', 'auto')
    const readings = await ticks(machine, source, 40)
    expect(machine.commands).toEqual([])
    expect(readings).toHaveLength(40)
    expect(readings.every((reading) => reading.kind === 'asleep' && reading.domain === GPU)).toBe(true)
  })

  test('leaves a card that may sleep and does nothing alone, until it has had the time to', async () => {
    const machine = new SmiMachine()
    machine.power(PCI, 'active', 'auto')
    const source = await open(machine)
    await ticks(machine, source, 16)
    const asked = machine.commands.length
    await ticks(machine, source, 28)
    expect(machine.commands).toHaveLength(asked)
    await ticks(machine, source, 5)
    expect(machine.commands.length).toBeGreaterThan(asked)
  })

  test('goes on looking at a card on which something computes', async () => {
    const machine = new SmiMachine({ processes: `${UUID}, 4242, 8192\n` })
    machine.power(PCI, 'active', 'auto')
    const source = await open(machine)
    await ticks(machine, source, 120)
    expect(machine.commands.filter((line) => line.includes('query-gpu'))).toHaveLength(12)
  })

  test('that hangs or fails holds up no tick, and is run less and less often', async () => {
    const machine = new SmiMachine()
    const source = await open(machine)
    machine.told = { tool: problem('timeout', 'It did not end.') }
    const readings = await ticks(machine, source, 600)
    expect(new Set(readings.map(({ kind }) => kind))).toEqual(new Set(['fault']))
    expect(machine.commands.length).toBeLessThan(8)
    machine.told = {}
    expect((await ticks(machine, source, 320)).at(-1)).toMatchObject({ kind: 'sensor', powerW: 60 })
  })

  test('is not run a second time before the first has ended, and nothing comes of it once it is closed', async () => {
    const machine = new SmiMachine()
    const source = await open(machine)
    machine.waiting = []
    await ticks(machine, source, 60)
    expect(machine.commands).toHaveLength(1)
    source.close()
    for (const end of machine.waiting) end()
    await answered()
    expect(machine.commands).toHaveLength(1)
    expect(source.sample()).toEqual([])
  })

  test.each([
    [9, 'absent', 'modprobe'],
    [18, 'broken', 'reboot'],
    [255, 'broken', null],
    [2, 'broken', null],
  ])('that ends with code %i says what NVIDIA’s library would', async (exitCode, code, remedy) => {
    const probed = await nvidiaSmi.probe(new SmiMachine({ exitCode }).context)
    expect(probed).toMatchObject({ ok: false, code })
    if (!probed.ok) expect(probed.remedy?.kind === 'command' ? probed.remedy.argv[0] : null).toBe(remedy)
  })
})

describe('what it prints', () => {
  test('is read by field; a name keeps its commas, and a domain of eight digits is that of sysfs', () => {
    expect(parseCards('0000000A:C1:00.0, GPU-1, 30.1, [N/A], 7, 29.8, A, B\n', true)).toEqual([
      { pci: '000a:c1:00.0', uuid: 'GPU-1', name: 'A, B', powerW: 30.1, averageW: 29.8, limitW: null, busyRatio: 0.07 },
    ])
    expect(parseCards('00010000:C1:00.0, GPU-1, 30.1, 100, 7, Card\n', false)[0]?.pci).toBe('10000:c1:00.0')
  })

  test('is bounded: an output of megabytes, or of thousands of cards, is none', () => {
    expect(parseCards(cardLine({}).repeat(10_000), true)).toEqual([])
    expect(parseCards(cardLine({}).repeat(65), true)).toEqual([])
    expect(parseProcesses(`${UUID}, 1, 1\n`.repeat(5_000))).toEqual([])
  })

  test('gives sane values or none, whatever is in it', () => {
    const field = fc.oneof(
      fc.string(),
      fc.bigInt().map(String),
      fc.double().map(String),
      fc.constantFrom('[N/A]', 'ERR!', '00000000:01:00.0', UUID, '23,11', '1e9', '0x10', ''),
    )
    const line = fc.array(field, { maxLength: 9 }).map((fields) => fields.join(', '))
    const damaged = fc
      .record({ at: fc.nat(200), text: fc.string({ maxLength: 6 }) })
      .map(({ at, text }) => cardLine({}).slice(0, at) + text + cardLine({}).slice(at))
    const output = fc.array(fc.oneof(line, damaged), { maxLength: 6 }).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(output, fc.boolean(), (text, hasAverage) => {
        for (const { pci, averageW, powerW, limitW, busyRatio } of parseCards(text, hasAverage)) {
          expect(pci).toMatch(/^[\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}\.[0-7]$/)
          for (const watts of [averageW, powerW, limitW])
            expect(watts === null || (watts >= 0 && watts < 1e9)).toBe(true)
          expect(busyRatio === null || (busyRatio >= 0 && busyRatio <= 1)).toBe(true)
        }
        for (const { pid, memoryBytes } of parseProcesses(text)) {
          expect(Number.isSafeInteger(pid) && pid > 0).toBe(true)
          expect(memoryBytes === null || memoryBytes >= 0).toBe(true)
        }
      }),
      fcOptions('nvidia-smi', 500, 50_000),
    )
  })
})
