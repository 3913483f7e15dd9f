import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { ioreport } from '../../../engine/sources/ioreport.ts'
import { channelsOf, parseChannels, QUANTITIES, sumOf, unitNjOf } from '../../../engine/sources/ioreport-channels.ts'
import { isEnergyChannel } from '../../../engine/vendor/ioreport.ts'
import { fcOptions } from '../../support/counts.ts'
import type { Script } from '../../support/scripted-session.ts'
import { CHIPS, channelsAnswer, countingChip, MacMachine, type Value } from './mac-machine.ts'

function macWith(chip: keyof typeof CHIPS): MacMachine {
  const machine: MacMachine = new MacMachine({ ioreport: countingChip(chip, () => machine) })
  return machine
}

function macThat(script: Script, facts = {}): MacMachine {
  return new MacMachine({ ioreport: script }, facts)
}

async function open(machine: MacMachine) {
  const probed = await ioreport.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

const DOMAINS = ['cpu/0', 'gpu/apple', 'gpu/apple-sram', 'npu/apple', 'dram/0']

test.each([
  ['m1', DOMAINS],
  ['m4', DOMAINS],
  ['m5Max', DOMAINS.filter((id) => id !== 'gpu/apple-sram')],
  ['m1Ultra', DOMAINS],
] as const)(
  'the chip %s counts processor, GPU, Neural Engine and memory, none of them inside another',
  async (chip, ids) => {
    const { domains } = await open(macWith(chip))
    expect(domains.map(({ id }) => id)).toEqual(ids)
    expect(domains.every(({ parent, provenance }) => parent === null && provenance === 'counter')).toBe(true)
  },
)

test('cores, clusters and managers are in the whole processor and are not added to it', async () => {
  const machine = macWith('m1')
  const opened = await open(machine)
  machine.work()
  const [cpu] = opened.sample()
  expect(cpu).toMatchObject({ domain: 'cpu/0', raw: 0n, unitNj: 1_000_000n, wrapsAfter: null })
})

test('the dies of an Ultra chip are added up', async () => {
  const machine = macWith('m1Ultra')
  const opened = await open(machine)
  opened.sample()
  machine.work()
  opened.sample()
  const readings = opened.sample()
  expect(
    readings.map((reading) => reading.kind === 'counter' && [reading.domain, reading.raw, reading.unitNj]),
  ).toEqual([
    ['cpu/0', 2_000n, 1_000_000n],
    ['gpu/apple', 1_000n, 1n],
    ['gpu/apple-sram', 1_000n, 1_000_000n],
    ['npu/apple', 2_000n, 1_000_000n],
    ['dram/0', 2_000n, 1_000_000n],
  ])
})

test('dies with different units are added in the finer one', () => {
  const sum = sumOf([
    { name: 'ANE0_0', unit: 'mJ', value: 3n },
    { name: 'ANE0_1', unit: 'uJ', value: 7n },
  ])
  expect(sum).toEqual({ raw: 3_007n, unitNj: 1_000n })
})

test.each([
  ['mJ', 1_000_000n],
  ['uJ', 1_000n],
  ['µJ', 1_000n],
  ['nJ', 1n],
  [' mJ   ', 1_000_000n],
  ['mW', null],
  ['', null],
  ['MJ', null],
])('a unit labelled "%s" is %s nJ, and one that is not known is never guessed', (label, nj) => {
  expect(unitNjOf(label)).toBe(nj)
})

test('each answer counts once, dated between question and answer', async () => {
  const machine = macWith('m4')
  const session = machine.session('ioreport')
  const opened = await open(machine)
  opened.sample()
  session.takesMs = 30
  machine.work()
  opened.sample()
  machine.host.clock.advance(40)
  session.ask = () => {}
  expect(opened.sample()).toMatchObject([{ atMs: 1_015 }, {}, {}, {}, {}])
  expect(opened.sample()).toEqual([])
})

test('what was asked before the machine slept begins no interval', async () => {
  const machine = macWith('m4')
  const opened = await open(machine)
  opened.sample()
  machine.work(3_600_000)
  expect(opened.sample()).toEqual([])
  expect(opened.sample()).toHaveLength(5)
})

describe('a counter that gives nonsense is a fault, never a number:', () => {
  const whole: Value[] = CHIPS.m4.map(([name, unit]) => [name, unit, 5_000])

  async function cpuAfter(values: readonly Value[] | null) {
    let answer: unknown = channelsAnswer(whole)
    const machine = macThat(() => answer)
    const opened = await open(machine)
    opened.sample()
    answer = values === null ? { channels: null } : channelsAnswer(values)
    machine.work()
    opened.sample()
    return opened.sample()[0]
  }

  test.each([
    ['no sample', null],
    ['a channel that is gone', whole.filter(([name]) => name !== 'CPU Energy')],
    ['a second one of its name', [...whole, ['CPU Energy', 'mJ  ', 1] as const]],
    ['a negative count', whole.map(([name, unit]): Value => [name, unit, -1])],
    ['another unit', whole.map(([name, , value]): Value => [name, 'W', value])],
    ['no whole number', whole.map(([name, unit]): Value => [name, unit, '1e9'])],
  ])('%s', async (_, values) => {
    expect(await cpuAfter(values)).toMatchObject({ kind: 'fault', domain: 'cpu/0', problem: { code: 'broken' } })
  })

  test('memory that stands still for a minute of work; a GPU that stands still is idle', async () => {
    const machine = macThat(() => channelsAnswer(whole))
    const opened = await open(machine)
    const kinds = new Map<string, string>()
    for (let tick = 0; tick < 70; tick++) {
      machine.work()
      for (const { domain, kind } of opened.sample()) kinds.set(domain, kind)
    }
    expect(Object.fromEntries(kinds)).toMatchObject({
      'dram/0': 'fault',
      'gpu/apple': 'counter',
      'npu/apple': 'counter',
    })
  })
})

test('a vendor process that ended is told by each domain, until it answers again', async () => {
  let answer: unknown = channelsAnswer(CHIPS.m4.map(([name, unit]) => [name, unit, 1]))
  const machine = macThat(() => answer)
  const opened = await open(machine)
  opened.sample()
  answer = problem('broken', 'The driver hung and is started again.')
  machine.work()
  opened.sample()
  expect(opened.sample().map(({ kind }) => kind)).toEqual(Array(5).fill('fault'))
  answer = channelsAnswer(CHIPS.m4.map(([name, unit]) => [name, unit, 2]))
  opened.sample()
  expect(opened.sample().map(({ kind }) => kind)).toEqual(Array(5).fill('counter'))
})

describe('where nothing counts, the reason is', () => {
  async function problemOf(machine: MacMachine) {
    const probed = await ioreport.probe(machine.context)
    if (probed.ok) throw new Error('probe found a source')
    expect(machine.session('ioreport').isClosed).toBe(true)
    return probed
  }
  const absent = () => problem('absent', 'This Mac shows no energy counters.')

  test('a virtual machine', async () => {
    const fault = await problemOf(macThat(absent, { virtualisation: 'vm' }))
    expect(fault).toMatchObject({ code: 'absent' })
    expect(fault.reason).toMatch(/virtual machines never do/)
  })

  test.each([
    ['has no such group', absent],
    ['has a group without these channels', () => channelsAnswer([])],
  ])('a Mac with an Intel processor, which %s', async (_, script) => {
    const fault = await problemOf(macThat(script, { cpuVendor: 'GenuineIntel' }))
    expect(fault).toMatchObject({ code: 'absent' })
    expect(fault.reason).toMatch(/Apple’s own chips/)
  })

  test('units that nobody knows', async () => {
    expect(await problemOf(macThat(() => channelsAnswer([['CPU Energy', 'pWh', 1]])))).toMatchObject({ code: 'broken' })
  })

  test('a library that hangs', async () => {
    expect(await problemOf(macThat(() => problem('broken', 'It hung.')))).toMatchObject({ code: 'broken' })
  })
})

test('the driver subscribes to every channel that a domain needs, of each chip, and to few others', () => {
  for (const chip of Object.values(CHIPS)) {
    const channels = chip.map(([name, unit]) => ({ name, unit, value: 1n }))
    for (const quantity of QUANTITIES) {
      for (const { name } of channelsOf(quantity, channels)) expect(isEnergyChannel(name)).toBe(true)
    }
  }
  expect(['ECPU0', 'PCPM', 'DISP', 'PCIe Port 0 Energy'].filter(isEnergyChannel)).toEqual([])
})

test('any answer is channels or none, and their sum is one or none', () => {
  const value = fc.oneof(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String), fc.string(), fc.integer())
  const channel = fc.record({
    name: fc.oneof(fc.constantFrom('CPU Energy', 'DIE_9_CPU Energy', 'ANE', 'DRAM'), fc.string()),
    unit: fc.oneof(fc.constantFrom('mJ', 'nJ ', 'uJ'), fc.string()),
    value,
  })
  const answers = fc.oneof(fc.anything(), fc.record({ channels: fc.oneof(fc.array(channel), fc.anything()) }))
  fc.assert(
    fc.property(answers, (answer) => {
      const channels = parseChannels(answer)
      for (const quantity of QUANTITIES) {
        const own = channelsOf(quantity, channels ?? [])
        const sum = sumOf(own)
        if (sum === null) continue
        const exactNj = own.reduce((nj, one) => nj + one.value * (unitNjOf(one.unit) ?? 0n), 0n)
        expect(sum.raw * sum.unitNj).toBe(exactNj)
        expect(sum.raw >= 0n).toBe(true)
      }
    }),
    fcOptions('ioreport', 200, 20_000),
  )
})
