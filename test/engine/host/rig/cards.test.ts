import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rigHost } from '../../../../engine/host/rig/rig-host.ts'
import { rigTruth } from '../../../../engine/host/rig/truth.ts'
import { drmNode } from '../../../../engine/processes/drm-nodes.ts'
import { parseFdinfo } from '../../../../engine/processes/fdinfo-text.ts'
import { listAmdGpus } from '../../../../engine/sources/amdgpu-devices.ts'
import { parseGpuMetrics } from '../../../../engine/sources/gpu-metrics.ts'
import { findMeters } from '../../../../engine/sources/hwmon-find.ts'
import { listPciCards } from '../../../../engine/sources/nvml-pci.ts'
import { listedProcesses } from '../../../../engine/sources/nvml-processes.ts'
import { NvmlRecord } from '../../../../engine/sources/nvml-record.ts'
import { isAsleep, maySleep } from '../../../../engine/sources/runtime-status.ts'
import { fcOptions } from '../../../support/counts.ts'
import { hostWith, rigWith, textOf } from '../../../support/rigs.ts'

const PCI = '0000:03:00.0'
const GIB = 2 ** 30

/** A card that draws 20 W at rest, 30 W with a model and 120 W at work. */
function card(vendor: string, more: Record<string, unknown> = {}) {
  return { pci: PCI, vendor, name: 'Some Card', floorW: 20, residentW: 10, wattsPerEngine: 100, ...more }
}

/** Half busy from second 10 to 20. */
const WORKER = {
  name: 'worker',
  app: 'ollama',
  pid: 42,
  gpu: {
    steps: [
      ['10s', 0.5],
      ['20s', 0],
    ],
  },
  gpuMemoryBytes: 4 * GIB,
}

const MIDDLE_MS = 15_000
/** Until then: the floor, the model while nothing works, the work. */
const MIDDLE_MJ = 20 * 15_000 + 10 * 12_500 + 100 * 2_500

async function nvmlRecord(host: ReturnType<typeof hostWith>, request: unknown = { pcis: [PCI], isSlow: true }) {
  const answer = await host.vendor('nvml').answer(request)
  if (!answer.ok) throw new Error(answer.reason)
  return NvmlRecord.parse(answer.value.value).cards[0]
}

describe('an NVIDIA card', () => {
  test('answers with its energy, its processes and what they do, as its library would', async () => {
    const game = { name: 'game', pid: 50, gpu: 0.25, gpuMemoryBytes: GIB }
    const host = hostWith({ gpus: [card('nvidia')], processes: [WORKER, game] })
    expect(listPciCards(host.files)).toEqual([{ pci: PCI, driver: 'nvidia' }])
    const before = await nvmlRecord(host)
    host.clock.advance(MIDDLE_MS)
    const now = await nvmlRecord(host)
    // The game works as well: a quarter of the time is no longer quiet.
    const drawnMj = MIDDLE_MJ + 0.25 * 15_000 * (100 - 10)
    expect(Number(now?.energyMj) - Number(before?.energyMj)).toBe(drawnMj)
    expect(now).toMatchObject({ code: 0, gpuPct: 75, powerUsageMw: 20_000 + 2_500 + 75_000 })
    expect(now?.description).toMatchObject({ name: 'Some Card', memoryBytes: String(16 * GIB) })
    expect(now?.samples?.map(({ pid, smPct }) => [pid, smPct])).toEqual([
      [42, 50],
      [50, 25],
    ])
    const listed = listedProcesses(now?.lists ?? [], { memoryBytes: 16 * GIB, isProcess: () => true })
    expect(listed).toEqual([
      { pid: 42, memoryBytes: 4 * GIB, isResident: true },
      { pid: 50, memoryBytes: GIB, isResident: false },
    ])
  })

  test('without a counter tells its power of the moment, and that it counts nothing', async () => {
    const host = hostWith({ gpus: [card('nvidia', { counter: false })], processes: [WORKER] })
    host.clock.advance(10_000)
    expect(await nvmlRecord(host)).toMatchObject({ energyMj: null, powerUsageMw: 75_000, codes: { energyMj: 3 } })
  })

  test('that may not be read refuses, one that a container masks has no library, one without driver has neither', async () => {
    const codes = (access: string) => hostWith({ gpus: [card('nvidia', { access })] })
    expect(await nvmlRecord(codes('denied'))).toMatchObject({ energyMj: null, codes: { energyMj: 4, powerUsageMw: 4 } })
    for (const access of ['hidden', 'absent']) {
      expect(await codes(access).vendor('nvml').answer()).toMatchObject({ ok: false, code: 'absent' })
    }
    expect(listPciCards(codes('hidden').files)).toEqual([{ pci: PCI, driver: 'nvidia' }])
    expect(listPciCards(codes('absent').files)).toEqual([{ pci: PCI, driver: null }])
  })
})

describe('an AMD card', () => {
  const host = () => hostWith({ gpus: [card('amd')], processes: [WORKER, { name: 'theirs', uid: 1001, gpu: 0.1 }] })

  test('shows power, busy time and a table with its energy', () => {
    const amd = host()
    expect(listAmdGpus(amd.files)).toMatchObject([{ address: PCI, productName: 'Some Card' }])
    amd.clock.advance(MIDDLE_MS)
    const device = '/sys/class/drm/card0/device'
    expect(textOf(amd, `${device}/gpu_busy_percent`)).toBe('60\n')
    const powerUw = (20 + 10 * 0.4 + 60) * 1e6
    expect(textOf(amd, `${device}/hwmon/hwmon0/power1_average`)).toBe(`${powerUw}\n`)
    const bytes = Buffer.from(textOf(amd, `${device}/gpu_metrics`), 'latin1')
    const energyMj = MIDDLE_MJ + 0.1 * 15_000 * (100 - 10)
    expect(parseGpuMetrics(bytes, bytes.length)).toMatchObject({
      isApu: false,
      busyRatio: 0.6,
      powerW: 84,
      energyUnits: BigInt(Math.floor(energyMj * 65.536)),
    })
  })

  test('tells of a process by the descriptor that it has open, and of another user’s nothing', () => {
    const amd = host()
    amd.clock.advance(MIDDLE_MS)
    const link = amd.files.link('/proc/42/fd/7')
    expect(link.ok && drmNode(amd.files, link.value).pci).toBe(PCI)
    expect(parseFdinfo(textOf(amd, '/proc/42/fdinfo/7'))).toMatchObject({
      driver: 'amdgpu',
      pdev: PCI,
      cardBytes: 4 * GIB,
      engines: new Map([['compute', { kind: 'time', busyNs: 2.5e9, capacity: 1 }]]),
    })
    const theirs = amd.files.list('/proc')
    const pid = theirs.ok ? theirs.value.find((name) => /^\d+$/.test(name) && name !== '1' && name !== '42') : ''
    expect(amd.files.list(`/proc/${pid}/fd`)).toMatchObject({ ok: false, code: 'denied' })
    expect(amd.files.list('/proc/1/fd')).toMatchObject({ ok: false, code: 'denied' })
  })

  test('without a counter has a table that says so', () => {
    const amd = hostWith({ gpus: [card('amd', { counter: false })] })
    const bytes = Buffer.from(textOf(amd, '/sys/class/drm/card0/device/gpu_metrics'), 'latin1')
    expect(parseGpuMetrics(bytes, bytes.length)).toMatchObject({ energyUnits: null, powerW: 20 })
  })
})

test.each(['xe', 'i915'])('an Intel card by %s counts its energy in hwmon, and time by descriptor', (driver) => {
  const host = hostWith({ gpus: [card('intel', { driver })], processes: [WORKER] })
  host.clock.advance(MIDDLE_MS)
  const found = findMeters(host.files, () => true)
  expect(found.meters.map(({ domain }) => domain.id)).toEqual([`gpu/${PCI}`])
  expect(textOf(host, '/sys/class/hwmon/hwmon0/energy1_input')).toBe(`${MIDDLE_MJ * 1_000}\n`)
  const record = parseFdinfo(textOf(host, '/proc/42/fdinfo/7'))
  expect(record).toMatchObject({ driver, cardBytes: 4 * GIB })
  const engine = record?.engines.get(driver === 'xe' ? 'ccs' : 'compute')
  if (engine?.kind === 'cycles') expect(engine.cycles / engine.totalCycles).toBeCloseTo(2_500 / MIDDLE_MS, 6)
  else expect(engine).toEqual({ kind: 'time', busyNs: 2.5e9, capacity: 1 })
})

test('a card sleeps when nobody has held it for a while, its counter stands still, and who reads it then is told of', () => {
  const host = hostWith({
    gpus: [card('intel', { sleeps: { after: '5s', sleepW: 0.5 } })],
    processes: [{ name: 'app', app: 'a', gpuMemoryBytes: { every: '1h', from: '10s', to: '20s', bytes: GIB } }],
  })
  const states = [0, 10, 24, 25].map((atS) => {
    host.clock.advance(atS * 1_000 - host.elapsedMs())
    return isAsleep(host.files, PCI)
  })
  expect(states).toEqual([true, false, false, true])
  expect(maySleep(host.files, PCI)).toBe(true)
  expect(host.wakings).toEqual([])
  // 15 s awake, 10 of them with a model.
  expect(textOf(host, '/sys/class/hwmon/hwmon0/energy1_input')).toBe(`${(20 * 15 + 10 * 10) * 1e6}\n`)
  expect(host.wakings).toEqual([{ pci: PCI, atMs: 25_000 }])
})

test('a battery gives what domains, cards and the rest of the machine draw, and is charged while plugged in', () => {
  const host = hostWith({
    domains: [
      { zone: 'package-0', floorW: 5, children: [{ zone: 'dram', floorW: 1 }] },
      { zone: 'psys', floorW: 9 },
    ],
    gpus: [card('nvidia')],
    battery: { floorW: 4, fullWh: 50, startsAtPercent: 50, plugged: [{ every: '1h', from: '10m', to: '20m' }] },
  })
  const read = (name: string) => textOf(host, `/sys/class/power_supply/${name}`).trim()
  host.clock.advance(6 * 60_000)
  expect([read('AC/online'), read('BAT0/status')]).toEqual(['0', 'Discharging'])
  expect(Math.abs(Number(read('BAT0/power_now')) / 30e6 - 1)).toBeLessThan(0.0021)
  // 30 W for six minutes.
  expect(read('BAT0/energy_now')).toBe('22000000')
  expect(read('BAT0/capacity')).toBe('44')
  host.clock.advance(6 * 60_000)
  expect([read('AC/online'), read('BAT0/status')]).toEqual(['1', 'Charging'])
  expect(read('BAT0/energy_now')).toBe('21500000')
  host.clock.advance(10 * 60_000)
  expect([read('AC/online'), read('BAT0/status')]).toEqual(['0', 'Discharging'])
})

test('machines without cards and batteries have no files of them', () => {
  const host = hostWith({})
  for (const path of [
    '/sys/class/drm',
    '/sys/bus/pci/devices',
    '/sys/class/hwmon',
    '/sys/class/power_supply',
    '/proc/1/fd',
  ])
    expect(host.files.list(path)).toMatchObject({ ok: false, code: 'absent' })
})

test('long ticks are shorter with sensors than without, and never hold a change', () => {
  const host = hostWith({ gpus: [card('amd')], processes: [WORKER] })
  const ends: number[] = []
  while (host.elapsedMs() < 45_000) {
    host.clock.advance(host.nextTickMs())
    ends.push(host.elapsedMs() / 1_000)
  }
  expect(ends).toEqual([9, 10, 11, 12, 19, 20, 21, 22, 32, 42, 52])
})

test('what cards draw adds up to the truth for random machines', () => {
  const bytes = fc.oneof(
    fc.constant(GIB),
    fc.record({ every: fc.constant('20m'), from: fc.constant('3m'), to: seconds(200, 1_000), bytes: fc.constant(GIB) }),
  )
  const gpu = fc.oneof(
    fc.double({ min: 0, max: 0.24, noNaN: true }),
    fc.record({ wave: fc.record({ period: seconds(1, 300), high: amount(), low: amount() }) }),
    fc.record({
      ramp: fc.constant([
        ['1m', 0.24],
        ['40m', 0.02],
      ]),
    }),
  )
  const life = fc.record({ start: seconds(0, 1_000), stop: seconds(1_001, 3_600), gpu, gpuMemoryBytes: bytes })
  const sleeps = fc.option(fc.record({ after: seconds(0, 120), sleepW: fc.constantFrom(0, 0.5) }), { nil: undefined })
  fc.assert(
    fc.property(fc.array(life, { minLength: 1, maxLength: 4 }), sleeps, seconds(1, 900), (lives, asleep, at) => {
      const rig = rigWith({
        duration: '2h',
        gpus: [{ ...card('intel'), otherW: 1.5, ...(asleep === undefined ? {} : { sleeps: asleep }) }],
        processes: lives.map((spec, index) => ({
          name: `p${index}`,
          ...(index % 3 === 0 ? {} : { app: `a${index % 2}` }),
          ...spec,
        })),
        events: [{ suspend: '200s', at }],
      })
      const host = rigHost(rig)
      host.clock.advance(3_000_000)
      const truth = rigTruth(rig, 0, host.elapsedMs())
      const appsMj = truth.apps.reduce((sum, app) => sum + app.energyMj, 0)
      expect(truth.floorMj + truth.otherMj + appsMj).toBeCloseTo(truth.energyMj, 3)
      const countedMj = Number(textOf(host, '/sys/class/hwmon/hwmon0/energy1_input')) / 1_000
      const withoutSleep = rigTruth({ ...rig, gpus: rig.gpus.map(awakeOnly) }, 0, host.elapsedMs())
      expect(Math.abs(countedMj - withoutSleep.energyMj)).toBeLessThan(0.01)
    }),
    fcOptions('rig-cards', 60, 3_000),
  )
})

/** The counter does not see what a card draws in its sleep. */
function awakeOnly<T extends { sleeps?: { after: string; sleepW: number } | undefined }>(spec: T): T {
  return spec.sleeps === undefined ? spec : { ...spec, sleeps: { ...spec.sleeps, sleepW: 0 } }
}

function seconds(min: number, max: number) {
  return fc.integer({ min, max }).map((s) => `${s}s`)
}

function amount() {
  return fc.integer({ min: 0, max: 24 }).map((hundredths) => hundredths / 100)
}
