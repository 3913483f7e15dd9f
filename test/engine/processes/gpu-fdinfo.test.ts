import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { gpuFdinfo } from '../../../engine/processes/gpu-fdinfo.ts'
import { fcOptions } from '../../support/counts.ts'
import { MemoryHost } from '../../support/memory-host.ts'
import { ACCEL, CARD, DrmMachine, drmText, fdinfo, MIB } from './drm-machine.ts'

/** A process whose one descriptor tells what `lines` say at each look. */
function machineWith(driver: string, lines: () => Readonly<Record<string, string | number>>): DrmMachine {
  const machine = new DrmMachine()
  machine.start(10)
  machine.open(10, 5, () => drmText(driver, 1, lines()))
  return machine
}

describe('time on a device', () => {
  test('is the difference of two looks: the first only begins', () => {
    let ns = 5e9
    const machine = machineWith('i915', () => ({ 'drm-engine-render': `${ns} ns`, 'drm-resident-local0': '8 MiB' }))
    expect(machine.tick()).toEqual([])
    ns += 250e6
    const [use] = machine.tick()
    expect(use).toMatchObject({ device: CARD, busyMs: null })
    expect((use?.toMs ?? 0) - (use?.fromMs ?? 0)).toBe(1_000)
    expect(use?.processes).toEqual([{ pid: 10, busyMs: 250, memoryBytes: 8 * MIB, isResident: false }])
    expect(machine.used()[10]?.busyMs).toBe(0)
  })

  test('is that of the busiest engine, over all that a process has open', () => {
    const work = { render: 0, copy: 0 }
    const machine = machineWith('i915', () => ({
      'drm-engine-render': `${work.render} ns`,
      'drm-engine-copy': `${work.copy} ns`,
    }))
    machine.open(10, 6, () => drmText('i915', 2, { 'drm-engine-render': `${work.render} ns` }))
    machine.tick()
    Object.assign(work, { render: 200e6, copy: 300e6 })
    expect(machine.used()[10]?.busyMs).toBe(400)
  })

  test('on several engines of one kind is their mean', () => {
    let ns = 0
    const machine = machineWith('i915', () => ({ 'drm-engine-video': `${ns} ns`, 'drm-engine-capacity-video': 2 }))
    machine.tick()
    ns = 800e6
    expect(machine.used()[10]?.busyMs).toBe(400)
  })

  test('on amdgpu begins at nothing with an engine that was not listed: engines without work are left out', () => {
    const lines: Record<string, string> = { 'drm-memory-vram': '300000 KiB' }
    const machine = machineWith('amdgpu', () => lines)
    machine.tick()
    expect(machine.used()[10]).toEqual({ busyMs: 0, memoryBytes: 300_000 * 1_024, isResident: true })
    lines['drm-engine-compute'] = '120000000 ns'
    expect(machine.used()[10]?.busyMs).toBe(120)
  })

  test('on amdgpu before Linux 5.19 is a share of the interval', () => {
    const machine = new DrmMachine()
    machine.start(10)
    machine.open(10, 5, fdinfo({ pdev: CARD, pasid: 7, 'vram mem': '1024 kB', gfx0: '25.0%' }))
    machine.tick()
    expect(machine.used()[10]).toEqual({ busyMs: 250, memoryBytes: MIB, isResident: false })
  })

  test('on xe is the part of the cycles that passed', () => {
    let cycles = { own: 1_000, all: 50_000 }
    const machine = machineWith('xe', () => ({
      'drm-cycles-ccs': cycles.own,
      'drm-total-cycles-ccs': cycles.all,
      'drm-engine-capacity-ccs': 4,
    }))
    machine.tick()
    cycles = { own: 13_000, all: 70_000 }
    expect(machine.used()[10]?.busyMs).toBeCloseTo(150)
    // The card's clock began anew in its sleep: of this interval nothing is known.
    cycles = { own: 13_500, all: 100 }
    expect(machine.used()).toEqual({})
    cycles = { own: 13_900, all: 500 }
    expect(machine.used()[10]?.busyMs).toBeCloseTo(250)
  })

  test('on GPUs of a SoC goes by the driver’s name', () => {
    let ns = 0
    let cycles = 0
    const soc = (driver: string, lines: () => Record<string, string | number>) => {
      const machine = new DrmMachine('/dev/dri/renderD128', '../../../fde60000.gpu')
      machine.start(10)
      machine.open(10, 5, () => fdinfo({ 'drm-driver': driver, 'drm-client-id': 1, ...lines() }))
      machine.tick()
      return machine
    }
    const panfrost = soc('panfrost', () => ({ 'drm-engine-fragment': `${ns} ns`, 'drm-resident-memory': '9 MiB' }))
    const v3d = soc('v3d', () => ({ 'drm-engine-csd': `${ns} ns` }))
    const msm = soc('msm', () => ({ 'drm-cycles-gpu': cycles, 'drm-maxfreq-gpu': '600 MHz' }))
    ns = 40e6
    cycles = 60e6
    expect(panfrost.tick()).toMatchObject([{ device: 'platform:panfrost', processes: [{ busyMs: 40 }] }])
    expect(v3d.tick()).toMatchObject([{ device: 'platform:v3d', processes: [{ busyMs: 40 }] }])
    expect(msm.tick()).toMatchObject([{ device: 'platform:msm', processes: [{ busyMs: 100 }] }])
  })

  test('that steps back stays where it was until it has caught up', () => {
    let ns = 900e6
    const machine = machineWith('i915', () => ({ 'drm-engine-render': `${ns} ns` }))
    machine.tick()
    ns = 850e6
    expect(machine.used()[10]?.busyMs).toBe(0)
    ns = 950e6
    expect(machine.used()[10]?.busyMs).toBe(50)
  })

  test('that leaps is no time, and one that comes late is at most the interval', () => {
    let ns = 0
    const machine = machineWith('i915', () => ({ 'drm-engine-render': `${ns} ns`, 'drm-engine-copy': '0 ns' }))
    machine.tick()
    ns = 5e9
    expect(machine.used()[10]?.busyMs).toBe(1_000)
    ns = 9e15
    expect(machine.used()[10]?.busyMs).toBe(0)
    ns += 30e6
    expect(machine.used()[10]?.busyMs).toBe(30)
  })

  test('that the driver does not tell is not known, and memory stands in for it', () => {
    const machine = machineWith('nouveau', () => ({ 'drm-total-vram': '512 MiB' }))
    machine.tick()
    expect(machine.used()[10]).toEqual({ busyMs: null, memoryBytes: 512 * MIB, isResident: true })
    const silent = machineWith('nouveau', () => ({}))
    silent.tick()
    expect(silent.tick()).toEqual([])
  })

  test('on panfrost is not known while its switch is off, though it prints zeros', () => {
    const machine = new DrmMachine('/dev/dri/renderD128', '../../../fde60000.gpu')
    machine.host.write('/sys/class/drm/renderD128/device/profiling', '0\n')
    machine.start(10)
    machine.open(10, 5, () =>
      fdinfo({
        'drm-driver': 'panfrost',
        'drm-client-id': 1,
        'drm-engine-fragment': '0 ns',
        'drm-resident-memory': '9 MiB',
      }),
    )
    machine.tick()
    expect(machine.used()[10]?.busyMs).toBeNull()
  })

  test('of ROCm is not known: its queues pass amdgpu’s counters by', () => {
    const machine = machineWith('amdgpu', () => ({ 'drm-memory-vram': '1024 KiB', 'drm-engine-dma': '5000 ns' }))
    machine.host.links.set('/proc/10/fd/9', '/dev/kfd')
    machine.tick()
    expect(machine.used()[10]).toEqual({ busyMs: null, memoryBytes: MIB, isResident: true })
  })

  test('on NVIDIA’s cards is left to NVIDIA’s library', () => {
    const machine = machineWith('nvidia-drm', () => ({ 'drm-total-vram': '512 MiB' }))
    machine.tick()
    machine.fdinfoReads()
    for (let tick = 0; tick < 8; tick++) expect(machine.tick()).toEqual([])
    expect(machine.fdinfoReads()).toBeLessThan(8)
  })
})

describe('one opening of a device', () => {
  test('counts once, however many copies of its descriptor a process has, and is read once', () => {
    let ns = 0
    const machine = new DrmMachine()
    machine.start(10)
    for (const descriptor of [5, 6, 7]) {
      machine.open(10, descriptor, () => drmText('amdgpu', 1, { 'drm-engine-gfx': `${ns} ns` }))
    }
    machine.tick()
    machine.fdinfoReads()
    ns = 70e6
    expect(machine.used()[10]?.busyMs).toBe(70)
    expect(machine.fdinfoReads()).toBe(1)
  })

  test('that several processes hold is the youngest’s, and goes on when that one ends', () => {
    let ns = 0
    const machine = new DrmMachine()
    const text = () => drmText('amdgpu', 1, { 'drm-engine-gfx': `${ns} ns` })
    machine.start(900, 100)
    machine.start(10, 200)
    machine.open(900, 5, text)
    machine.open(10, 5, text)
    machine.tick()
    ns += 60e6
    expect(machine.used()).toMatchObject({ 10: { busyMs: 60 } })
    ns += 20e6
    machine.end(10)
    expect(machine.used()).toMatchObject({ 900: { busyMs: 20 } })
  })

  test('has a number of its driver and card: the same number elsewhere is another', () => {
    let ns = 0
    const machine = machineWith('amdgpu', () => ({ 'drm-engine-gfx': `${ns} ns` }))
    machine.host.links.set('/sys/class/drm/renderD129/device', '../../../0000:04:00.0')
    machine.open(
      10,
      6,
      () => drmText('amdgpu', 1, { 'drm-pdev': '0000:04:00.0', 'drm-engine-gfx': `${ns * 2} ns` }),
      '/dev/dri/renderD129',
    )
    machine.tick()
    ns = 10e6
    const byDevice = machine.tick().map(({ device, processes }) => [device, processes[0]?.busyMs])
    expect(Object.fromEntries(byDevice)).toEqual({ [CARD]: 10, '0000:04:00.0': 20 })
  })

  test('without a number counts once a process', () => {
    let ns = 0
    const machine = new DrmMachine()
    machine.start(10)
    for (const descriptor of [5, 6]) {
      machine.open(10, descriptor, () => fdinfo({ 'drm-driver': 'lima', 'drm-engine-gp': `${ns} ns` }))
    }
    machine.tick()
    ns = 30e6
    expect(machine.used()[10]?.busyMs).toBe(30)
  })

  test('whose descriptor is closed and taken by another does not inherit its count', () => {
    let [client, ns] = [1, 50e6]
    const machine = new DrmMachine()
    machine.start(10)
    machine.open(10, 5, () => drmText('amdgpu', client, { 'drm-engine-gfx': `${ns} ns` }))
    machine.tick()
    ;[client, ns] = [2, 950e6]
    expect(machine.used()).toEqual({})
    ns += 15e6
    expect(machine.used()[10]?.busyMs).toBe(15)
  })
})

describe('processes', () => {
  test('that end, or are denied, take nothing with them and raise nothing', () => {
    let ns = 0
    const machine = machineWith('amdgpu', () => ({ 'drm-engine-gfx': `${ns} ns` }))
    machine.start(20)
    const { files } = machine.host
    const { list } = files
    files.list = (path) => (path === '/proc/20/fd' ? problem('denied', 'another user’s') : list(path))
    machine.host.links.set('/proc/10/fd/7', { fault: 'denied' })
    machine.start(30)
    machine.open(30, 4, { fault: 'denied' })
    machine.start(40)
    machine.open(40, 4, { fault: 'gone' })
    machine.tick()
    ns = 25e6
    expect(machine.used()).toMatchObject({ 10: { busyMs: 25 } })
    machine.end(10)
    expect(machine.tick()).toEqual([])
  })

  test('that vanish while they are still listed are not read again', () => {
    const machine = machineWith('amdgpu', () => ({ 'drm-engine-gfx': '5 ns' }))
    machine.tick()
    machine.closeDescriptor(10, 5)
    expect(machine.tick()).toEqual([])
    machine.fdinfoReads()
    machine.tick()
    expect(machine.fdinfoReads()).toBe(0)
  })

  test('with a number that was reused do not inherit its descriptors', () => {
    let ns = 100e6
    const machine = machineWith('amdgpu', () => ({ 'drm-engine-gfx': `${ns} ns` }))
    machine.tick()
    machine.end(10)
    machine.start(10, 5_000)
    machine.open(10, 5, () => drmText('amdgpu', 77, { 'drm-engine-gfx': `${ns} ns` }))
    ns = 900e6
    expect(machine.used()).toEqual({})
    ns += 5e6
    expect(machine.used()[10]?.busyMs).toBe(5)
  })

  test('that open the device some seconds after their start are found', () => {
    let ns = 0
    const machine = new DrmMachine()
    machine.start(10, machine.host.clock.boottimeMs() / 10)
    machine.tick()
    machine.open(10, 5, () => drmText('amdgpu', 1, { 'drm-engine-gfx': `${ns} ns` }))
    for (let tick = 0; tick < 3; tick++) machine.tick()
    ns = 45e6
    expect(machine.used()[10]?.busyMs).toBe(45)
  })

  test('by the thousand without a device cost a tick no more than a few hundred looks, and in the end are all looked through', () => {
    const machine = new DrmMachine()
    for (let pid = 100; pid < 1_100; pid++) machine.start(pid)
    const { calls } = machine.host
    for (let tick = 0; tick < 65; tick++) {
      const before = { ...calls }
      machine.tick()
      expect(calls.list - before.list).toBeLessThanOrEqual(16)
      expect(calls.link - before.link).toBeLessThanOrEqual(128)
      expect(calls.text - before.text + calls.open - before.open + calls.read - before.read).toBe(0)
    }
    expect(calls.link).toBeGreaterThanOrEqual(1_000)
    expect(machine.host.openDescriptors).toBe(0)
  })

  test('with thousands of descriptors are looked through over several ticks', () => {
    let ns = 0
    const machine = new DrmMachine()
    machine.start(10)
    for (let descriptor = 1; descriptor < 2_000; descriptor++) {
      machine.host.links.set(`/proc/10/fd/${descriptor}`, 'socket:[1]')
    }
    machine.open(10, 3_000, () => drmText('amdgpu', 1, { 'drm-engine-gfx': `${ns} ns` }))
    const { calls } = machine.host
    for (let tick = 0; tick < 20; tick++) {
      const before = calls.link
      machine.tick()
      expect(calls.link - before).toBeLessThanOrEqual(128 + 1)
    }
    ns = 10e6
    expect(machine.used()[10]?.busyMs).toBe(10)
  })
})

describe('a card that sleeps', () => {
  test('is not read, neither when it was known nor when it is new', () => {
    let ns = 0
    const machine = machineWith('i915', () => ({ 'drm-engine-render': `${ns} ns` }))
    machine.power('suspended')
    for (let tick = 0; tick < 3; tick++) expect(machine.tick()).toEqual([])
    expect(machine.fdinfoReads()).toBe(0)
    machine.power('active')
    machine.tick()
    ns = 20e6
    expect(machine.used()[10]?.busyMs).toBe(20)
    machine.power('suspended')
    machine.fdinfoReads()
    for (let tick = 0; tick < 5; tick++) expect(machine.tick()).toEqual([])
    expect(machine.fdinfoReads()).toBe(0)
    machine.power('active')
    ns += 300e6
    const [use] = machine.tick()
    expect(use?.processes[0]?.busyMs).toBe(300)
    expect((use?.toMs ?? 0) - (use?.fromMs ?? 0)).toBe(1_000)
  })

  test('may fall asleep: while xe’s is quiet it is read every third second, over all of which the next look tells', () => {
    const cycles = { own: 0, all: 0 }
    const machine = machineWith('xe', () => ({ 'drm-cycles-rcs': cycles.own, 'drm-total-cycles-rcs': cycles.all }))
    machine.power('active')
    const pass = (own: number) => {
      cycles.own += own
      cycles.all += 1_000
      return machine.tick()
    }
    pass(0)
    pass(0)
    machine.fdinfoReads()
    expect(pass(0)).toEqual([])
    expect(pass(600)).toEqual([])
    const [use] = pass(600)
    expect(machine.fdinfoReads()).toBe(1)
    expect((use?.toMs ?? 0) - (use?.fromMs ?? 0)).toBe(3_000)
    expect(use?.processes[0]?.busyMs).toBeCloseTo(1_200)
    pass(500)
    pass(500)
    expect(machine.fdinfoReads()).toBe(2)
  })

  test('never is read every second', () => {
    const machine = machineWith('xe', () => ({
      'drm-cycles-rcs': 5,
      'drm-total-cycles-rcs': machine.host.clock.monotonicMs(),
    }))
    machine.power('active', 'on')
    for (let tick = 0; tick < 6; tick++) machine.tick()
    expect(machine.fdinfoReads()).toBe(6)
  })
})

describe('an NPU', () => {
  test('that tells no time has holders, asleep or not', () => {
    const machine = new DrmMachine(ACCEL)
    machine.start(10)
    machine.open(10, 5, drmText('intel_vpu', 1, { 'drm-resident-memory': '3 MiB' }), ACCEL)
    machine.power('suspended')
    machine.tick()
    expect(machine.used()).toEqual({ 10: { busyMs: null, memoryBytes: null, isResident: true } })
    expect(machine.fdinfoReads()).toBe(0)
    machine.power('active')
    expect(machine.used()).toEqual({ 10: { busyMs: null, memoryBytes: 3 * MIB, isResident: true } })
    machine.power('suspended')
    expect(machine.used()).toEqual({ 10: { busyMs: null, memoryBytes: 3 * MIB, isResident: true } })
  })

  test('whose driver prints nothing has holders too', () => {
    const machine = new DrmMachine(ACCEL)
    machine.start(10)
    machine.open(10, 5, fdinfo({}), ACCEL)
    machine.tick()
    expect(machine.tick()).toMatchObject([{ device: CARD, processes: [{ pid: 10, busyMs: null, isResident: true }] }])
  })

  test('of AMD tells time, which while it sleeps is not told again', () => {
    let ns = 0
    const machine = new DrmMachine(ACCEL)
    machine.start(10)
    machine.open(10, 5, () => drmText('amdxdna_accel_driver', 1, { 'drm-engine-npu-amdxdna': `${ns} ns` }), ACCEL)
    machine.tick()
    ns = 90e6
    expect(machine.used()[10]).toEqual({ busyMs: 90, memoryBytes: null, isResident: true })
    machine.power('suspended')
    expect(machine.used()).toEqual({})
  })
})

test('a machine without a device has nothing to tell', () => {
  expect(gpuFdinfo.open({ host: new MemoryHost(), tracked: () => [] })).toBeNull()
})

test('whatever descriptors say and however they come and go, no process works longer than time passes', () => {
  const text = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('amdgpu', 'i915', 'xe'),
        fc.integer({ min: 1, max: 3 }),
        fc.bigInt({ min: 0n, max: 2n ** 60n }),
      )
      .map(([driver, client, count]) =>
        drmText(driver, client, {
          'drm-engine-gfx': `${count} ns`,
          'drm-cycles-rcs': `${count}`,
          'drm-total-cycles-rcs': `${count / 3n}`,
          'drm-resident-vram0': `${count} KiB`,
        }),
      ),
    fc.string({ unit: 'binary-ascii', maxLength: 60 }),
    fc.constantFrom('gone', 'denied', 'absent', 'broken').map((fault) => ({ fault }) as const),
  )
  const step = fc.record({
    pid: fc.integer({ min: 1, max: 4 }),
    descriptor: fc.integer({ min: 3, max: 5 }),
    action: fc.constantFrom('open', 'close', 'end', 'start', 'sleep', 'wake'),
    text,
    ms: fc.integer({ min: 0, max: 12_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const machine = new DrmMachine()
      for (const { pid, descriptor, action, text: content, ms } of steps) {
        const isTracked = machine.tracked.some((key) => key.pid === pid)
        if (action === 'open') machine.open(pid, descriptor, content)
        else if (action === 'close') machine.closeDescriptor(pid, descriptor)
        else if (action === 'start' && !isTracked) machine.start(pid, pid + machine.host.clock.monotonicMs())
        else if (action === 'end' && isTracked) machine.end(pid)
        else machine.power(action === 'sleep' ? 'suspended' : 'active')
        for (const { fromMs, toMs, processes } of machine.tick(ms)) {
          expect(toMs).toBeGreaterThan(fromMs)
          expect(new Set(processes.map((use) => use.pid)).size).toBe(processes.length)
          for (const { busyMs, memoryBytes } of processes) {
            expect(busyMs === null || (busyMs >= 0 && busyMs <= toMs - fromMs)).toBe(true)
            expect(memoryBytes === null || (memoryBytes >= 0 && Number.isSafeInteger(memoryBytes))).toBe(true)
          }
        }
      }
    }),
    fcOptions('fdinfo', 200, 20_000),
  )
})
