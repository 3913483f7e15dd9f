import { describe, expect, test } from 'vitest'
import { DomainId } from '../../../contract/ids.ts'
import { estimate } from '../../../engine/sources/estimate.ts'
import type { FittedCurve, OpenSource } from '../../../engine/sources/source.ts'
import { PowercapMachine } from './powercap.ts'

async function open(machine: PowercapMachine): Promise<OpenSource> {
  const probed = await estimate.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

/** Power of each domain after a second of so much work. */
async function powersOf(machine: PowercapMachine, busyMs: number): Promise<Record<string, number>> {
  const source = await open(machine)
  const { logicalCpus } = machine.facts
  machine.load = { atMs: 1_000, busyMs: 50, logicalCpus }
  expect(source.sample()).toEqual([])
  machine.load = { atMs: 2_000, busyMs: 50 + busyMs, logicalCpus }
  return Object.fromEntries(
    source.sample().map((reading) => [reading.domain, 'powerW' in reading ? reading.powerW : Number.NaN]),
  )
}

const desktop = (facts = {}) =>
  new PowercapMachine({}, { cpuModel: 'Intel(R) Core(TM) i9-9900K CPU @ 3.60GHz', logicalCpus: 16, ...facts })

describe('a processor whose model is known', () => {
  test('draws its idle power at rest and its full power when all is busy', async () => {
    expect((await powersOf(desktop(), 0))['cpu/estimate']).toBe(7)
    expect((await powersOf(desktop(), 16_000))['cpu/estimate']).toBe(95)
  })

  test('draws more for the first busy core than for the last', async () => {
    const power = (await powersOf(desktop(), 4_000))['cpu/estimate']
    expect(power).toBeCloseTo(7 + 88 * 0.25 ** 0.75, 9)
  })

  test('is two of them in two sockets', async () => {
    expect((await powersOf(desktop({ sockets: 2 }), 16_000))['cpu/estimate']).toBe(190)
  })

  test('says what it is, and how little it is to be trusted', async () => {
    const [cpu, dram] = (await open(desktop())).domains
    expect(cpu).toMatchObject({ kind: 'cpu', parent: null, provenance: 'estimate', gainRatio: 0.35, tableFloorW: 7 })
    expect(dram).toMatchObject({
      kind: 'dram',
      parent: null,
      provenance: 'estimate',
      gainRatio: 0.25,
      tableFloorW: 3,
    })
    const [family] = (await open(desktop({ cpuModel: 'Intel(R) Core(TM) i7-99999U' }))).domains
    expect(family?.gainRatio).toBe(0.4)
  })
})

describe('a virtual machine', () => {
  test('draws its CPUs’ share of the processor that it names, idle power too, and no memory of its own', async () => {
    const facts = { cpuModel: 'AMD EPYC 7763 64-Core Processor', logicalCpus: 2, virtualisation: 'vm' } as const
    const idle = await powersOf(desktop(facts), 0)
    const full = await powersOf(desktop(facts), 2_000)
    const half = await powersOf(desktop(facts), 1_000)
    expect(Object.keys(full)).toEqual(['cpu/estimate'])
    expect(full['cpu/estimate']).toBeCloseTo((280 / 128) * 2, 9)
    expect(idle['cpu/estimate']).toBeCloseTo(((280 * 0.28) / 128) * 2, 9)
    expect(half['cpu/estimate']).toBeCloseTo(((full['cpu/estimate'] ?? 0) + (idle['cpu/estimate'] ?? 0)) / 2, 9)
    expect((await open(desktop(facts))).domains[0]?.gainRatio).toBe(0.45)
  })

  test('of which nothing is known draws a cloud’s average for each CPU', async () => {
    const facts = { cpuModel: 'QEMU Virtual CPU version 2.5+', logicalCpus: 4, virtualisation: 'vm' } as const
    expect((await powersOf(desktop(facts), 4_000))['cpu/estimate']).toBe(14)
    expect((await powersOf(desktop(facts), 0))['cpu/estimate']).toBe(2.96)
    expect((await open(desktop(facts))).domains[0]?.gainRatio).toBe(0.5)
  })
})

test.each([
  [8, 2.8],
  [16, 3],
  [24, 6],
  [64, 12],
])('%i GB of memory draw %f W, whatever happens', async (sizeGb, powerW) => {
  const machine = desktop({ memoryBytes: sizeGb * 2 ** 30 })
  expect((await powersOf(machine, 8_000))['dram/estimate']).toBeCloseTo(powerW, 9)
})

test('the memory of a Raspberry Pi is in the figure of its board already', async () => {
  const board = desktop({
    cpuModel: 'Raspberry Pi 5 Model B Rev 1.0 (Cortex-A76)',
    logicalCpus: 4,
    memoryBytes: 2 ** 33,
  })
  expect(await powersOf(board, 0)).toEqual({ 'cpu/estimate': 2.5 })
})

describe('an estimate that was fitted to a better meter', () => {
  const fitted: FittedCurve = {
    ...{ domain: DomainId.parse('cpu/fit-20261103-1412'), name: 'Processor (fitted)', gainRatio: 0.03 },
    ...{ idleW: 11, slopeW: 40, exponent: 0.8, holdsMemory: true },
  }

  test('draws by its fit, in a series of its own, and leaves out the memory that lies in it', async () => {
    const machine = desktop()
    machine.fittedCurve = fitted
    expect(await powersOf(machine, 8_000)).toEqual({ 'cpu/fit-20261103-1412': 11 + 40 * 0.5 ** 0.8 })
    const [cpu] = (await open(machine)).domains
    expect(cpu).toMatchObject({ kind: 'cpu', provenance: 'estimate', gainRatio: 0.03, tableFloorW: 11 })
    machine.fittedCurve = { ...fitted, holdsMemory: false }
    expect(Object.keys(await powersOf(machine, 0))).toEqual(['cpu/fit-20261103-1412', 'dram/estimate'])
  })

  test('is taken up and dropped while it runs, and changes nothing where the processor is measured', async () => {
    const machine = desktop()
    const source = await open(machine)
    // Whoever probes adds what stands in to what is measured.
    machine.measuredKinds.add('cpu')
    machine.measuredKinds.add('dram')
    expect(source.refresh()).toBe(false)
    machine.fittedCurve = fitted
    expect(source.refresh()).toBe(true)
    expect(source.refresh()).toBe(false)
    expect(source.domains.map(({ id }) => id)).toEqual(['cpu/fit-20261103-1412'])
    machine.fittedCurve = null
    expect(source.refresh()).toBe(true)
    expect(source.domains.map(({ id }) => id)).toEqual(['cpu/estimate', 'dram/estimate'])
    machine.fittedCurve = fitted
    expect((await estimate.probe(machine.context)).ok).toBe(false)
  })
})

describe('a reading', () => {
  test('covers exactly the interval between two loads', async () => {
    const machine = desktop({ memoryBytes: null })
    const source = await open(machine)
    machine.load = { atMs: 1_000, busyMs: 0, logicalCpus: 16 }
    source.sample()
    machine.load = { atMs: 3_500.5, busyMs: 0, logicalCpus: 16 }
    expect(source.sample()).toEqual([
      { kind: 'modelled', domain: 'cpu/estimate', fromMs: 1_000, atMs: 3_500.5, powerW: 7 },
    ])
    expect(source.sample()).toEqual([])
  })

  test('is a fault where the machine tells no load, or nonsense, and never a number', async () => {
    const machine = desktop({ memoryBytes: null })
    const source = await open(machine)
    machine.load = { atMs: 1_000, busyMs: 5_000, logicalCpus: 16 }
    source.sample()
    machine.load = null
    expect(source.sample()).toMatchObject([{ kind: 'fault', problem: { code: 'broken', remedy: null } }])
    for (const [index, busyMs] of [4_000, 1e12, Number.NaN].entries()) {
      machine.load = { atMs: 2_000 + index * 1_000, busyMs, logicalCpus: 16 }
      expect(source.sample()).toMatchObject([{ kind: 'fault' }])
    }
  })
})

describe('the estimate stands in only for what nobody measures', () => {
  test('for memory alone where the processor is measured', async () => {
    const machine = desktop()
    machine.measuredKinds.add('cpu')
    expect((await open(machine)).domains.map(({ id }) => id)).toEqual(['dram/estimate'])
  })

  test('for nothing where both are', async () => {
    const machine = desktop()
    machine.measuredKinds = new Set(['cpu', 'dram'])
    expect(await estimate.probe(machine.context)).toMatchObject({ ok: false, code: 'absent', remedy: null })
    machine.measuredKinds = new Set(['cpu'])
    machine.facts = { ...machine.facts, virtualisation: 'vm' }
    const probed = await estimate.probe(machine.context)
    expect(probed).toMatchObject({ ok: false, reason: expect.stringMatching(/^Not needed/) })
  })

  test('and not without a load to reckon from', async () => {
    const machine = desktop()
    machine.load = null
    expect(await estimate.probe(machine.context)).toMatchObject({ ok: false, code: 'broken', remedy: null })
  })
})
