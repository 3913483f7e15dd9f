import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MachineFacts } from '../../../engine/host/host.ts'
import { nvml } from '../../../engine/sources/nvml.ts'
import type { CardRecord } from '../../../engine/sources/nvml-record.ts'
import { CardUse } from '../../../engine/sources/nvml-use.ts'
import { fcOptions } from '../../support/counts.ts'
import { NvmlMachine, PCI, type ScriptedCard } from './nvml-machine.ts'

const GB = 2n ** 30n

async function open(machine: NvmlMachine) {
  const probed = await nvml.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

/** What ran in one second in which the card told this, stamped half a second before its end. */
async function useOf(
  card: ScriptedCard,
  running: readonly { pid: number; smPct: number }[] = [],
  facts: Partial<MachineFacts> = {},
) {
  const machine = new NvmlMachine({ [PCI]: card }, facts)
  const source = await open(machine)
  source.sample()
  machine.host.clock.advance(1_000)
  const atUs = String(BigInt(machine.host.clock.wallMs() - 500) * 1_000n)
  if (card.samples === undefined) machine.set(PCI, { samples: running.map((one) => ({ ...one, atUs })) })
  source.sample()
  source.sample()
  return source.uses?.()[0] ?? null
}

describe('what processes did on a card', () => {
  test('is the card’s busy time, divided by their SM utilisation, with their memory', async () => {
    const processes = [
      { pid: 10, bytes: 8n * GB },
      { pid: 11, bytes: 2n * GB },
      { pid: 12, bytes: GB, kind: 'graphics' as const },
    ]
    const running = [
      { pid: 10, smPct: 60 },
      { pid: 12, smPct: 20 },
    ]
    expect(await useOf({ gpuPct: 40, processes }, running)).toEqual({
      device: PCI,
      fromMs: 0,
      toMs: 1_000,
      busyMs: 400,
      processes: [
        { pid: 10, busyMs: 300, memoryBytes: Number(8n * GB), isResident: true },
        { pid: 11, busyMs: 0, memoryBytes: Number(2n * GB), isResident: true },
        { pid: 12, busyMs: 100, memoryBytes: Number(GB), isResident: false },
      ],
    })
  })

  test('is left unexplained in part where a container hides others', async () => {
    const use = await useOf({ gpuPct: 90, processes: [{ pid: 10 }] }, [{ pid: 10, smPct: 30 }], {
      virtualisation: 'container',
    })
    expect(use).toMatchObject({ busyMs: 900, processes: [{ busyMs: 300 }] })
  })

  test('has no time where the driver tells none, and memory stands in for it', async () => {
    const use = await useOf({ gpuPct: null, isSplit: true, samples: null, processes: [{ pid: 10, bytes: GB }] })
    expect(use).toMatchObject({
      busyMs: null,
      processes: [{ busyMs: null, memoryBytes: Number(GB), isResident: true }],
    })
  })

  test('is nothing, measured, while nobody works', async () => {
    expect(await useOf({ processes: [{ pid: 10 }] })).toMatchObject({ busyMs: 0, processes: [{ busyMs: 0 }] })
  })

  test('is not known across a sleep', async () => {
    const machine = new NvmlMachine()
    machine.power(PCI, 'active', 'auto')
    const source = await open(machine)
    const tick = () => {
      machine.host.clock.advance(1_000)
      source.sample()
      return source.uses?.() ?? []
    }
    tick()
    expect(tick()).toHaveLength(1)
    machine.power(PCI, 'suspended', 'auto')
    expect(tick()).toEqual([])
    machine.power(PCI, 'active', 'auto')
    expect([tick(), tick()]).toEqual([[], []])
    expect(tick()).toMatchObject([{ fromMs: 4_000, toMs: 5_000 }])
  })

  test('survives a clock that is set back by an hour', async () => {
    const machine = new NvmlMachine({ [PCI]: { gpuPct: 50, processes: [{ pid: 10 }] } })
    const source = await open(machine)
    const tick = () => {
      machine.host.clock.advance(1_000)
      const atUs = String(BigInt(machine.host.clock.wallMs() - 100) * 1_000n)
      machine.set(PCI, { samples: [{ pid: 10, atUs, smPct: 50 }] })
      source.sample()
      return source.uses?.()[0]?.processes[0]?.busyMs
    }
    for (let second = 0; second < 5; second++) tick()
    machine.host.clock.stepWall(-3_600_000)
    for (let second = 0; second < 3; second++) tick()
    expect(tick()).toBe(500)
  })
})

test('whatever the library answers, there is a sane reading, a fault or nothing, and never an exception', async () => {
  const number = fc.oneof(fc.nat(), fc.double(), fc.constant(null), fc.maxSafeInteger())
  const text = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.bigInt({ min: 0n, max: 2n ** 66n }).map(String),
    fc.constant(null),
  )
  const card = fc.record(
    {
      pci: fc.constantFrom(PCI, '', 'x'),
      code: fc.constantFrom(0, 0, 3, 15, 999, -1),
      codes: fc.dictionary(fc.constantFrom('energyMj', 'powerUsageMw', '__proto__'), fc.integer()),
      energyMj: text,
      powerAverageMw: number,
      powerInstantMw: number,
      powerUsageMw: number,
      gpuPct: number,
      isSplit: fc.boolean(),
      lists: fc.array(fc.record({ kind: fc.constantFrom('compute', 'x'), count: fc.integer(), bytes: fc.string() })),
      samples: fc.option(fc.array(fc.record({ pid: fc.nat(), atUs: text, smPct: number }))),
      description: fc.option(fc.object()),
    },
    { requiredKeys: ['pci', 'code'] },
  )
  const answer = fc.oneof(
    fc.record({ init: fc.constantFrom(0, 0, 0, 18), isSlow: fc.boolean(), cards: fc.array(card, { maxLength: 3 }) }),
    fc.jsonValue(),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { maxLength: 6 }), fc.boolean(), async (answers, isFirst) => {
      const machine = new NvmlMachine()
      if (isFirst) machine.answer = answers[0]
      const probed = await nvml.probe(machine.context)
      const source = probed.ok ? probed.value : null
      for (const each of answers) {
        machine.answer = each
        machine.host.clock.advance(1_000)
        for (const reading of source?.sample() ?? []) {
          if (reading.kind === 'counter') expect(reading.raw >= 0n && reading.raw < 2n ** 63n).toBe(true)
          if (reading.kind === 'sensor') expect(reading.powerW > 0 && reading.powerW <= 2_000).toBe(true)
        }
        for (const { busyMs, processes } of source?.uses?.() ?? []) {
          expect((busyMs ?? 0) >= 0 && processes.every((one) => (one.busyMs ?? 0) >= 0)).toBe(true)
        }
      }
      source?.close()
      expect(machine.isLoaded).toBe(false)
    }),
    fcOptions('nvml', 300, 30_000),
  )
})

test('on Windows a driver that tells neither time nor memory of processes tells nothing of use: Windows itself does', () => {
  const { files, clock } = new NvmlMachine().host
  const list = Buffer.alloc(24)
  list.writeUInt32LE(10, 0)
  list.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 8)
  list.writeUInt32LE(0xffff_ffff, 16)
  const record: CardRecord = {
    pci: PCI,
    code: 0,
    codes: {},
    energyMj: '1',
    powerAverageMw: null,
    powerInstantMw: null,
    powerUsageMw: null,
    gpuPct: 50,
    isSplit: false,
    lists: [{ kind: 'compute', count: 1, bytes: list.toString('base64') }],
    samples: null,
    description: null,
  }
  const processesOf = (isToldElsewhere: boolean, told: CardRecord) => {
    const use = new CardUse({ files, clock, seesAll: true, isToldElsewhere }, PCI)
    use.take(told, null, 0)
    return use.take(told, null, 1_000)?.processes ?? null
  }
  const untold = { pid: 10, busyMs: null, memoryBytes: null, isResident: true }
  expect(processesOf(true, record)).toBeNull()
  expect(processesOf(false, record)).toEqual([untold])
  list.writeBigUInt64LE(GB, 8)
  const withMemory = { ...record, lists: [{ kind: 'compute' as const, count: 1, bytes: list.toString('base64') }] }
  expect(processesOf(true, withMemory)).toEqual([{ ...untold, memoryBytes: Number(GB) }])
})
