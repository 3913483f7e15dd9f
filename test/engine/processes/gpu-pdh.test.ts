import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gpuPdh } from '../../../engine/processes/gpu-pdh.ts'
import { parseInstance, pciAddress } from '../../../engine/processes/pdh-instances.ts'
import { fcOptions } from '../../support/counts.ts'
import { MemoryHost } from '../../support/memory-host.ts'
import { ScriptedVendor } from '../../support/scripted-vendor.ts'

const CARD = '0x00000000_0x0000C85A'
const GIB = 2 ** 30

const engine = (pid: number, number: number, type: string, luid = CARD) =>
  `pid_${pid}_luid_${luid}_phys_0_eng_${number}_engtype_${type}`
const memory = (pid: number, luid = CARD) => `pid_${pid}_luid_${luid}_phys_0`

/** A machine whose counters are written by instance: running time in ms, memory in bytes. */
function gpuMachine() {
  const host = new MemoryHost()
  const runningMs: Record<string, number> = {}
  const bytes: Record<string, number> = {}
  let override: unknown = null
  const session = new ScriptedVendor(host.clock, () => {
    const runningTime = Object.entries(runningMs).map(([name, ms]) => [name, String(ms * 10_000)])
    const localUsage = Object.entries(bytes).map(([name, count]) => [name, String(count)])
    return override ?? { runningTime, localUsage, adapters: { [CARD]: [1, 0, 0], '0x00000000_0x00000001': null } }
  })
  host.vendors.set('pdh', session)
  const reader = gpuPdh.open({ host, tracked: () => [] })
  if (reader === null) throw new Error('no reader')
  /** Two seconds in which `work` is done, up to the tick that hands its look over. */
  const pass = (work: () => void = () => {}) => {
    host.clock.advance(1_000)
    work()
    host.clock.advance(1_000)
    reader.sample(host.clock.monotonicMs())
    host.clock.advance(100)
    return reader.sample(host.clock.monotonicMs())
  }
  return { host, session, reader, runningMs, bytes, pass, answer: (value: unknown) => (override = value) }
}

describe('instances', () => {
  test('tell process, adapter and engine, whatever the type of the engine is called', () => {
    expect(parseInstance('pid_12220_luid_0x00000000_0x0000C85A_phys_0_eng_5_engtype_Copy')).toEqual({
      pid: 12_220,
      luid: CARD,
      engine: 5,
    })
    for (const type of ['3D', 'Compute_0', 'Cuda', 'High Priority Compute', '', 'a\nb']) {
      expect(parseInstance(engine(7, 11, type))).toEqual({ pid: 7, luid: CARD, engine: 11 })
    }
    expect(parseInstance('pid_5716_luid_0x00000000_0x0000c85a_phys_0')).toMatchObject({ pid: 5_716, engine: null })
  })

  test('that are the sum, or no process’s, are none', () => {
    for (const name of [
      '_Total',
      '',
      'luid_0x00000000_0x0000C4CF_phys_0',
      'pid_x_luid_0x0_0x1_phys_0',
      'pid_1_eng_2',
    ]) {
      expect(parseInstance(name)).toBeNull()
    }
  })

  test('may be anything: an instance or none, never an exception', () => {
    const near = fc.tuple(fc.nat(80), fc.string({ maxLength: 3 })).map(([at, text]) => {
      const name = engine(12_220, 5, 'Copy')
      return name.slice(0, at) + text + name.slice(at + text.length)
    })
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (name) => {
        const instance = parseInstance(name)
        if (instance !== null) expect(Number.isSafeInteger(instance.pid) && instance.pid >= 0).toBe(true)
      }),
      fcOptions('windows', 300, 30_000),
    )
  })

  test('are of the adapter at a PCI address, where it has one', () => {
    expect(pciAddress([1, 0, 0])).toBe('0000:01:00.0')
    expect(pciAddress([0xc3, 31, 7])).toBe('0000:c3:1f.7')
    for (const told of [null, [], [0xffff_ffff, 0, 0], [1, 32, 0], [1, 0, 8], [1.5, 0, 0], ['1', 0, 0]]) {
      expect(pciAddress(told)).toBeNull()
    }
  })
})

describe('use', () => {
  test('is the time of a process on all engines; the card is as busy as its busiest engine', () => {
    const { pass, runningMs, bytes, host } = gpuMachine()
    Object.assign(runningMs, { [engine(9, 0, '3D')]: 5_000, [engine(9, 1, 'Copy')]: 100, [engine(8, 0, '3D')]: 50 })
    bytes[memory(9)] = 6 * GIB
    bytes[memory(7)] = 40_000_000
    pass()
    const uses = pass(() => {
      Object.assign(runningMs, { [engine(9, 0, '3D')]: 5_600, [engine(9, 1, 'Copy')]: 200, [engine(8, 0, '3D')]: 350 })
    })
    const toMs = host.clock.monotonicMs() - 100
    expect(uses).toEqual([
      {
        device: '0000:01:00.0',
        fromMs: toMs - 2_100,
        toMs,
        busyMs: 900,
        processes: [
          { pid: 9, busyMs: 700, memoryBytes: 6 * GIB, isResident: true },
          { pid: 8, busyMs: 300, memoryBytes: null, isResident: false },
          { pid: 7, busyMs: 0, memoryBytes: 40_000_000, isResident: false },
        ],
      },
    ])
  })

  test('counts an engine that a process began to use, and a reused number from its own beginning', () => {
    const { pass, runningMs } = gpuMachine()
    runningMs[engine(9, 0, '3D')] = 5_000
    pass()
    const [use] = pass(() => {
      runningMs[engine(9, 0, '3D')] = 30
      runningMs[engine(8, 2, 'Cuda')] = 70
    })
    expect(use?.processes.map(({ pid, busyMs }) => [pid, busyMs])).toEqual([
      [9, 30],
      [8, 70],
    ])
  })

  test('takes no jump for time, and never more than passed', () => {
    const { pass, runningMs } = gpuMachine()
    pass()
    const [use] = pass(() => {
      runningMs[engine(9, 0, '3D')] = 900_000
      runningMs[engine(8, 1, '3D')] = 1_500
      runningMs[engine(7, 1, '3D')] = 1_500
    })
    expect(use).toMatchObject({ busyMs: 2_100 })
    expect(use?.processes.map(({ pid, busyMs }) => [pid, busyMs])).toEqual([
      [9, 0],
      [8, 1_500],
      [7, 1_500],
    ])
  })

  test('of adapters without a PCI address is left out', () => {
    const { pass, runningMs } = gpuMachine()
    pass()
    const uses = pass(() => {
      runningMs[engine(9, 0, '3D', '0x00000000_0x00000001')] = 500
    })
    expect(uses).toMatchObject([{ device: '0000:01:00.0', busyMs: 0, processes: [] }])
  })

  test('is asked every two seconds, and handed over once', () => {
    const { session, reader, host } = gpuMachine()
    for (let tick = 0; tick < 10; tick++) {
      host.clock.advance(1_000)
      reader.sample(host.clock.monotonicMs())
    }
    expect(session.asked.length).toBe(5)
    expect(reader.sample(host.clock.monotonicMs())).toEqual([])
    reader.close()
    expect(session.isClosed).toBe(true)
  })

  test('is nothing across half a minute of silence', () => {
    const { pass, host, runningMs } = gpuMachine()
    runningMs[engine(9, 0, '3D')] = 1
    pass()
    host.clock.advance(40_000)
    expect(pass()).toEqual([])
  })

  test('of any answer is sane or nothing, never an exception', () => {
    const item = fc.tuple(
      fc.constantFrom(engine(9, 0, '3D'), engine(8, 1, 'Copy'), memory(9), '_Total'),
      fc.oneof(fc.bigInt({ min: -9n, max: 2n ** 70n }).map(String), fc.string()),
    )
    const items = fc.oneof(fc.array(fc.oneof(item, fc.constant(null))), fc.constant(null))
    const answer = fc.record({ runningTime: items, localUsage: items, adapters: fc.constant({ [CARD]: [1, 0, 0] }) })
    fc.assert(
      fc.property(fc.array(fc.oneof(answer, fc.jsonValue()), { minLength: 2, maxLength: 5 }), (answers) => {
        const machine = gpuMachine()
        for (const value of answers) {
          machine.answer(value)
          for (const use of machine.pass()) {
            expect(use.toMs > use.fromMs && (use.busyMs ?? 0) <= use.toMs - use.fromMs).toBe(true)
            for (const { busyMs } of use.processes) expect((busyMs ?? 0) >= 0).toBe(true)
          }
        }
      }),
      fcOptions('windows', 150, 15_000),
    )
  })
})
