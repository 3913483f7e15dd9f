import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { emi } from '../../../engine/sources/emi.ts'
import { emiDomains } from '../../../engine/sources/emi-domains.ts'
import { parseChannels, parseMeasurements } from '../../../engine/sources/emi-metadata.ts'
import { createMeterClock } from '../../../engine/sources/meter-clock.ts'
import type { OpenSource } from '../../../engine/sources/source.ts'
import { fcOptions } from '../../support/counts.ts'
import { BARE_FACTS } from '../../support/memory-host.ts'
import { EmiMachine, measurementHex, metadataV1, metadataV2, RAPL_METER } from './windows-machine.ts'

async function open(machine: EmiMachine): Promise<OpenSource> {
  const probed = await emi.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

async function problemOf(machine: EmiMachine) {
  const probed = await emi.probe(machine.context)
  if (probed.ok) throw new Error('probe found a source')
  expect(machine.session.isClosed).toBe(true)
  return probed
}

describe('metadata', () => {
  test('of version 2 names its channels in order', () => {
    expect(parseChannels('0200', metadataV2(['RAPL_Package0_PKG', 'RAPL_Package0_DRAM']))).toEqual([
      'RAPL_Package0_PKG',
      'RAPL_Package0_DRAM',
    ])
  })

  test('of version 1 names its only channel', () => {
    expect(parseChannels('0100', metadataV1('CPU'))).toEqual(['CPU'])
  })

  test('of another version or unit, cut short, or with a name of half a character is none', () => {
    expect(parseChannels('0300', metadataV2(['CPU']))).toBeNull()
    expect(parseChannels('0200', metadataV2(['CPU'], 1))).toBeNull()
    expect(parseChannels('0100', metadataV1('CPU', 1))).toBeNull()
    expect(parseChannels('0200', metadataV2(['CPU']).slice(0, -2))).toBeNull()
    const odd = Buffer.from(metadataV1('CPU'), 'hex')
    odd.writeUInt16LE(7, 70)
    expect(parseChannels('0100', odd.toString('hex'))).toBeNull()
    expect(parseChannels(null, null)).toBeNull()
  })

  test('may be anything: names or nothing, never an exception', () => {
    const hex = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('hex'))
    const damaged = fc.tuple(fc.nat(), fc.nat(255)).map(([at, value]) => {
      const bytes = Buffer.from(metadataV2(['RAPL_Package0_PKG', 'CPU']), 'hex')
      bytes[at % bytes.length] = value
      return bytes.toString('hex')
    })
    fc.assert(
      fc.property(
        fc.constantFrom('0100', '0200', '', 'zz', null),
        fc.oneof(hex, damaged, fc.string()),
        (version, text) => {
          const names = parseChannels(version, text)
          expect(names === null || names.every((name) => typeof name === 'string')).toBe(true)
        },
      ),
      fcOptions('windows', 300, 30_000),
    )
  })
})

describe('a measurement', () => {
  test('is energy and time of each channel', () => {
    const hex = measurementHex([
      { pwh: 2n ** 60n, time: 7n },
      { pwh: 5n, time: 8n },
    ])
    expect(parseMeasurements(hex, 2)).toEqual([
      { energyPwh: 2n ** 60n, time100ns: 7n },
      { energyPwh: 5n, time100ns: 8n },
    ])
  })

  test('of fewer channels than the meter has, or of more energy than there is, is none', () => {
    expect(parseMeasurements(measurementHex([{ pwh: 1n, time: 1n }]), 2)).toBeNull()
    expect(parseMeasurements(measurementHex([{ pwh: 2n ** 64n - 1n, time: 1n }]), 1)).toBeNull()
    expect(parseMeasurements(null, 1)).toBeNull()
  })
})

describe('channels', () => {
  const domains = (names: string[], cpuVendor = 'GenuineIntel') =>
    emiDomains(names, { ...BARE_FACTS, cpuVendor }).map((domain) => domain && [domain.id, domain.kind, domain.parent])

  test('of an Intel processor are a package with cores and GPU in it, and memory beside it', () => {
    expect(domains([...RAPL_METER.names])).toEqual([
      ['cpu/0', 'cpu', null],
      ['cpu/0/core', 'core', 'cpu/0'],
      ['gpu/0000:00:02.0', 'gpu', 'cpu/0'],
      ['dram/0', 'dram', null],
    ])
  })

  test('of an AMD processor are its packages: one core’s counter is none of ours', () => {
    const names = ['RAPL_Package0_PKG', 'RAPL_Package0_Core0_CORE', 'RAPL_Package1_PKG', 'RAPL_Package1_Core9_CORE']
    expect(domains(names, 'AuthenticAMD')).toEqual([['cpu/0', 'cpu', null], null, ['cpu/1', 'cpu', null], null])
  })

  test('that a maker’s chips measure count only where the processor does not count itself, and whole before parts', () => {
    expect(domains(['CPU', 'CPU_CORES', 'GPU_SOC', 'DISPLAY', 'MBB'])).toEqual([
      ['cpu/rail', 'cpu', null],
      null,
      ['gpu/rail-soc', 'gpu', null],
      null,
      null,
    ])
    expect(domains(['RAPL_Package0_PKG', 'CPU'])).toEqual([['cpu/0', 'cpu', null], null])
  })

  test('of which two say the same name are one', () => {
    expect(domains(['RAPL_Package0_PKG', 'RAPL_Package0_PKG'])).toEqual([['cpu/0', 'cpu', null], null])
  })
})

describe('the source', () => {
  test('gives nanojoules of each channel with the meter’s own time, once for each answer', async () => {
    const machine = new EmiMachine()
    const source = await open(machine)
    expect(source.sample()).toEqual([])
    machine.host.clock.advance(1_000)
    const first = source.sample()
    machine.host.clock.advance(1_000)
    const second = source.sample()
    expect(first.map(({ domain, kind }) => [domain, kind])).toEqual(source.domains.map(({ id }) => [id, 'counter']))
    const [from, to] = [first[0], second[0]]
    if (from?.kind !== 'counter' || to?.kind !== 'counter') throw new Error('no counters')
    expect(Number(to.raw - from.raw) / 1e9).toBeCloseTo(20, 6)
    expect(to.atMs - from.atMs).toBe(1_000)
    expect(to).toMatchObject({ unitNj: 1n, wrapsAfter: null })
    source.close()
    expect(machine.session.isClosed).toBe(true)
  })

  test('leaves out what has counted nothing since the start: this processor does not have it', async () => {
    const meter = { ...RAPL_METER, joules: [5_000, 3_000, 0, 0], watts: [20, 12, 0, 0] }
    expect((await open(new EmiMachine([meter]))).domains.map(({ id }) => id)).toEqual(['cpu/0', 'cpu/0/core'])
  })

  test('asks only meters of which it reads something: AMD has one for each core', async () => {
    const meter = (path: string, names: string[]) => ({ path, names, joules: [900, 90], watts: [9, 1] })
    const machine = new EmiMachine(
      [meter('b', ['RAPL_Package0_Core1_CORE']), meter('a', ['RAPL_Package0_PKG', 'RAPL_Package0_Core0_CORE'])],
      { cpuVendor: 'AuthenticAMD' },
    )
    const source = await open(machine)
    source.sample()
    expect(machine.session.asked.at(-1)).toEqual({ kind: 'measure', meters: [{ path: 'a', channels: 2 }] })
    machine.host.clock.advance(1_000)
    expect(source.sample()).toMatchObject([{ domain: 'cpu/0', kind: 'counter' }])
  })

  test('counts dies once that mirror one socket', async () => {
    const die = (index: number, joules: number) => ({
      path: `${index}`,
      names: [`RAPL_Package${index}_PKG`],
      joules: [joules],
      watts: [50],
    })
    const same = await open(new EmiMachine([die(0, 1e6), die(1, 1e6 + 0.5)]))
    expect(same.domains.map(({ id }) => id)).toEqual(['cpu/0'])
    const two = await open(new EmiMachine([die(0, 1e6), die(1, 1.2e6)]))
    expect(two.domains.map(({ id }) => id)).toEqual(['cpu/0', 'cpu/1'])
  })

  test('says nothing where the meter has measured nothing new, and that it is broken where it stands still while the CPU works', async () => {
    const machine = new EmiMachine([{ ...RAPL_METER, watts: [0, 0, 0, 0] }])
    const source = await open(machine)
    const kinds: string[] = []
    for (let tick = 1; tick <= 8; tick++) {
      machine.host.clock.advance(1_000)
      machine.load = { atMs: tick * 1_000, busyMs: tick * 2_000, logicalCpus: 4 }
      kinds.push(source.sample()[0]?.kind ?? 'none')
    }
    expect(kinds).toEqual(['none', 'counter', 'counter', 'counter', 'counter', 'counter', 'fault', 'fault'])
  })

  test('tells a fault where the driver hung, and where a meter refuses', async () => {
    const machine = new EmiMachine()
    const source = await open(machine)
    source.sample()
    machine.override = () => ({ measurements: [null] })
    machine.host.clock.advance(1_000)
    source.sample()
    machine.host.clock.advance(1_000)
    expect(source.sample().map(({ kind }) => kind)).toEqual(Array(4).fill('fault'))
    machine.session.fault = problem('broken', 'The driver hung.')
    expect(source.sample()).toMatchObject(Array(4).fill({ kind: 'fault', problem: { code: 'broken' } }))
  })
})

describe('a machine that it cannot read', () => {
  test('has no meters, refuses them, or describes them oddly', async () => {
    expect(await problemOf(new EmiMachine([]))).toMatchObject({ code: 'absent' })
    const denied = new EmiMachine()
    denied.override = () => ({ meters: [{ path: 'a', version: null, metadata: null, errorCode: 5 }] })
    expect(await problemOf(denied)).toMatchObject({ code: 'denied' })
    const odd = new EmiMachine()
    odd.override = () => ({ meters: [{ path: 'a', version: '0900', metadata: '', errorCode: null }] })
    expect(await problemOf(odd)).toMatchObject({ code: 'broken' })
    expect(await problemOf(new EmiMachine([{ ...RAPL_METER, names: ['DISPLAY', 'WIFI', 'A', 'B'] }]))).toMatchObject({
      code: 'absent',
    })
    const hung = new EmiMachine()
    hung.session.fault = problem('broken', 'The driver hung.')
    expect(await problemOf(hung)).toMatchObject({ code: 'broken' })
  })

  test('may answer anything: a problem or sane readings, never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue({ maxDepth: 4 }), { minLength: 1, maxLength: 6 }),
        fc.nat(4),
        async (answers, good) => {
          const machine = new EmiMachine()
          let asked = 0
          machine.override = () => (asked++ < good ? null : (answers[asked % answers.length] ?? {}))
          const probed = await emi.probe(machine.context)
          if (!probed.ok) return
          for (let tick = 0; tick < 4; tick++) {
            machine.host.clock.advance(1_000)
            for (const reading of probed.value.sample()) {
              expect(reading.kind === 'fault' || (reading.kind === 'counter' && reading.raw >= 0n)).toBe(true)
            }
          }
        },
      ),
      fcOptions('windows', 150, 15_000),
    )
  })
})

describe('the meter’s clock', () => {
  test('keeps the meter’s own intervals, however long an answer took', () => {
    const clock = createMeterClock()
    expect(clock.stamp(10_000_000n, 500)).toBe(500)
    expect(clock.stamp(20_000_000n, 1_530)).toBe(1_500)
    expect(clock.stamp(30_000_000n, 2_500)).toBe(2_500)
  })

  test('comes nearer to the truth with each quicker answer', () => {
    const clock = createMeterClock()
    clock.stamp(10_000_000n, 540)
    expect(clock.stamp(20_000_000n, 1_510)).toBe(1_510)
    expect(clock.stamp(30_000_000n, 2_540)).toBe(2_510)
  })

  test('begins anew where the meter’s clock stood still', () => {
    const clock = createMeterClock()
    clock.stamp(10_000_000n, 500)
    expect(clock.stamp(20_000_000n, 61_500)).toBe(61_500)
  })
})
