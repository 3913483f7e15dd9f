import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { batteryWindows } from '../../../engine/sources/battery-windows.ts'
import { flowOfBatteries, readBatteries } from '../../../engine/sources/battery-windows-flow.ts'
import { fcOptions } from '../../support/counts.ts'
import { BatteryMachine, batteryRecord, ON_BATTERY, ON_MAINS, type Slot } from './windows-machine.ts'

const SYSTEM = 0x8000_0000
const RELATIVE = 0x4000_0000
const UPS = 0x2000_0000
const UNKNOWN = -0x8000_0000

const flow = (...slots: Slot[]) => flowOfBatteries(readBatteries({ batteries: slots.map(batteryRecord) }) ?? [])

describe('batteries', () => {
  test('that discharge together feed the machine with the sum of their rates', () => {
    expect(flow({ rateMw: -12_500 }, { rateMw: -3_000 })).toEqual({ kind: 'discharging', powerW: 15.5 })
    expect(flow({}, null)).toEqual({ kind: 'discharging', powerW: 12.5 })
  })

  test('tell nothing of the machine while an adapter is plugged in, they charge, or rest', () => {
    for (const state of [ON_MAINS, ON_MAINS | ON_BATTERY, 4, 0]) expect(flow({ state })).toEqual({ kind: 'supplied' })
  })

  test('whose gauge has no value, or tells percent, are not known', () => {
    expect(flow({ rateMw: UNKNOWN })).toEqual({ kind: 'unknown' })
    expect(flow({ capabilities: SYSTEM + RELATIVE, rateMw: -7 })).toEqual({ kind: 'unknown' })
    expect(flow(null)).toEqual({ kind: 'unknown' })
    expect(flow({ capabilities: SYSTEM + UPS })).toEqual({ kind: 'unknown' })
  })

  test('that charge while they discharge give nonsense', () => {
    expect(flow({ rateMw: 9_000 })).toEqual({ kind: 'nonsense' })
  })

  test('may be anything: a flow that is no wrong number, never an exception', () => {
    const hex = fc.uint8Array({ maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('hex'))
    const field = fc.oneof(hex, fc.string(), fc.constant(null), fc.integer())
    const records = fc.array(fc.record({ path: fc.string(), information: field, status: field }), { maxLength: 3 })
    fc.assert(
      fc.property(fc.oneof(fc.record({ batteries: records }), fc.jsonValue()), (value) => {
        const looks = readBatteries(value)
        const told = looks === null ? null : flowOfBatteries(looks)
        if (told?.kind === 'discharging') expect(told.powerW >= 0 && told.powerW < 1e7).toBe(true)
      }),
      fcOptions('windows', 300, 30_000),
    )
  })
})

describe('the source', () => {
  async function open(machine: BatteryMachine) {
    const probed = await batteryWindows.probe(machine.context)
    if (!probed.ok) throw new Error(probed.reason)
    return probed.value
  }

  test('gives the power drawn from the battery, and asks every five seconds', async () => {
    const machine = new BatteryMachine()
    const source = await open(machine)
    for (let tick = 0; tick < 10; tick++) {
      machine.host.clock.advance(1_000)
      const readings = source.sample()
      if (tick === 1) expect(readings).toMatchObject([{ kind: 'sensor', domain: 'battery/main', powerW: 12.5 }])
    }
    expect(machine.session.asked.length).toBe(3)
    source.close()
    expect(machine.session.isClosed).toBe(true)
  })

  test('says that it is plugged in, and of a driver that hung that it could not be asked', async () => {
    const machine = new BatteryMachine([{ state: ON_MAINS }])
    const source = await open(machine)
    source.sample()
    expect(source.sample()).toMatchObject([{ kind: 'unavailable', domain: 'battery/main' }])
    machine.session.fault = problem('broken', 'The driver hung.')
    machine.host.clock.advance(5_000)
    expect(source.sample()).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
  })

  test('is absent on a machine without a battery, with a UPS alone, and with one that tells percent', async () => {
    for (const slots of [[], [null], [{ capabilities: SYSTEM + UPS }], [{ capabilities: SYSTEM + RELATIVE }]]) {
      const machine = new BatteryMachine(slots)
      expect(await batteryWindows.probe(machine.context)).toMatchObject({ ok: false, code: 'absent' })
      expect(machine.session.isClosed).toBe(true)
    }
  })
})
