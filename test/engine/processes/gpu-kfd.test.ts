import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gpuKfd } from '../../../engine/processes/gpu-kfd.ts'
import type { DeviceUse, GpuTimeReader } from '../../../engine/processes/gpu-time.ts'
import { fcOptions } from '../../support/counts.ts'
import { type MemoryFile, MemoryHost } from '../../support/memory-host.ts'

const NODES = '/sys/class/kfd/kfd/topology/nodes'
const PROCESSES = '/sys/class/kfd/kfd/proc'
const CARD = '0000:c3:00.0'

/** A machine with a processor and one GPU as the compute driver shows them (drivers/gpu/drm/amd/amdkfd/kfd_topology.c). */
class KfdMachine {
  readonly host = new MemoryHost()
  readonly reader: GpuTimeReader

  constructor() {
    this.node(0, 0, 0)
    this.node(1, 51_110, 0xc300)
    const reader = gpuKfd.open({ host: this.host, tracked: () => [] })
    if (reader === null) throw new Error('the machine has no GPU')
    this.reader = reader
  }

  node(index: number, gpuId: number, location: number, domain = 0): void {
    this.host.write(`${NODES}/${index}/gpu_id`, `${gpuId}\n`)
    this.host.write(
      `${NODES}/${index}/properties`,
      `cpu_cores_count 0\nsimd_count 256\nlocation_id ${location}\ndomain ${domain}\n`,
    )
  }

  hold(pid: number, bytes: MemoryFile, units?: MemoryFile, gpuId = 51_110): void {
    this.host.write(`${PROCESSES}/${pid}/vram_${gpuId}`, bytes)
    if (units !== undefined) this.host.write(`${PROCESSES}/${pid}/stats_${gpuId}/cu_occupancy`, units)
  }

  end(pid: number): void {
    for (const path of [...this.host.memory.keys()]) if (path.startsWith(`${PROCESSES}/${pid}/`)) this.host.remove(path)
  }

  tick(): readonly DeviceUse[] {
    this.host.clock.advance(1_000)
    return this.reader.sample(this.host.clock.monotonicMs())
  }

  busyMs(): Record<number, number | null> {
    return Object.fromEntries(this.tick().flatMap(({ processes }) => processes.map(({ pid, busyMs }) => [pid, busyMs])))
  }
}

describe('ROCm’s processes', () => {
  test('hold memory of a card that goes by its PCI address; their time is not known', () => {
    const machine = new KfdMachine()
    machine.hold(10, '8589934592\n')
    expect(machine.tick()).toEqual([])
    const [use] = machine.tick()
    expect(use).toMatchObject({ device: CARD, busyMs: null })
    expect((use?.toMs ?? 0) - (use?.fromMs ?? 0)).toBe(1_000)
    expect(use?.processes).toEqual([{ pid: 10, busyMs: null, memoryBytes: 8 * 2 ** 30, isResident: true }])
  })

  test('come and go; those that use nothing of a card, and those that may not be seen, are left out', () => {
    const machine = new KfdMachine()
    machine.hold(10, '5\n')
    machine.hold(11, '0\n')
    machine.hold(12, { fault: 'denied' })
    machine.tick()
    expect(machine.busyMs()).toEqual({ 10: null })
    machine.end(10)
    expect(machine.tick()).toEqual([])
  })

  test('have their memory read every five seconds', () => {
    const machine = new KfdMachine()
    machine.hold(10, '5\n')
    machine.tick()
    machine.hold(10, '7\n')
    const bytes = () => machine.tick()[0]?.processes[0]?.memoryBytes
    expect([bytes(), bytes(), bytes(), bytes(), bytes(), bytes()]).toEqual([5, 5, 5, 5, 7, 7])
  })

  test('on partitions of one card hold what they hold of each', () => {
    const machine = new KfdMachine()
    machine.node(2, 51_111, 0xc300)
    machine.node(3, 60_000, 0x0108, 1)
    machine.hold(10, '5\n')
    machine.hold(10, '6\n', undefined, 51_111)
    machine.hold(10, '9\n', undefined, 60_000)
    machine.tick()
    expect(machine.tick().map(({ device, processes }) => [device, processes[0]?.memoryBytes])).toEqual([
      [CARD, 11],
      ['0001:01:01.0', 9],
    ])
  })
})

describe('compute units in use', () => {
  test('divide the time that the card worked among several processes', () => {
    const machine = new KfdMachine()
    machine.host.write(`/sys/bus/pci/devices/${CARD}/gpu_busy_percent`, '80\n')
    machine.hold(10, '5\n', '90\n')
    machine.hold(11, '5\n', '30\n')
    machine.tick()
    expect(machine.busyMs()).toEqual({ 10: 600, 11: 200 })
    machine.host.remove(`/sys/bus/pci/devices/${CARD}/gpu_busy_percent`)
    expect(machine.busyMs()).toEqual({ 10: 750, 11: 250 })
  })

  test('are not asked for where one process computes', () => {
    const machine = new KfdMachine()
    let asked = 0
    machine.hold(10, '5\n', () => {
      asked++
      return '90\n'
    })
    machine.tick()
    expect(machine.busyMs()).toEqual({ 10: null })
    expect(asked).toBe(0)
  })

  test('say nothing where one of them does not tell, or none is in use at this moment', () => {
    const machine = new KfdMachine()
    machine.hold(10, '5\n', '0\n')
    machine.hold(11, '5\n', '0\n')
    machine.tick()
    expect(machine.busyMs()).toEqual({ 10: null, 11: null })
    machine.hold(11, '5\n', { fault: 'broken' })
    expect(machine.busyMs()).toEqual({ 10: null, 11: null })
  })

  test('of a card that sleeps are not asked for', () => {
    const machine = new KfdMachine()
    let asked = 0
    for (const pid of [10, 11]) {
      machine.hold(pid, '5\n', () => {
        asked++
        return '1\n'
      })
    }
    machine.host.write(`/sys/bus/pci/devices/${CARD}/power/runtime_status`, 'suspended\n')
    machine.tick()
    expect(machine.tick()).toEqual([])
    expect(asked).toBe(0)
  })
})

test('a machine without such a GPU has nothing to tell', () => {
  expect(gpuKfd.open({ host: new MemoryHost(), tracked: () => [] })).toBeNull()
})

test('whatever the files say, no memory is negative and no process works longer than time passes', () => {
  const content = fc.oneof(
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map((count) => `${count}\n`),
    fc.integer({ min: 0, max: 200 }).map((count) => `${count}\n`),
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    fc.constantFrom('gone', 'denied', 'absent', 'broken').map((fault) => ({ fault }) as const),
  )
  const process = fc.record({ pid: fc.integer({ min: 1, max: 4 }), bytes: content, units: content })
  fc.assert(
    fc.property(fc.array(process, { maxLength: 6 }), content, content, (processes, percent, properties) => {
      const machine = new KfdMachine()
      for (const { pid, bytes, units } of processes) machine.hold(pid, bytes, units)
      machine.host.write(`/sys/bus/pci/devices/${CARD}/gpu_busy_percent`, percent)
      machine.host.write(`${NODES}/2/properties`, properties)
      machine.tick()
      for (const { processes: told } of machine.tick()) {
        expect(told.reduce((sum, { busyMs }) => sum + (busyMs ?? 0), 0)).toBeLessThanOrEqual(1_000.001)
        for (const { memoryBytes } of told)
          expect(Number.isSafeInteger(memoryBytes) && (memoryBytes ?? 0) > 0).toBe(true)
      }
    }),
    fcOptions('kfd', 200, 20_000),
  )
})
