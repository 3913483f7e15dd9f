import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amdgpu } from '../../../engine/sources/amdgpu.ts'
import type { OpenSource, Reading } from '../../../engine/sources/source.ts'
import { fcOptions } from '../../support/counts.ts'
import { AmdMachine } from './amdgpu-machine.ts'
import { gpuMetricsTable, REVISIONS } from './gpu-metrics-tables.ts'

const CARD = '0000:03:00.0'
const APU = '0000:c4:00.0'
const NPU = '0000:c4:00.1'

async function open(machine: AmdMachine): Promise<OpenSource> {
  const probed = await amdgpu.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

async function problemOf(machine: AmdMachine) {
  const probed = await amdgpu.probe(machine.context)
  if (probed.ok) throw new Error('probe found a source')
  return probed
}

/** A second passes, and the source is read. */
function tick(machine: AmdMachine, source: OpenSource): readonly Reading[] {
  machine.host.clock.advance(1_000)
  return source.sample()
}

const powers = (readings: readonly Reading[]) =>
  Object.fromEntries(readings.map((reading) => [reading.domain, 'powerW' in reading ? reading.powerW : reading.kind]))

const domainsOf = (source: OpenSource) => source.domains.map(({ id, kind, parent }) => [id, kind, parent])

const rdna2 = () => new AmdMachine({ [CARD]: { average: '43000000\n', capMax: '300000000\n', busy: '12\n' } })
const strix = () => {
  const machine = new AmdMachine({
    [APU]: {
      metrics: gpuMetricsTable('3.0', { apu: 55_500, gfx: 21_250, npu: 1_500, busy: 3_000 }),
      average: '90000000\n',
      isApu: true,
      busy: '31\n',
      pciId: '1002:150E',
    },
  })
  machine.host.write(`/sys/bus/pci/drivers/amdxdna/${NPU}/uevent`, 'DRIVER=amdxdna\n')
  return machine
}

describe('a card', () => {
  test('is one root by its PCI address, in either case, with what its limit makes plausible', async () => {
    const machine = new AmdMachine({ '0000:0A:00.0': { average: '43000000\n', capMax: '300000000\n' } })
    expect((await open(machine)).domains).toEqual([
      {
        id: 'gpu/0000:0a:00.0',
        kind: 'gpu',
        parent: null,
        source: 'amdgpu',
        provenance: 'sensor',
        name: 'AMD GPU 1002:73bf',
        gainRatio: 0.05,
        plausibleMaxW: 600,
        activity: 'gpu',
        tableFloorW: null,
        device: '0000:0a:00.0',
      },
    ])
  })

  test('is called what its maker wrote into it', async () => {
    const names = async (product: string) =>
      (await open(new AmdMachine({ [CARD]: { average: '1\n', product } }))).domains[0]?.name
    expect(await names('AMD Instinct MI300X\n')).toBe('AMD Instinct MI300X')
    expect(await names('\n')).toBe('AMD GPU 1002:73bf')
    expect(await names('\u0001\u0002\n')).toBe('AMD GPU 1002:73bf')
  })

  test('with an average, as RDNA2, is read in µW', async () => {
    const machine = rdna2()
    const source = await open(machine)
    expect(tick(machine, source)).toEqual([{ kind: 'sensor', domain: `gpu/${CARD}`, atMs: 1_000, powerW: 43 }])
  })

  test('with an instant value only, as RDNA3, is read too, and so is one whose average only fails', async () => {
    const machine = new AmdMachine({ [CARD]: { input: '18500000\n' } })
    expect(powers(tick(machine, await open(machine)))).toEqual({ [`gpu/${CARD}`]: 18.5 })
    const both = new AmdMachine({ [CARD]: { average: { fault: 'broken' }, input: '7000000\n' } })
    const source = await open(both)
    const { read } = both.host.calls
    expect(powers(tick(both, source))).toEqual({ [`gpu/${CARD}`]: 7 })
    expect(both.host.calls.read).toBe(read + 1)
  })

  test('without sensor files is read in whole watts from its table', async () => {
    const machine = new AmdMachine({ [CARD]: { metrics: gpuMetricsTable('1.3', { watts: 210 }) } })
    expect(powers(tick(machine, await open(machine)))).toEqual({ [`gpu/${CARD}`]: 210 })
  })

  test('whose table counts no energy is read from its sensor alone after the first look', async () => {
    const machine = rdna2()
    machine.show('gpu_metrics', gpuMetricsTable('1.3', { watts: 43, busy: 12 }))
    const source = await open(machine)
    tick(machine, source)
    const { read, open: opened, text, list } = machine.host.calls
    for (let second = 0; second < 10; second++) tick(machine, source)
    expect(machine.host.calls).toMatchObject({ read: read + 20, open: opened, text, list })
    source.close()
    expect(machine.host.openDescriptors).toBe(0)
  })

  test('with a table of a revision that is no struct is read from its sensor', async () => {
    const machine = rdna2()
    const table = gpuMetricsTable('1.8')
    table[3] = 9
    machine.show('gpu_metrics', table)
    const source = await open(machine)
    expect(powers(tick(machine, source))).toEqual({ [`gpu/${CARD}`]: 43 })
    const { read } = machine.host.calls
    tick(machine, source)
    expect(machine.host.calls.read).toBe(read + 2)
  })

  test('that shows more than it may draw, or nonsense, gives nothing, and a fault if it lasts', async () => {
    for (const average of ['601000000\n', '-5\n', '', '1.5\n', '9999999999999\n', { fault: 'broken' } as const]) {
      const machine = rdna2()
      const source = await open(machine)
      machine.show('hwmon/hwmon3/power1_average', average)
      for (let second = 0; second < 4; second++) expect(tick(machine, source)).toEqual([])
      expect(tick(machine, source)).toMatchObject([
        { kind: 'fault', domain: `gpu/${CARD}`, problem: { code: 'broken', remedy: null } },
      ])
      machine.show('hwmon/hwmon3/power1_average', '5000000\n')
      expect(powers(tick(machine, source))).toEqual({ [`gpu/${CARD}`]: 5 })
    }
  })

  test.each([
    ['a platform device of the driver', 'DRIVER=amdgpu_xcp\nMODALIAS=platform:amdgpu_xcp\n'],
    ['one without a driver', 'MODALIAS=platform:amdgpu_xcp\n'],
  ])('that is split into partitions, each %s, counts once (drivers/gpu/drm/amd/amdxcp)', async (_, uevent) => {
    const machine = new AmdMachine({
      [CARD]: { pciId: '1002:74A1', metrics: gpuMetricsTable('1.8', { watts: 743, energy: 77, busy: 50 }) },
    })
    for (const card of [1, 2, 3]) {
      machine.show('uevent', uevent, card)
      machine.show('gpu_metrics', gpuMetricsTable('1.8', { watts: 743, energy: 77, busy: 50 }), card)
    }
    const source = await open(machine)
    expect(powers(tick(machine, source))).toEqual({ [`gpu/${CARD}`]: 743 })
  })

  test('that is the second die of an MI200 has no domain: the first tells both', async () => {
    const dies = (average: string) => ({ average, pciId: '1002:740C' })
    const machine = new AmdMachine({ [CARD]: dies('310000000\n'), '0000:04:00.0': dies('0\n') })
    expect(domainsOf(await open(machine))).toEqual([[`gpu/${CARD}`, 'gpu', null]])
  })
})

describe('an energy accumulator', () => {
  /** An MI300 at `sensorW`, whose accumulator counts `countedW`. */
  const accelerator = () => {
    const state = { units: 2n ** 40n, sensorW: 400, countedW: 400 }
    const machine = new AmdMachine({ [CARD]: { capMax: '750000000\n', pciId: '1002:74A1' } })
    const show = () => {
      machine.show('hwmon/hwmon3/power1_average', `${state.sensorW * 1_000_000}\n`)
      machine.show('gpu_metrics', gpuMetricsTable('1.7', { energy: state.units, watts: state.sensorW, busy: 90 }))
    }
    show()
    const pass = (source: OpenSource) => {
      state.units += BigInt(state.countedW * 65_536)
      show()
      return tick(machine, source)
    }
    return { machine, state, pass }
  }

  test('is read instead of the sensor once it agreed with it for a minute, in nJ', async () => {
    const { machine, state, pass } = accelerator()
    const source = await open(machine)
    for (let second = 0; second < 60; second++) {
      expect(pass(source)).toMatchObject([{ kind: 'sensor', powerW: 400 }])
    }
    const [first] = pass(source)
    expect(first).toEqual({
      kind: 'counter',
      domain: `gpu/${CARD}`,
      atMs: 61_000,
      raw: (state.units * 1_000_000_000n) / 65_536n,
      unitNj: 1n,
      wrapsAfter: null,
    })
    const [second] = pass(source)
    if (first?.kind !== 'counter' || second?.kind !== 'counter') throw new Error('not counted')
    expect(second.raw - first.raw).toBe(400_000_000_000n)
    expect(source.domains[0]?.provenance).toBe('sensor')
  })

  test('that is read needs one read of the table a second, and one of how busy it is', async () => {
    const { machine, pass } = accelerator()
    machine.show('gpu_busy_percent', '90\n')
    const source = await open(machine)
    for (let second = 0; second < 65; second++) pass(source)
    const { read } = machine.host.calls
    pass(source)
    expect(machine.host.calls.read).toBe(read + 2)
  })

  test('that counts in another unit is never read', async () => {
    const { machine, state, pass } = accelerator()
    state.countedW = 40
    const source = await open(machine)
    for (let second = 0; second < 200; second++) expect(pass(source)).toMatchObject([{ kind: 'sensor', powerW: 400 }])
  })

  test('that jumps back is left for the sensor at once, and read again after a good minute', async () => {
    const { machine, state, pass } = accelerator()
    const source = await open(machine)
    for (let second = 0; second < 62; second++) pass(source)
    state.units = 2n ** 39n
    for (let second = 0; second < 60; second++) expect(pass(source)).toMatchObject([{ kind: 'sensor', powerW: 400 }])
    pass(source)
    expect(pass(source)).toMatchObject([{ kind: 'counter' }])
  })

  test('of 32 bits says where it wraps', async () => {
    const { machine, state, pass } = accelerator()
    state.units = 1n
    const source = await open(machine)
    for (let second = 0; second < 62; second++) pass(source)
    expect(pass(source)).toMatchObject([{ kind: 'counter', wrapsAfter: 65_536_000_000_000n }])
  })

  test('whose table stays away gives nothing, then a fault, then the sensor', async () => {
    const { machine, pass } = accelerator()
    const source = await open(machine)
    for (let second = 0; second < 62; second++) pass(source)
    machine.show('gpu_metrics', { fault: 'broken' })
    for (let second = 0; second < 4; second++) expect(tick(machine, source)).toEqual([])
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    expect(tick(machine, source)).toMatchObject([{ kind: 'sensor', powerW: 400 }])
  })
})

describe('a processor with graphics', () => {
  test('of format 3 has graphics and a neural unit in the package that RAPL measures', async () => {
    const machine = strix()
    machine.measuredKinds.add('cpu')
    const source = await open(machine)
    expect(domainsOf(source)).toEqual([
      [`gpu/${APU}`, 'gpu', 'cpu/0'],
      [`npu/${NPU}`, 'npu', 'cpu/0'],
    ])
    expect(source.domains.map(({ device, gainRatio }) => [device, gainRatio])).toEqual([
      [APU, 0.075],
      [NPU, 0.1],
    ])
    expect(powers(tick(machine, source))).toEqual({ [`gpu/${APU}`]: 21.25, [`npu/${NPU}`]: 1.5 })
  })

  test('of format 3 tells its package itself where nobody measures it', async () => {
    const machine = strix()
    const source = await open(machine)
    expect(domainsOf(source)).toEqual([
      ['cpu/apu', 'cpu', null],
      [`gpu/${APU}`, 'gpu', 'cpu/apu'],
      [`npu/${NPU}`, 'npu', 'cpu/apu'],
    ])
    expect(powers(tick(machine, source))).toMatchObject({ 'cpu/apu': 55.5, [`gpu/${APU}`]: 21.25 })
  })

  test('has no neural unit whose driver is not loaded', async () => {
    const machine = strix()
    machine.host.remove(`/sys/bus/pci/drivers/amdxdna/${NPU}/uevent`)
    expect((await open(machine)).domains.map(({ kind }) => kind)).toEqual(['cpu', 'gpu'])
  })

  const phoenix = { metrics: gpuMetricsTable('2.1', { gfx: 12_000, cores: 500 }), average: '25000000\n', isApu: true }

  test('of format 2 whose rail cores share, as Phoenix, tells graphics with little certainty', async () => {
    const machine = new AmdMachine({ [APU]: phoenix })
    const source = await open(machine)
    expect(source.domains.map(({ id, gainRatio }) => [id, gainRatio])).toEqual([
      ['cpu/apu', 0.075],
      [`gpu/${APU}`, 0.2],
    ])
    expect(powers(tick(machine, source))).toEqual({ 'cpu/apu': 25, [`gpu/${APU}`]: 8 })
  })

  test('beside an AMD card has no package of its own: its sensor may hold the card too', async () => {
    const machine = new AmdMachine({ [CARD]: { average: '90000000\n' }, [APU]: phoenix })
    expect(domainsOf(await open(machine))).toEqual([
      [`gpu/${CARD}`, 'gpu', null],
      [`gpu/${APU}`, 'gpu', null],
    ])
  })

  test('as Renoir tells its package, and nothing where that is measured', async () => {
    const renoir = () =>
      new AmdMachine({ [APU]: { metrics: gpuMetricsTable('2.2', { cpu: 9_000 }), average: '15000000\n', isApu: true } })
    const machine = renoir()
    const source = await open(machine)
    const { read } = machine.host.calls
    expect(powers(tick(machine, source))).toEqual({ 'cpu/apu': 15 })
    expect(machine.host.calls.read).toBe(read + 1)
    const measured = renoir()
    measured.measuredKinds.add('cpu')
    expect(await problemOf(measured)).toMatchObject({ code: 'absent', remedy: null })
    expect(measured.host.openDescriptors).toBe(0)
  })

  test('without any table, as Raven, is known by its northbridge’s voltage', async () => {
    const machine = new AmdMachine({ [APU]: { input: '11000000\n', isApu: true, metrics: '' } })
    expect(domainsOf(await open(machine))).toEqual([['cpu/apu', 'cpu', null]])
  })

  test('as Van Gogh, whose second of two tables is all zeros, loses that reading alone', async () => {
    const full = gpuMetricsTable('2.4', { cpu: 2_000, gfx: 6_000, busy: 9_000 })
    const machine = new AmdMachine({ [APU]: { metrics: full, isApu: true } })
    machine.measuredKinds.add('cpu')
    const source = await open(machine)
    machine.show('gpu_metrics', full.slice().fill(0, 4))
    expect(tick(machine, source)).toEqual([])
    machine.show('gpu_metrics', full)
    expect(powers(tick(machine, source))).toEqual({ [`gpu/${APU}`]: 6 })
  })
})

describe('a card that may sleep', () => {
  const sleeper = (status = 'active\n') => {
    const machine = new AmdMachine({ [CARD]: { average: '9000000\n', busy: '0\n', status, control: 'auto' } })
    machine.show('gpu_metrics', gpuMetricsTable('1.3', { watts: 9 }))
    return machine
  }

  test('is not asked anything while it sleeps, at the start or later', async () => {
    const machine = sleeper('suspended\n')
    const source = await open(machine)
    expect(domainsOf(source)).toEqual([[`gpu/${CARD}`, 'gpu', null]])
    expect(tick(machine, source)).toEqual([{ kind: 'asleep', domain: `gpu/${CARD}`, atMs: 1_000 }])
    source.refresh()
    tick(machine, source)
    expect(machine.host.calls.read).toBe(0)
    expect(source.uses?.()).toEqual([{ device: CARD, fromMs: 1_000, toMs: 2_000, busyMs: 0, processes: [] }])
    machine.status(CARD, 'active')
    expect(powers(tick(machine, source))).toEqual({ [`gpu/${CARD}`]: 9 })
  })

  test('and is quiet is left alone for fifteen seconds at a time, so that it can fall asleep', async () => {
    const machine = sleeper()
    const source = await open(machine)
    const readAtS: number[] = []
    for (let second = 1; second <= 60; second++) if (tick(machine, source).length > 0) readAtS.push(second)
    expect(readAtS).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 26, 41, 56])
    machine.status(CARD, 'suspended')
    expect(tick(machine, source)).toMatchObject([{ kind: 'asleep' }])
  })

  test('and is busy is read every second', async () => {
    const machine = sleeper()
    machine.show('gpu_busy_percent', '40\n')
    const source = await open(machine)
    for (let second = 1; second <= 60; second++) expect(tick(machine, source)).toMatchObject([{ kind: 'sensor' }])
  })

  test('that refuses a read on its way to sleep or through a reset lacks no permission', async () => {
    const machine = sleeper()
    const source = await open(machine)
    tick(machine, source)
    for (const name of ['hwmon/hwmon3/power1_average', 'gpu_busy_percent']) machine.show(name, { fault: 'denied' })
    expect(tick(machine, source)).toEqual([])
    machine.status(CARD, 'suspended')
    expect(tick(machine, source)).toMatchObject([{ kind: 'asleep' }])
  })
})

describe('what a card did', () => {
  test('is the part of the time for which the driver says that it was busy', async () => {
    const machine = rdna2()
    const source = await open(machine)
    tick(machine, source)
    expect(source.uses?.()).toEqual([])
    tick(machine, source)
    expect(source.uses?.()).toEqual([{ device: CARD, fromMs: 1_000, toMs: 2_000, busyMs: 120, processes: [] }])
  })

  test('comes from its table where there is no file for it, and is not known where both are missing', async () => {
    for (const [busy, busyMs] of [
      [60, 600],
      [0xffff, null],
    ] as const) {
      const machine = new AmdMachine({ [CARD]: { metrics: gpuMetricsTable('1.3', { watts: 9, busy }) } })
      const source = await open(machine)
      tick(machine, source)
      tick(machine, source)
      expect(source.uses?.()).toMatchObject([{ busyMs }])
    }
  })
})

describe('cards that come and go', () => {
  test('fault once gone, leave at the next look, and return under their address with another number', async () => {
    const machine = rdna2()
    const source = await open(machine)
    machine.unplug()
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: { code: 'absent' } }])
    expect(source.refresh()).toBe(true)
    expect(source.domains).toEqual([])
    expect(machine.host.openDescriptors).toBe(0)
    expect(tick(machine, source)).toEqual([])
    machine.plug(CARD, { card: 4, average: '11000000\n' })
    expect(source.refresh()).toBe(true)
    expect(powers(tick(machine, source))).toEqual({ [`gpu/${CARD}`]: 11 })
    expect(source.refresh()).toBe(false)
  })

  test('keep their descriptors over a look', async () => {
    const machine = rdna2()
    const source = await open(machine)
    const { open: opened } = machine.host.calls
    expect(source.refresh()).toBe(false)
    expect(machine.host.calls.open).toBe(opened)
  })
})

describe('where there is nothing to read, the reason is', () => {
  test('no such device: other drivers and connectors are left alone', async () => {
    const machine = new AmdMachine()
    machine.host.write('/sys/class/drm/card0/device/uevent', `DRIVER=i915\nPCI_ID=8086:1234\nPCI_SLOT_NAME=${CARD}\n`)
    machine.host.write('/sys/class/drm/card1/device/uevent', `DRIVER=vfio-pci\nPCI_ID=1002:744C\n`)
    machine.host.write('/sys/class/drm/card1-DP-1/status', 'connected\n')
    expect(await problemOf(machine)).toMatchObject({ code: 'absent', remedy: null })
  })

  test('a permission', async () => {
    const machine = new AmdMachine({ [CARD]: { average: { fault: 'denied' } } })
    expect(await problemOf(machine)).toMatchObject({ code: 'denied' })
    expect(machine.host.openDescriptors).toBe(0)
  })

  test('a driver that tells no power, as in some virtual machines', async () => {
    const machine = new AmdMachine({ [CARD]: { busy: '5\n' } })
    expect(await problemOf(machine)).toMatchObject({ code: 'broken' })
    expect(machine.host.openDescriptors).toBe(0)
  })
})

test('the address comes from the link where the driver’s text has none', async () => {
  const machine = rdna2()
  machine.show('uevent', 'DRIVER=amdgpu\nPCI_ID=1002:73BF\n')
  machine.host.links.set('/sys/class/drm/card0/device', `../../../${CARD}`)
  expect((await open(machine)).domains[0]?.id).toBe(`gpu/${CARD}`)
})

test('whatever tables, powers and sleeps follow each other, a reading is a fault or a power that can be', async () => {
  const damaged = fc.tuple(
    fc.constantFrom(...REVISIONS),
    fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 30 }),
  )
  const table = damaged.map(([revision, bytes]) => {
    const whole = gpuMetricsTable(revision, { energy: 9 })
    for (const [at, byte] of bytes) if (at < whole.length) whole[at] = byte
    return whole
  })
  const power = fc.oneof(
    fc.nat(2 ** 31 - 1).map((powerUw) => `${powerUw}\n`),
    fc.string({ maxLength: 20 }),
  )
  const status = fc.constantFrom('active', 'suspended', 'suspending', 'error', '')
  const step = fc.record({ table, power, status })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), async (steps, isMeasured) => {
      const machine = new AmdMachine({ [CARD]: { average: '1000000\n', busy: '1\n', control: 'auto' } })
      if (isMeasured) machine.measuredKinds.add('cpu')
      let source: OpenSource | null = null
      for (const now of steps) {
        machine.show('gpu_metrics', now.table)
        machine.show('hwmon/hwmon3/power1_average', now.power)
        machine.status(CARD, now.status)
        if (source === null) {
          const probed = await amdgpu.probe(machine.context)
          if (probed.ok) source = probed.value
          continue
        }
        for (const reading of tick(machine, source)) {
          const domain = source.domains.find(({ id }) => id === reading.domain)
          if (domain === undefined) throw new Error(`a reading of ${reading.domain}, which is no domain`)
          if (reading.kind === 'sensor') {
            expect(reading.powerW >= 0 && reading.powerW <= domain.plausibleMaxW).toBe(true)
          }
        }
      }
      source?.close()
      expect(machine.host.openDescriptors).toBe(0)
    }),
    fcOptions('amdgpu', 150, 15_000),
  )
})
