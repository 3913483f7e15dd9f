import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { battery } from '../../../engine/sources/battery.ts'
import type { OpenSource, Reading } from '../../../engine/sources/source.ts'
import { fcOptions } from '../../support/counts.ts'
import type { PowercapMachine } from './powercap.ts'
import { type Files, holdAnswers, LAPTOP, removeSupply, supply, supplyMachine } from './sensor-trees.ts'

async function open(machine: PowercapMachine): Promise<OpenSource> {
  const probed = await battery.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

async function reasonOf(machine: PowercapMachine): Promise<string> {
  const probed = await battery.probe(machine.context)
  if (probed.ok) throw new Error('probe found a source')
  expect(probed.code).toBe('absent')
  return probed.reason
}

/** Readings of so many seconds, a tick each. */
function pass(machine: PowercapMachine, source: OpenSource, seconds: number): Reading[] {
  return Array.from({ length: seconds }, () => {
    machine.host.clock.advance(1_000)
    return source.sample()
  }).flat()
}

const powers = (readings: readonly Reading[]) =>
  readings.map((reading) => (reading.kind === 'sensor' ? reading.powerW : reading.kind))

/** What the first look at these supplies comes to. */
async function firstOf(supplies: Readonly<Record<string, Files>>): Promise<Reading[]> {
  const machine = supplyMachine(supplies)
  return pass(machine, await open(machine), 2)
}

const ON_MAINS = { kind: 'unavailable', reason: expect.stringMatching(/^On mains power:/) }

describe('a machine on its battery', () => {
  test('draws what flows out of it: one domain beside all others, asked every two seconds', async () => {
    const machine = supplyMachine(LAPTOP)
    const source = await open(machine)
    expect(source.domains).toMatchObject([
      { id: 'battery/main', kind: 'battery', parent: null, activity: 'none', provenance: 'sensor' },
    ])
    expect(pass(machine, source, 2)).toEqual([{ kind: 'sensor', domain: 'battery/main', atMs: 1_000, powerW: 12.5 }])
    const { text } = machine.host.calls
    pass(machine, source, 10)
    // Adapter, status and power each time.
    expect(machine.host.calls.text).toBe(text + 5 * 3)
  })

  test('is read as current × voltage where the gauge tells no power', async () => {
    const BAT0 = { type: 'Battery', status: 'Discharging', current_now: 1_500_000, voltage_now: 12_000_000 }
    expect(await firstOf({ AC: LAPTOP.AC, BAT0 })).toMatchObject([{ powerW: 18 }])
  })

  test('discharges by its status, whatever the sign of the rate', async () => {
    const BAT0 = { ...LAPTOP.BAT0, power_now: -12_500_000 }
    expect(await firstOf({ AC: LAPTOP.AC, BAT0 })).toMatchObject([{ powerW: 12.5 }])
    const macsmc = { type: 'Battery', status: 'Discharging', current_now: -1_000_000, voltage_now: 11_000_000 }
    expect(await firstOf({ macsmc })).toMatchObject([{ powerW: 11 }])
  })

  test('draws from all its batteries together', async () => {
    const both = { ...LAPTOP, BAT1: { ...LAPTOP.BAT0, power_now: 3_000_000 } }
    expect(await firstOf(both)).toMatchObject([{ powerW: 15.5 }])
    const one = { ...LAPTOP, BAT1: { type: 'Battery', status: 'Not charging', power_now: 0 } }
    expect(await firstOf(one)).toMatchObject([{ powerW: 12.5 }])
    const emptyBay = { ...LAPTOP, BAT1: { type: 'Battery', status: { fault: 'gone' } } as const }
    expect(await firstOf(emptyBay)).toMatchObject([{ powerW: 12.5 }])
  })

  test('draws nothing that is known while one of its batteries does not tell', async () => {
    const machine = supplyMachine({ ...LAPTOP, BAT1: LAPTOP.BAT0 })
    machine.host.write('/sys/class/power_supply/BAT1/power_now', { fault: 'gone' })
    const source = await open(machine)
    expect(pass(machine, source, 30)).toEqual([])
  })

  test('does not draw from mice, headsets and a UPS', async () => {
    const others = {
      hidpp_battery_0: { type: 'Battery', scope: 'Device', status: 'Discharging', power_now: 1_000 },
      ups: { type: 'UPS', status: 'Discharging', power_now: 90_000_000 },
      dock: { type: 'USB', scope: 'Device', online: 1 },
    }
    expect(await firstOf({ ...LAPTOP, ...others })).toMatchObject([{ powerW: 12.5 }])
    expect(await reasonOf(supplyMachine({ AC: LAPTOP.AC, ...others }))).toMatch(/no battery/)
  })
})

describe('on mains', () => {
  test('there is no power, said once, and the batteries are not even asked', async () => {
    const machine = supplyMachine({ ...LAPTOP, AC: { type: 'Mains', online: 1 } })
    machine.host.write('/sys/class/power_supply/BAT0/status', () => {
      throw new Error('the battery was asked')
    })
    const source = await open(machine)
    expect(pass(machine, source, 20)).toMatchObject([ON_MAINS])
  })

  test('an adapter on USB counts, programmable ones too, and a machine that discharges beside it draws from both', async () => {
    const usb = { type: 'USB', online: 2 }
    expect(await firstOf({ ...LAPTOP, 'ucsi-source-psy-USBC000:001': usb })).toMatchObject([ON_MAINS])
  })

  test('a battery that is charged or full is on mains, even where no adapter is told', async () => {
    for (const status of ['Charging', 'Full', 'Not charging', 'Unknown']) {
      expect(await firstOf({ BAT0: { ...LAPTOP.BAT0, status } })).toMatchObject([ON_MAINS])
    }
  })

  test('the power of the battery ends when it is plugged in', async () => {
    const machine = supplyMachine(LAPTOP)
    const source = await open(machine)
    expect(powers(pass(machine, source, 2))).toEqual([12.5])
    supply(machine.host, 'AC', { online: 1 })
    expect(pass(machine, source, 10)).toMatchObject([ON_MAINS])
  })
})

describe('unplugging', () => {
  test('counts nothing until the gauge has measured again: not 0, not the old rate of charging', async () => {
    const machine = supplyMachine({ ...LAPTOP, AC: { type: 'Mains', online: 1 } })
    const source = await open(machine)
    pass(machine, source, 4)
    supply(machine.host, 'BAT0', { power_now: 45_000_000 })
    supply(machine.host, 'AC', { online: 0 })
    expect(pass(machine, source, 8)).toEqual([])
    supply(machine.host, 'BAT0', { power_now: 0 })
    expect(pass(machine, source, 4)).toEqual([])
    supply(machine.host, 'BAT0', { power_now: 14_000_000 })
    expect(powers(pass(machine, source, 4))).toEqual([14])
  })

  test('believes a value that stays the same after half a minute', async () => {
    const machine = supplyMachine({ ...LAPTOP, AC: { type: 'Mains', online: 1 } })
    const source = await open(machine)
    pass(machine, source, 4)
    supply(machine.host, 'AC', { online: 0 })
    expect(pass(machine, source, 30)).toEqual([])
    expect(powers(pass(machine, source, 6))).toEqual([12.5])
  })
})

describe('a gauge', () => {
  test('that measures every fifteen seconds counts when it changes, and now and then while it holds', async () => {
    const machine = supplyMachine(LAPTOP)
    const source = await open(machine)
    const handed: unknown[] = []
    for (const powerW of [10, 20, 20, 10]) {
      supply(machine.host, 'BAT0', { power_now: powerW * 1e6 })
      handed.push(powers(pass(machine, source, 15)))
    }
    expect(handed).toEqual([[10, 10], [20, 20], [20], [10, 10]])
  })

  test('that answers late is waited for, and its value dated to the middle of its way', async () => {
    const machine = supplyMachine(LAPTOP)
    const answers = holdAnswers(machine.host)
    const source = await open(machine)
    expect(pass(machine, source, 5)).toEqual([])
    answers.letGo()
    expect(pass(machine, source, 1)).toEqual([{ kind: 'sensor', domain: 'battery/main', atMs: 3_000, powerW: 12.5 }])
  })

  test('that hangs is broken once, and asked again when it comes back', async () => {
    const machine = supplyMachine(LAPTOP)
    const answers = holdAnswers(machine.host)
    const source = await open(machine)
    expect(pass(machine, source, 40)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    answers.letGo()
    pass(machine, source, 1)
    answers.letGo()
    expect(powers(pass(machine, source, 1))).toEqual([12.5])
  })

  test('that does not know its rate (ENODEV) for a minute is broken, before that it is only not known', async () => {
    const machine = supplyMachine(LAPTOP)
    machine.host.write('/sys/class/power_supply/BAT0/power_now', { fault: 'gone' })
    const source = await open(machine)
    expect(pass(machine, source, 60)).toEqual([])
    expect(pass(machine, source, 4).at(-1)).toMatchObject({ kind: 'fault', problem: { code: 'broken' } })
    supply(machine.host, 'BAT0', { power_now: 9_000_000 })
    expect(powers(pass(machine, source, 4)).at(-1)).toBe(9)
  })

  test('that shows the same to the last digit for ten minutes has stopped', async () => {
    const machine = supplyMachine(LAPTOP)
    const source = await open(machine)
    expect(new Set(powers(pass(machine, source, 600)))).toEqual(new Set([12.5]))
    expect(pass(machine, source, 4).at(-1)).toMatchObject({ kind: 'fault', problem: { code: 'broken' } })
    supply(machine.host, 'BAT0', { power_now: 12_400_000 })
    expect(powers(pass(machine, source, 3)).at(-1)).toBe(12.4)
  })

  test('that gives nonsense or more than a battery can give gives no power', async () => {
    for (const text of ['', 'lots', '1.5', '-', '400000001', '99999999999999999999']) {
      const machine = supplyMachine(LAPTOP)
      machine.host.write('/sys/class/power_supply/BAT0/power_now', `${text}\n`)
      expect(pass(machine, await open(machine), 2)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    }
  })
})

describe('there is no battery to read', () => {
  test('on a machine that has none', async () => {
    expect(await reasonOf(supplyMachine({ AC: LAPTOP.AC }))).toMatch(/has no battery/)
    expect(await reasonOf(supplyMachine({}))).toMatch(/has no battery/)
  })

  test('on one whose battery only tells how full it is', async () => {
    const BAT0 = { type: 'Battery', status: 'Discharging', capacity: 50 }
    expect(await reasonOf(supplyMachine({ BAT0 }))).toMatch(/how full it is/)
  })

  test('on a virtual machine, whose battery is another’s', async () => {
    expect(await reasonOf(supplyMachine(LAPTOP, { virtualisation: 'wsl' }))).toMatch(/virtual/)
  })

  test('once it is taken out; and again when it is back', async () => {
    const machine = supplyMachine(LAPTOP)
    const source = await open(machine)
    removeSupply(machine.host, 'BAT0')
    expect(source.refresh()).toBe(true)
    expect(source.domains).toEqual([])
    expect(pass(machine, source, 4)).toEqual([])
    supply(machine.host, 'BAT0', LAPTOP.BAT0)
    expect(source.refresh()).toBe(true)
    expect(source.domains).toHaveLength(1)
    source.close()
    expect(machine.host.openDescriptors).toBe(0)
  })
})

test('whatever supplies say, a reading is a power that can be or a fault, and none while an adapter is online', async () => {
  const number = fc.oneof(
    fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map((value) => `${value}\n`),
    fc.integer({ min: -60_000_000, max: 60_000_000 }).map((value) => `${value}\n`),
    fc.string({ unit: 'binary-ascii', maxLength: 12 }),
    fc.constantFrom('absent', 'gone', 'broken', 'denied').map((fault) => ({ fault }) as const),
  )
  const status = fc.constantFrom('Discharging\n', 'Charging\n', 'Full\n', 'Unknown\n', 'Dis', '', '\u00ff')
  const moment = fc.record({
    online: fc.oneof(fc.constantFrom('0\n', '1\n'), number),
    status,
    power: number,
    other: number,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 1, maxLength: 8 }), async (moments) => {
      const machine = supplyMachine({ ...LAPTOP, BAT1: { ...LAPTOP.BAT0, current_now: 1 } })
      const source = await open(machine)
      const path = '/sys/class/power_supply'
      for (const { online, status: word, power, other } of moments) {
        machine.host.write(`${path}/AC/online`, online)
        machine.host.write(`${path}/BAT0/status`, word)
        machine.host.write(`${path}/BAT0/power_now`, power)
        machine.host.write(`${path}/BAT1/current_now`, other)
        const [asked, ...rest] = pass(machine, source, 2)
        for (const reading of asked === undefined ? [] : [asked, ...rest]) {
          if (reading.kind === 'sensor') {
            expect(reading.powerW > 0 && reading.powerW <= 400).toBe(true)
            expect(online).not.toBe('1\n')
          } else expect(['fault', 'unavailable']).toContain(reading.kind)
        }
      }
    }),
    fcOptions('battery', 300, 30_000),
  )
})
