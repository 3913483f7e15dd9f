import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rigTruth } from '../../../../engine/host/rig/truth.ts'
import { testMeter } from '../../../../engine/sources/wall/test-meter.ts'
import { fcOptions } from '../../../support/counts.ts'
import { hostWith, rigWith } from '../../../support/rigs.ts'

const ADDRESS = 'http://192.168.1.40'
const PLUG = { id: 'plug', name: 'Plug', dialect: 'shelly-2', address: ADDRESS, floorW: 2, lossRatio: 0.25 }

/** 4 W with a core's 8 W at work from second 20: the plug sees 7 W, then 17 W. */
function machine(plug: Record<string, unknown> = {}) {
  const load = {
    steps: [
      ['0s', 0],
      ['20s', 1],
    ],
  }
  return {
    domains: [{ zone: 'package-0', floorW: 4, wattsPerCore: 8, access: 'absent' }],
    processes: [{ name: 'works', app: 'a', load }],
    meters: [{ ...PLUG, ...plug }],
  }
}

async function shown(host: ReturnType<typeof hostWith>, dialect: 'shelly-2' | 'tasmota' = 'shelly-2') {
  const found = await testMeter(host, { dialect, address: ADDRESS, options: {} }, null)
  return found.ok ? found.value.units[0] : found
}

describe('a smart plug', () => {
  test('of Shelly’s second generation shows watts and a register, which the meters’ own test reads', async () => {
    const host = hostWith(machine())
    const before = await shown(host)
    host.clock.advance(50_000)
    const after = await shown(host)
    expect(after).toMatchObject({ unit: 'switch:0', powerW: 17, provenance: 'counter' })
    const stepMj = 3_600
    const drawnMj = 7_000 * 20 + 17_000 * 30
    expect(before).toMatchObject({ energyMj: 48_000 * 3_600_000 })
    expect(after).toMatchObject({ energyMj: 48_000 * 3_600_000 + Math.floor(drawnMj / stepMj) * stepMj })
  })

  test('with Tasmota shows whole watts and whole Wh, so that its watts are read', async () => {
    const host = hostWith(machine({ dialect: 'tasmota', floorW: 2.4 }))
    host.clock.advance(3_600_000)
    expect(await shown(host, 'tasmota')).toMatchObject({ unit: 'energy', powerW: 17, provenance: 'sensor' })
  })

  test('is silent when the rig says so, and nothing else is at its address or at another', async () => {
    const host = hostWith(machine({ silent: [{ at: '10s', for: '5s' }] }))
    host.clock.advance(12_000)
    expect(await shown(host)).toMatchObject({ ok: false, code: 'absent' })
    host.clock.advance(3_000)
    expect(await shown(host)).toMatchObject({ unit: 'switch:0', powerW: 7 })
    expect(await shown(host, 'tasmota')).toMatchObject({ ok: false, code: 'absent' })
    const elsewhere = host.contact('http://192.168.1.41')
    expect(await elsewhere.ask('/rpc/Shelly.GetStatus')).toMatchObject({ ok: false, code: 'refused' })
    const closed = host.contact(ADDRESS)
    closed.close()
    expect(await closed.ask('/rpc/Shelly.GetStatus')).toMatchObject({ ok: false, code: 'refused' })
  })

  test('is asked often: the machine is played at its own tick, however little happens', () => {
    const host = hostWith(machine())
    host.clock.advance(600_000)
    expect(host.nextTickMs()).toBe(1_000)
  })
})

test('what a plug counts is its truth, for random machines, and its truth leaves out what it did not tell', () => {
  const amount = fc.integer({ min: 0, max: 20 })
  const ratio = fc.integer({ min: 0, max: 4 }).map((quarters) => quarters / 4)
  fc.assert(
    fc.asyncProperty(amount, ratio, fc.integer({ min: 1, max: 900 }), async (floorW, lossRatio, suspendS) => {
      const events = [{ suspend: `${suspendS}s`, at: '10m' }]
      const host = hostWith({ ...machine({ floorW, lossRatio }), events })
      const first = await shown(host)
      host.clock.advance(2_000_000)
      const last = await shown(host)
      if (first === undefined || 'ok' in first || last === undefined || 'ok' in last) throw new Error('no answer')
      const countedMj = (last.energyMj ?? 0) - (first.energyMj ?? 0)
      const truthOf = (rig: typeof host.rig) => rigTruth(rig, 0, host.elapsedMs()).zones.at(-1)
      const whole = truthOf(host.rig)
      expect(whole).toMatchObject({ domain: 'wall/plug', kind: 'wall', isMeasured: false })
      expect(Math.abs(countedMj - (whole?.energyMj ?? 0))).toBeLessThanOrEqual(3_601)
      const silent = [{ at: '5m', for: '3m' }]
      const part = truthOf(rigWith({ ...machine({ floorW, lossRatio, silent }), events }))
      const lostMj = ((4 + 8) * (1 + lossRatio) + floorW) * 180_000
      expect((whole?.energyMj ?? 0) - (part?.energyMj ?? 0)).toBeCloseTo(lostMj, 3)
    }),
    fcOptions('rig-plugs', 30, 1_000),
  )
})

test.each<[string, Record<string, unknown>, string]>([
  [
    'an address without a scheme',
    { meters: [{ ...PLUG, address: '192.168.1.40' }] },
    'meters[0].address: expected an address',
  ],
  [
    'an address of another kind',
    { meters: [{ ...PLUG, address: 'mqtt://nas.local' }] },
    'meters[0].address: expected an address such as http://192.168.1.20',
  ],
  ['two plugs of one id', { meters: [PLUG, { ...PLUG, address: 'http://a' }] }, 'meters[1].id: expected each id once'],
  [
    'two plugs at one address',
    { meters: [PLUG, { ...PLUG, id: 'other' }] },
    'meters[1].address: expected each address once',
  ],
  [
    'a meter of a make that is not played',
    { meters: [{ ...PLUG, dialect: 'fritz' }] },
    'meters[0].dialect: expected one of',
  ],
  ['long ticks', { meters: [PLUG], tick: '10s' }, 'tick: expected at most "1s" where there are meters'],
  ['a long time', { meters: [PLUG], duration: '2w' }, 'duration: expected at most "1w" where there are meters'],
])('%s is a mistake that says what was expected', (_, fields, expected) => {
  expect(() => rigWith(fields)).toThrow(expected)
})
