import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { smartBattery } from '../../../engine/sources/smart-battery.ts'
import { MOST_BATTERY_W, parseBattery, powerBetween } from '../../../engine/sources/smart-battery-look.ts'
import { fcOptions } from '../../support/counts.ts'
import { type BatteryProperties, batteryAnswer, MacMachine } from './mac-machine.ts'

async function open(first: BatteryProperties) {
  let properties = first
  const machine = new MacMachine({ 'smart-battery': () => batteryAnswer(properties) })
  const probed = await smartBattery.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  const opened = probed.value
  opened.sample()
  return {
    machine,
    opened,
    /** Ten seconds later, in which the battery came to this. */
    later(next: BatteryProperties) {
      properties = next
      machine.work(10_000)
      opened.sample()
      return opened.sample()
    },
  }
}

test('without an account of its own the battery gives voltage × current, the mean of both ends', async () => {
  const { later } = await open({ volts: 12, amps: -1 })
  expect(later({ volts: 12, amps: -2 })).toEqual([
    { kind: 'modelled', domain: 'battery/main', fromMs: 0, atMs: 10_000, powerW: 18 },
  ])
})

test('the controller’s account gives the exact mean over the time between, whatever the current was at its ends', async () => {
  const { later } = await open({ volts: 12, amps: -1, load: [1_000_000, 100] })
  expect(later({ volts: 12, amps: -1, load: [1_150_000, 110] })).toMatchObject([{ powerW: 15 }])
})

test('while the controller takes no new sample the interval grows', async () => {
  const { later } = await open({ load: [1_000_000, 100] })
  expect(later({ load: [1_000_000, 100] })).toEqual([])
  expect(later({ load: [1_200_000, 115] })).toMatchObject([{ fromMs: 0, atMs: 20_000 }])
})

test('an account that disagrees with the current by far is not believed', async () => {
  const { later } = await open({ volts: 12, amps: -1, load: [1_000_000, 100] })
  expect(later({ volts: 12, amps: -1, load: [900_000_000, 110] })).toMatchObject([{ powerW: 12 }])
})

test('on mains it says so, and what was before is not added to what comes after', async () => {
  const { later } = await open({ amps: -1 })
  const mains = { amps: 2, isOnMains: true }
  expect(later(mains)).toMatchObject([{ kind: 'unavailable' }])
  expect(later({ amps: -1 })).toEqual([])
  expect(later({ amps: -1 })).toMatchObject([{ kind: 'modelled', fromMs: 20_000, atMs: 30_000, powerW: 12 }])
})

test('a weak charger leaves a part to the battery, and only that part is its', async () => {
  const { later } = await open({ amps: -0.5, isOnMains: true, load: [1_000_000, 100] })
  expect(later({ amps: -0.5, isOnMains: true, load: [1_400_000, 110] })).toMatchObject([{ powerW: 6 }])
})

test('it is asked every ten seconds', async () => {
  const { machine, opened } = await open({})
  const { requests } = machine.session('smart-battery')
  const before = requests.length
  for (let tick = 0; tick < 30; tick++) {
    machine.work()
    opened.sample()
  }
  expect(requests.length - before).toBe(3)
})

describe('where it tells nothing, the reason is', () => {
  test.each([
    ['absent', 'a Mac without a battery', problem('absent', 'This Mac has no battery.')],
    ['broken', 'no property that tells of power', { properties: {} }],
    ['broken', 'nonsense', 'nonsense'],
  ] as const)('%s: %s', async (code, _, answer) => {
    const machine = new MacMachine({ 'smart-battery': () => answer })
    expect(await smartBattery.probe(machine.context)).toMatchObject({ ok: false, code })
    expect(machine.session('smart-battery').isClosed).toBe(true)
  })
})

test('a current in two’s complement of 64 bits is negative', () => {
  const answer = { properties: { Voltage: '12000', Amperage: String(2n ** 64n - 1_500n), ExternalConnected: false } }
  const whole = { properties: { InstantAmperage: null, PowerTelemetryData: null, ...answer.properties } }
  expect(parseBattery(whole)).toEqual({ isOnMains: false, givenW: 18, load: null })
})

test('any two answers give a possible power, or none', () => {
  const digits = fc.oneof(fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String), fc.anything())
  const properties = fc.record({
    Voltage: digits,
    Amperage: digits,
    InstantAmperage: digits,
    ExternalConnected: fc.oneof(fc.boolean(), fc.anything()),
    PowerTelemetryData: fc.oneof(
      fc.record({ AccumulatedSystemLoad: digits, SystemLoadAccumulatorCount: digits }),
      fc.anything(),
    ),
  })
  const answers = fc.oneof(fc.anything(), fc.record({ properties: fc.oneof(properties, fc.anything()) }))
  fc.assert(
    fc.property(answers, answers, (a, b) => {
      const [before, now] = [parseBattery(a), parseBattery(b)]
      if (before === null || now === null) return
      const powerW = powerBetween(before, now)
      if (typeof powerW === 'number') expect(powerW >= 0 && powerW <= MOST_BATTERY_W).toBe(true)
    }),
    fcOptions('smart-battery', 200, 20_000),
  )
})
