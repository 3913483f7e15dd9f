import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ok, problem } from '../../../contract/result.ts'
import { createDelta } from '../../../engine/attribution/delta.ts'
import type { OpenSource, Reading } from '../../../engine/sources/source.ts'
import type { ConfiguredMeter } from '../../../engine/sources/wall/dialect.ts'
import { wall } from '../../../engine/sources/wall.ts'
import { fcOptions } from '../../support/counts.ts'
import { PowercapMachine } from './powercap.ts'
import { answered, METER_ADDRESS, meterWith } from './wall/meters.ts'
import { ScriptedContact } from './wall/scripted-contact.ts'

const watts = (powerW: number) => JSON.stringify({ active_power_w: powerW })
const shelly = (powerW: number, wattMinutes: number) =>
  JSON.stringify({ meters: [{ power: powerW, is_valid: true, total: wattMinutes }] })
const registerMeter = () => meterWith({ dialect: 'shelly-1', provenance: 'counter' })

async function open(...meters: ConfiguredMeter[]) {
  const machine = new PowercapMachine()
  const contact = new ScriptedContact()
  machine.host.contacts.set(METER_ADDRESS, contact)
  machine.wallMeters = meters
  const probed = await wall.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  const source = probed.value
  return { machine, contact, source, tick: () => tick(machine, source) }
}

/** A second passes, and what was answered in it is read. */
async function tick(machine: PowercapMachine, source: OpenSource): Promise<readonly Reading[]> {
  machine.host.clock.advance(1_000)
  await answered()
  return source.sample()
}

async function ticks(count: number, turn: () => Promise<readonly Reading[]>): Promise<Reading[]> {
  const readings: Reading[] = []
  for (let each = 0; each < count; each++) readings.push(...(await turn()))
  return readings
}

test('a machine without a wall meter is told how to have one', async () => {
  expect(await wall.probe(new PowercapMachine().context)).toMatchObject({
    ok: false,
    code: 'absent',
    remedy: { kind: 'setting', path: 'Wall meters' },
  })
})

test('a meter is a domain of its own scope from the start, by what its settings say, before it was ever asked', async () => {
  const { source, contact } = await open(
    registerMeter(),
    meterWith({ id: 'ups', name: 'UPS', dialect: 'nut', provenance: 'estimate' }),
  )
  expect(source.domains).toMatchObject([
    { id: 'wall/desk', kind: 'wall', parent: null, provenance: 'counter', activity: 'none', gainRatio: 0.015 },
    { id: 'wall/ups', kind: 'wall', provenance: 'estimate', name: 'UPS', gainRatio: 0.15 },
  ])
  expect(contact.asked).toEqual([])
})

describe('watts', () => {
  test('are read at the meter’s own pace, not at the tick’s', async () => {
    const { contact, tick } = await open(meterWith())
    contact.answer = watts(43.5)
    const readings = await ticks(11, tick)
    expect(contact.asked).toHaveLength(6)
    expect(readings.map((reading) => [reading.kind, 'powerW' in reading && reading.powerW])).toEqual(
      Array.from({ length: 6 }, () => ['sensor', 43.5]),
    )
  })

  test('are true half way between question and answer, and asked for once at a time', async () => {
    const { machine, contact, source } = await open(meterWith())
    let release = (_: ReturnType<typeof ok<{ status: number; headers: object; body: string }>>) => {}
    contact.answer = () =>
      new Promise((resolve) => {
        release = (answer) => resolve(ok({ ...answer.value, headers: {} }))
      })
    source.sample()
    machine.host.clock.advance(1_000)
    await answered()
    for (let each = 0; each < 6; each++) await tick(machine, source)
    expect(contact.asked).toHaveLength(1)
    release(ok({ status: 200, headers: {}, body: watts(10) }))
    await answered()
    expect(source.sample()).toEqual([{ kind: 'sensor', domain: 'wall/desk', atMs: 3_500, powerW: 10 }])
  })

  test('that cannot be are a fault and no number', async () => {
    const { contact, tick } = await open(meterWith())
    for (const body of [
      watts(-12),
      watts(60_001),
      '{"active_power_w":"43"}',
      '{"active_power_w":1e999}',
      '<html>',
      '',
    ]) {
      contact.answer = watts(5)
      await ticks(120, tick)
      contact.answer = body
      const readings = (await ticks(130, tick)).filter(({ kind }) => kind === 'fault')
      expect(readings).toMatchObject([
        { problem: { code: 'broken', reason: expect.stringMatching(/^The wall meter Desk gives no figure: .+\.$/) } },
      ])
    }
  })
})

describe('a meter that drops out', () => {
  test('is a fault once, then silence, and comes back by itself', async () => {
    const { contact, tick } = await open(meterWith())
    contact.answer = problem('timeout', 'http://192.0.2.7 did not answer within 2000 ms.')
    expect(await ticks(300, tick)).toMatchObject([
      {
        kind: 'fault',
        problem: {
          code: 'absent',
          reason: 'The wall meter Desk gives no figure: http://192.0.2.7 did not answer within 2000 ms.',
        },
      },
    ])
    contact.answer = watts(7)
    expect((await ticks(62, tick)).map(({ kind }) => kind)).toContain('sensor')
  })

  test('is asked ever more rarely, and at least once a minute', async () => {
    const { contact, tick } = await open(meterWith())
    contact.answer = problem('refused', 'http://192.0.2.7 does not listen.')
    await ticks(120, tick)
    expect(contact.asked).toHaveLength(5)
    await ticks(600, tick)
    expect(contact.asked.length).toBeGreaterThanOrEqual(5 + 9)
    expect(contact.asked.length).toBeLessThanOrEqual(5 + 10)
  })

  test('for another reason says so', async () => {
    const { contact, tick } = await open(meterWith())
    contact.answer = problem('refused', 'http://192.0.2.7 does not listen.')
    await ticks(60, tick)
    contact.answer = problem('redirected', 'http://192.0.2.7 points to another place, which is not followed.')
    expect(await ticks(130, tick)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
  })

  test('because of a wrong password is not asked a third time, until its settings change', async () => {
    const { machine, contact, source, tick } = await open(meterWith({ dialect: 'tasmota' }))
    contact.answer = ok({ status: 401, headers: {}, body: '' })
    expect(await ticks(1_000, tick)).toMatchObject([{ kind: 'fault', problem: { code: 'denied' } }])
    expect(contact.asked).toHaveLength(2)
    machine.wallMeters = [{ ...meterWith({ dialect: 'tasmota' }), secret: ok('right') }]
    expect(source.refresh()).toBe(true)
    contact.answer = '{"StatusSNS":{"ENERGY":{"Power":9}}}'
    expect(await ticks(5, tick)).toContainEqual(expect.objectContaining({ kind: 'sensor', powerW: 9 }))
  })

  test('because its secret cannot be read is never asked', async () => {
    const secret = problem('denied', 'The key is missing.')
    const { contact, tick } = await open({ ...meterWith({ hasSecret: true }), secret })
    expect(await ticks(100, tick)).toMatchObject([{ kind: 'fault', problem: { code: 'denied' } }])
    expect(contact.asked).toEqual([])
  })
})

describe('a register', () => {
  test('makes a reading when it moves, from its first step on', async () => {
    const { contact, tick } = await open(registerMeter())
    contact.answer = shelly(60, 100)
    expect(await ticks(10, tick)).toEqual([])
    contact.answer = shelly(60, 101)
    expect(await ticks(4, tick)).toMatchObject([
      { kind: 'counter', raw: 6_060_000n, unitNj: 1_000_000n, wrapsAfter: null },
    ])
    expect(await ticks(20, tick)).toEqual([])
    contact.answer = shelly(60, 103)
    expect(await ticks(4, tick)).toMatchObject([{ raw: 6_180_000n }])
  })

  test('that stands still for five minutes says that nothing was drawn', async () => {
    const { contact, tick } = await open(registerMeter())
    contact.answer = shelly(0, 100)
    const readings = await ticks(700, tick)
    expect(readings).toMatchObject([{ raw: 6_000_000n }, { raw: 6_000_000n }])
  })

  test('that falls or jumps costs its interval and adds no energy', async () => {
    const { contact, source, tick } = await open(registerMeter())
    const [domain] = source.domains
    if (domain === undefined) throw new Error('a domain was expected')
    const delta = createDelta(domain)
    let [energyMj, gaps] = [0, 0]
    for (const total of [100, 101, 102, 3, 4, 90_000_000, 90_000_001, 5, 6]) {
      contact.answer = shelly(30, total)
      for (const reading of await ticks(4, tick)) {
        const outcome = delta.take(reading)
        if (outcome.kind === 'energy') energyMj += outcome.energy.energyMj
        else if (outcome.cause !== 'first') gaps++
      }
    }
    // 101 → 102, 3 → 4, 90000000 → 90000001 and 5 → 6: one watt-minute each.
    expect([energyMj, gaps]).toEqual([4 * 60_000, 3])
  })

  test('whose watts tell another story is a fault: one of the two is in another unit', async () => {
    const { contact, machine, source } = await open(registerMeter())
    const kinds = new Set<string>()
    // Wh called watt-minutes: a sixtieth of what the watts say.
    for (let second = 0; second < 3_000; second++) {
      contact.answer = shelly(600, 1_000 + Math.floor((600 * second) / 3_600))
      for (const reading of await tick(machine, source))
        kinds.add(reading.kind === 'fault' ? reading.problem.reason : reading.kind)
    }
    expect([...kinds]).toEqual(['counter', expect.stringMatching(/register are (59|60|61) times apart/)])
  })

  test('that agrees with its watts is believed for hours', async () => {
    const { contact, machine, source } = await open(registerMeter())
    for (let second = 0; second < 7_200; second++) {
      contact.answer = shelly(second % 600 < 300 ? 400 : 5, 1_000 + Math.floor(second * 3.37))
      for (const reading of await tick(machine, source)) expect(reading.kind).toBe('counter')
    }
  })
})

describe('settings', () => {
  test('that change are followed at the next look; a meter that stays as it was goes on', async () => {
    const { machine, contact, source, tick } = await open(meterWith())
    const other = new ScriptedContact()
    machine.host.contacts.set('http://192.0.2.8', other)
    contact.answer = watts(1)
    other.answer = watts(2)
    await ticks(3, tick)
    expect(source.refresh()).toBe(false)
    machine.wallMeters = [meterWith(), meterWith({ id: 'server', name: 'Server', address: 'http://192.0.2.8' })]
    expect(source.refresh()).toBe(true)
    expect(contact.isClosed).toBe(false)
    const readings = await ticks(4, tick)
    expect(new Set(readings.map(({ domain }) => String(domain)))).toEqual(new Set(['wall/desk', 'wall/server']))
    machine.wallMeters = [meterWith({ id: 'server', name: 'Server', address: 'http://192.0.2.8' })]
    expect(source.refresh()).toBe(true)
    expect([contact.isClosed, other.isClosed]).toEqual([true, false])
    source.close()
    expect(other.isClosed).toBe(true)
  })

  test('of a meter with several units must say which', async () => {
    const { contact, tick } = await open(meterWith({ dialect: 'shelly-1', provenance: 'counter' }))
    const meters = [1, 2].map((power) => ({ power, is_valid: true, total: 5 }))
    contact.answer = JSON.stringify({ meters })
    expect(await ticks(10, tick)).toMatchObject([
      { kind: 'fault', problem: { code: 'absent', reason: expect.stringMatching(/none was chosen/) } },
    ])
  })

  test('nobody who asks no more keeps a meter busy: a pause is a pause', async () => {
    const { machine, contact, tick } = await open(meterWith())
    contact.answer = watts(1)
    await ticks(5, tick)
    const before = contact.asked.length
    machine.host.clock.advance(3_600_000)
    await answered()
    expect(contact.asked.length).toBeLessThanOrEqual(before + 1)
  })

  test('an answer that comes after closing is nobody’s', async () => {
    const { machine, contact, source } = await open(meterWith())
    let release = () => {}
    contact.answer = () =>
      new Promise((resolve) => {
        release = () => resolve(problem('broken', 'http://192.0.2.7 was given up.'))
      })
    source.sample()
    await tick(machine, source)
    source.close()
    release()
    await answered()
    expect(source.sample()).toEqual([])
    machine.host.clock.advance(100_000)
    await answered()
    expect(contact.asked).toHaveLength(1)
  })
})

test('whatever meters answer, readings are sane: a number that can be, or a fault that is told', async () => {
  const dialect = fc.constantFrom('shelly-1', 'shelly-2', 'tasmota', 'homewizard', 'esphome', 'prometheus')
  const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 1e308, -1, 0.1))
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    number.map((powerW) => watts(powerW)),
    fc.tuple(number, number).map(([powerW, total]) => shelly(powerW, total)),
    fc.tuple(number, number).map(([Power, Total]) => JSON.stringify({ StatusSNS: { ENERGY: { Power, Total } } })),
    number.map((apower) => JSON.stringify({ 'switch:0': { apower, aenergy: { total: apower } } })),
    fc
      .tuple(number, fc.constantFrom('W', 'kWh', ''))
      .map(([value, unit]) => JSON.stringify({ state: `${value} ${unit}` })),
    number.map((value) => `m ${value}`),
  )
  await fc.assert(
    fc.asyncProperty(
      dialect,
      fc.constantFrom('counter', 'sensor', 'estimate'),
      fc.array(body),
      async (id, provenance, bodies) => {
        const options =
          id === 'esphome' ? { unit: 'x' } : id === 'prometheus' ? { unit: 'm', quantity: 'W' as const } : {}
        const { contact, source, tick } = await open(meterWith({ dialect: id, provenance, options }))
        const [domain] = source.domains
        for (const one of bodies) {
          contact.answer = one
          for (const reading of await ticks(3, tick)) {
            if (reading.kind === 'sensor') {
              expect(reading.powerW >= 0 && reading.powerW <= (domain?.plausibleMaxW ?? 0)).toBe(true)
            } else if (reading.kind === 'counter') expect(reading.raw >= 0n).toBe(true)
            else
              expect(reading).toMatchObject({
                kind: 'fault',
                problem: { reason: expect.stringMatching(/^The wall meter Desk .+\.$/s) },
              })
          }
        }
        source.close()
      },
    ),
    fcOptions('wall', 60, 3_000),
  )
})
