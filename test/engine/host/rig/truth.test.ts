import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rigHost } from '../../../../engine/host/rig/rig-host.ts'
import { rigTruth } from '../../../../engine/host/rig/truth.ts'
import { fcOptions } from '../../../support/counts.ts'
import { rigWith, textOf } from '../../../support/rigs.ts'

const MINUTE = 60_000

function appOf(truth: ReturnType<typeof rigTruth>, id: string) {
  return truth.apps.find(({ app }) => app === id)
}

test('a laptop by hand: floor, one app, other and memory, to the millijoule', () => {
  const rig = rigWith({
    domains: [
      { zone: 'package-0', floorW: 5, wattsPerCore: 10, children: [{ zone: 'dram', floorW: 1, wattsPerCore: 2 }] },
      { zone: 'psys', floorW: 9, wattsPerCore: 13 },
    ],
    processes: [
      { name: 'app', app: 'ollama', start: '1m', stop: '3m', load: 0.5 },
      {
        name: 'mail',
        load: {
          steps: [
            ['2m', 0.25],
            ['4m', 0],
          ],
        },
      },
    ],
  })
  const truth = rigTruth(rig, 0, 10 * MINUTE)
  // app: 60 core·s. mail: 30 core·s. Package and memory count; psys holds them again.
  expect(truth.energyMj).toBe(6_000 * 600 + 12_000 * 90)
  expect(truth.floorMj).toBe(6_000 * 600)
  expect(truth.otherMj).toBe(12_000 * 30)
  expect(truth.zones.map(({ domain }) => domain)).toEqual(['cpu/0', 'dram/0', 'board/psys'])
  expect(appOf(truth, 'ollama')).toEqual({
    app: 'ollama',
    energyMj: 12_000 * 60,
    idleMj: 0,
    energyByZoneMj: new Map([
      ['package-0', 600_000],
      ['package-0/dram', 120_000],
      ['psys', 780_000],
    ]),
    determined: true,
    toleranceRatio: 0.01,
  })
})

test('only the part of the interval that is asked for counts', () => {
  const rig = rigWith({
    domains: [{ zone: 'package-0', floorW: 1, wattsPerCore: 4 }],
    processes: [
      {
        name: 'app',
        app: 'a',
        load: {
          ramp: [
            ['0s', 0],
            ['10m', 2],
          ],
        },
      },
    ],
  })
  expect(appOf(rigTruth(rig, 5 * MINUTE, 10 * MINUTE), 'a')?.energyMj).toBe(4 * 1.5 * 5 * MINUTE)
})

test('nothing is drawn asleep, and a zone that is away draws nothing that anyone could measure', () => {
  const rig = rigWith({
    domains: [{ zone: 'package-0', floorW: 2, wattsPerCore: 8, away: [{ at: '20m', for: '5m' }] }],
    processes: [{ name: 'app', app: 'a', load: 1 }],
    events: [{ suspend: '10m', at: '5m' }],
    toleranceRatio: 0.1,
  })
  const truth = rigTruth(rig, 0, 60 * MINUTE)
  expect(truth.floorMj).toBe(2 * 45 * MINUTE)
  expect(appOf(truth, 'a')).toMatchObject({ energyMj: 8 * 45 * MINUTE, determined: false, toleranceRatio: 0.1 })
})

test('office hours follow the zone’s clock over the change to winter time', () => {
  const rig = rigWith({
    start: '2026-10-24T00:00:00+02:00',
    zone: 'Europe/Berlin',
    duration: '3d',
    domains: [{ zone: 'package-0', floorW: 0, wattsPerCore: 1 }],
    processes: [
      { name: 'night', app: 'night', load: { from: '00:00', to: '06:00', load: 1 } },
      { name: 'monday', app: 'monday', load: { from: '09:00', to: '17:00', days: ['mon'], load: 1 } },
    ],
  })
  const truth = rigTruth(rig, 0, 72 * 60 * MINUTE)
  // Saturday and Monday 6 h, Sunday 7 h: the hour from 2 to 3 comes twice. The rig ends at 23:00 local time on Monday.
  expect(appOf(truth, 'night')?.energyMj).toBe(19 * 60 * MINUTE)
  expect(appOf(truth, 'monday')?.energyMj).toBe(8 * 60 * MINUTE)
})

test('short-lived children and lives in windows draw for their app', () => {
  const rig = rigWith({
    domains: [{ zone: 'package-0', floorW: 0, wattsPerCore: 1 }],
    processes: [
      { name: 'shell', app: 'shell', children: { every: '1s', lasts: '250ms', cores: 1 } },
      { name: 'visits', app: 'visits', alive: { every: '10m', from: '1m', to: '3m' }, load: 0.5 },
    ],
  })
  const truth = rigTruth(rig, 0, 60 * MINUTE)
  expect(appOf(truth, 'shell')?.energyMj).toBe(15 * MINUTE)
  expect(appOf(truth, 'visits')?.energyMj).toBe(6 * MINUTE)
})

test.each([
  ['an app that draws more a core than others', { wattsPerCoreOf: { a: 12 } }, {}],
  ['power that no load explains', { otherW: 3 }, {}],
  ['a counter nobody may read', { access: 'denied' }, {}],
  ['cores that differ', {}, { cpu: { logicalCpus: 4, efficiency: { cpus: 2, capacityRatio: 0.5 } } }],
])('%s is not determined', (_, zone, machine) => {
  const rig = rigWith({
    domains: [{ zone: 'package-0', floorW: 1, wattsPerCore: 8, ...zone }],
    processes: [{ name: 'app', app: 'a', load: 1 }],
    ...machine,
  })
  expect(appOf(rigTruth(rig, 0, MINUTE), 'a')).toMatchObject({ determined: false, toleranceRatio: null })
})

const CARD = { pci: '0000:01:00.0', vendor: 'nvidia', name: 'Card', floorW: 15, residentW: 10, wattsPerEngine: 200 }

test('a card by hand: its floor, what models held in quiet time by memory, work by time of the engine', () => {
  const rig = rigWith({
    gpus: [CARD],
    processes: [
      { name: 'big', app: 'big', gpuMemoryBytes: 3e9, gpu: { every: '10m', from: '2m', to: '4m', load: 0.5 } },
      { name: 'small', app: 'small', stop: '5m', gpuMemoryBytes: 1e9 },
      { name: 'game', start: '5m', stop: '6m', gpu: 0.25, gpuMemoryBytes: 1e9 },
    ],
  })
  const truth = rigTruth(rig, 0, 10 * MINUTE)
  // Of the first 5 minutes 1 is busy, of the next one a quarter: 4 min are shared three to one, then 4.75 min are big's alone.
  const [bigIdleMj, smallIdleMj] = [10 * (4 * 0.75 + 4.75) * MINUTE, 10 * 4 * 0.25 * MINUTE]
  expect(appOf(truth, 'big')).toMatchObject({ energyMj: bigIdleMj + 200 * MINUTE, idleMj: bigIdleMj, determined: true })
  expect(appOf(truth, 'small')).toMatchObject({ energyMj: smallIdleMj, idleMj: smallIdleMj, determined: true })
  expect(truth.zones).toMatchObject([{ domain: 'gpu/0000:01:00.0', kind: 'gpu', isMeasured: true }])
  expect([truth.floorMj, truth.otherMj]).toEqual([15 * 10 * MINUTE, 200 * 0.25 * MINUTE])
  expect(truth.energyMj).toBe(truth.floorMj + truth.otherMj + bigIdleMj + smallIdleMj + 200 * MINUTE)
})

test('a card that nobody has held for a while sleeps, and draws what it draws asleep', () => {
  const rig = rigWith({
    gpus: [{ ...CARD, sleeps: { after: '1m', sleepW: 0.5 } }],
    processes: [{ name: 'app', app: 'a', start: '10m', stop: '20m', gpuMemoryBytes: 1e9, gpu: 1 }],
    events: [{ suspend: '10m', at: '30m' }],
  })
  const truth = rigTruth(rig, 0, 60 * MINUTE)
  expect(truth.floorMj).toBe(15 * 11 * MINUTE + 0.5 * 39 * MINUTE)
  expect(appOf(truth, 'a')).toMatchObject({ energyMj: 200 * 10 * MINUTE, idleMj: 0, determined: false })
})

test('a battery gives everything that counts and its own floor, while no adapter is plugged in', () => {
  const rig = rigWith({
    domains: [
      { zone: 'package-0', floorW: 5, wattsPerCore: 10 },
      { zone: 'psys', floorW: 9 },
    ],
    gpus: [CARD],
    battery: { floorW: 4, plugged: [{ every: '1h', from: '10m', to: '50m' }] },
    processes: [{ name: 'app', app: 'a', stop: '5m', load: 1, gpu: 0.5 }],
  })
  const { zones } = rigTruth(rig, 0, 60 * MINUTE)
  const energyMj = (5 + 15 + 4) * 20 * MINUTE + (10 + 100) * 5 * MINUTE
  expect(zones.at(-1)).toMatchObject({ domain: 'battery/main', isMeasured: false, energyMj, floorMj: 4 * 20 * MINUTE })
})

test.each([
  ['whose app draws more an engine than others', { wattsPerEngineOf: { a: 250 } }, {}],
  ['with power that no work explains', { otherW: 3 }, {}],
  ['without a counter', { counter: false }, {}],
  ['nobody may read', { access: 'denied' }, {}],
  ['that sleeps', { sleeps: { after: '10s' } }, {}],
  ['of AMD', { vendor: 'amd' }, {}],
  [
    'of Intel that somebody else uses',
    { vendor: 'intel' },
    {
      processes: [
        { name: 'app', app: 'a', gpu: 0.1 },
        { name: 'b', gpu: 0.1 },
      ],
    },
  ],
  [
    'of Intel with a model too small to tell',
    { vendor: 'intel' },
    { processes: [{ name: 'app', app: 'a', gpuMemoryBytes: 1e8 }] },
  ],
])('a card %s does not determine its apps', (_, card, machine) => {
  const other = { name: 'elsewhere', app: 'other', gpu: 0.1, gpuOf: '0000:02:00.0' }
  const processes = 'processes' in machine ? machine.processes : [{ name: 'app', app: 'a', gpu: 0.1 }]
  const rig = rigWith({
    gpus: [
      { ...CARD, ...card },
      { ...CARD, pci: '0000:02:00.0' },
    ],
    processes: [...processes, other],
  })
  const truth = rigTruth(rig, 0, MINUTE)
  expect(appOf(truth, 'a')).toMatchObject({ determined: false, toleranceRatio: null })
  expect(appOf(truth, 'other')).toMatchObject({ determined: true })
})

test('rendered counters add up to the truth for random machines', () => {
  const load = fc.oneof(
    fc.double({ min: 0, max: 0.4, noNaN: true }),
    fc.record({
      wave: fc.record({ period: seconds(1, 300), high: amount(), low: amount(), duty: fc.constantFrom(0.1, 0.333, 1) }),
    }),
    fc.record({
      bursts: fc.record({
        seed: fc.nat(),
        every: seconds(20, 90),
        chance: fc.double({ min: 0, max: 1, noNaN: true }),
        lasts: fc.constant(['1s', '20s']),
        between: fc.constant([0.1, 0.4]),
      }),
    }),
    fc.record({
      ramp: fc.constant([
        ['1m', 0.4],
        ['7m', 0.1],
      ]),
    }),
    fc.record({ every: fc.constant('10m'), from: seconds(0, 200), to: seconds(201, 600), load: amount() }),
  )
  const life = fc.record({ start: seconds(0, 1_000), stop: seconds(1_001, 3_600), load })
  fc.assert(
    fc.property(fc.array(life, { minLength: 1, maxLength: 4 }), seconds(1, 900), fc.nat(3_000), (lives, at, forS) => {
      const rig = rigWith({
        cpu: { logicalCpus: 4 },
        duration: '2h',
        domains: [{ zone: 'package-0', floorW: 3, wattsPerCore: 7, wrapsAtUj: 1_000_000_000_000 }],
        processes: lives.map((spec, index) => ({
          name: `p${index}`,
          ...(index % 2 === 0 ? { app: `a${index}` } : {}),
          ...spec,
        })),
        events: [{ suspend: `${forS + 1}s`, at }],
      })
      const host = rigHost(rig)
      host.clock.advance(3_600_000)
      const truth = rigTruth(rig, 0, host.elapsedMs())
      const energyMj = Number(textOf(host, '/sys/class/powercap/intel-rapl:0/energy_uj')) / 1_000
      expect(Math.abs(energyMj - truth.energyMj)).toBeLessThan(0.01)
      const appsMj = truth.apps.reduce((sum, app) => sum + app.energyMj, 0)
      expect(truth.floorMj + truth.otherMj + appsMj).toBeCloseTo(truth.energyMj, 3)
    }),
    fcOptions('rig-truth', 50, 2_000),
  )

  function seconds(min: number, max: number) {
    return fc.integer({ min, max }).map((length) => `${length}s`)
  }
  function amount() {
    return fc.constantFrom(0, 0.1, 0.25, 0.4)
  }
})
