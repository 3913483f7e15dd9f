import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { remedyText } from '../../../contract/result.ts'
import { hwmon } from '../../../engine/sources/hwmon.ts'
import { CHIPS } from '../../../engine/sources/hwmon-chips.ts'
import type { OpenSource, Reading } from '../../../engine/sources/source.ts'
import { fcOptions } from '../../support/counts.ts'
import type { PowercapMachine } from './powercap.ts'
import {
  addChip,
  type Files,
  type HwmonChip,
  holdAnswers,
  hwmonMachine,
  hwmonPath,
  intelCard,
  powerState,
  removeChip,
} from './sensor-trees.ts'

async function open(machine: PowercapMachine): Promise<OpenSource> {
  const probed = await hwmon.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

async function problemOf(machine: PowercapMachine) {
  const probed = await hwmon.probe(machine.context)
  if (probed.ok) throw new Error('probe found a source')
  expect(machine.host.openDescriptors).toBe(0)
  return probed
}

/** Readings of one tick, a second after the last. */
function tick(machine: PowercapMachine, source: OpenSource): readonly Reading[] {
  machine.host.clock.advance(1_000)
  return source.sample()
}

/** What a sensor tells once its first answer is there: power by domain. */
async function powersOf(machine: PowercapMachine): Promise<Record<string, number>> {
  const source = await open(machine)
  const readings = [1, 2, 3].flatMap(() => tick(machine, source))
  source.close()
  return Object.fromEntries(
    readings.map((reading) => [reading.domain, reading.kind === 'sensor' ? reading.powerW : Number.NaN]),
  )
}

const power = (number: number, label: string, uw: number): Files => ({
  [`power${number}_label`]: label,
  [`power${number}_input`]: uw,
})
const rail = (number: number, label: string, mv: number, ma: number): Files => ({
  [`in${number}_label`]: label,
  [`in${number}_input`]: mv,
  [`curr${number}_input`]: ma,
})

describe('a chip of the table', () => {
  const acpi: HwmonChip = {
    name: 'power_meter',
    device: 'ACPI000D:00',
    files: { power1_average: 212_000_000, power1_average_interval: 4_000, power1_is_battery: 0 },
  }

  test('that counts the energy of an Intel card is a counter of µJ, by the address of the card', async () => {
    const machine = hwmonMachine([{ ...intelCard('0000:03:00.0', 'i915', 5_000), files: { energy1_input: 5_000 } }])
    const source = await open(machine)
    expect(source.domains).toMatchObject([
      { id: 'gpu/0000:03:00.0', device: '0000:03:00.0', kind: 'gpu', parent: null, provenance: 'counter' },
    ])
    expect(tick(machine, source)).toEqual([
      { kind: 'counter', domain: 'gpu/0000:03:00.0', atMs: 1_000, raw: 5_000n, unitNj: 1_000n, wrapsAfter: null },
    ])
  })

  test('is the card of an xe where it is shown, else the package in it', async () => {
    const card = await open(hwmonMachine([intelCard('0000:03:00.0', 'xe', 7_000)]))
    expect(card.sample()).toMatchObject([{ raw: 7_000n }])
    const pack = hwmonMachine([{ name: 'xe', device: '0000:03:00.0', files: { energy2_input: 6_000 } }])
    expect((await open(pack)).sample()).toMatchObject([{ raw: 6_000n }])
  })

  test('is not read twice where a part of it is a chip of its own', async () => {
    const machine = hwmonMachine([intelCard('0000:03:00.0', 'i915'), intelCard('0000:03:00.0', 'i915_gt0')])
    expect((await open(machine)).domains).toHaveLength(1)
  })

  test('that averages is dated to the middle of its window', async () => {
    const machine = hwmonMachine([acpi])
    const source = await open(machine)
    expect(source.domains).toMatchObject([{ id: 'board/acpi', kind: 'board', provenance: 'sensor' }])
    expect(tick(machine, source)).toEqual([])
    expect(tick(machine, source)).toEqual([{ kind: 'sensor', domain: 'board/acpi', atMs: -1_000, powerW: 212 }])
  })

  test('that stands behind a battery is not the board’s', async () => {
    const machine = hwmonMachine([{ ...acpi, files: { ...acpi.files, power1_is_battery: 1 } }])
    expect(await problemOf(machine)).toMatchObject({ code: 'absent' })
  })

  test('is found by its label, wherever it stands', async () => {
    const mac: HwmonChip = {
      name: 'macsmc_hwmon',
      device: 'macsmc-hwmon',
      files: {
        ...power(1, 'AC Input Power', 30_000_000),
        ...power(2, '3.8 V Rail Power', 4_000_000),
        ...power(3, 'Total System Power', 11_250_000),
      },
    }
    const supply: HwmonChip = {
      name: 'corsairpsu',
      device: '0003:1B1C:1C05.0001',
      files: { ...power(1, 'power total', 88_000_000), ...power(2, 'power +12v', 72_000_000) },
    }
    expect(await powersOf(hwmonMachine([mac, supply]))).toEqual({ 'board/smc': 11.25, 'board/corsair': 88 })
  })

  test('of a Jetson is a rail of a known label: volts × amps', async () => {
    const nano = hwmonMachine([
      {
        name: 'ina3221',
        device: '1-0040',
        files: {
          ...rail(1, 'VDD_IN', 19_000, 500),
          ...rail(2, 'VDD_CPU_GPU_CV', 19_000, 120),
          ...rail(3, 'VDD_SOC', 19_000, 90),
        },
      },
    ])
    expect(await powersOf(nano)).toEqual({ 'board/vdd-in': 9.5, 'cpu/0': 2.28 })
    const agx = hwmonMachine([
      {
        name: 'ina3221',
        device: '1-0040',
        files: { ...rail(1, 'GPU', 5_000, 1_000), ...rail(2, 'CPU', 5_000, 400), ...rail(3, 'SOC', 5_000, 300) },
      },
      { name: 'ina3221', device: '1-0041', files: { ...rail(1, 'CV', 5_000, 0), ...rail(2, 'VDDRQ', 5_000, 200) } },
    ])
    expect(await powersOf(agx)).toEqual({ 'gpu/soc': 5, 'cpu/0': 2, 'dram/0': 1 })
  })

  test('that watches one rail is read where the device tree says which', async () => {
    for (const name of ['ina226', 'ltc2945']) {
      const files = { power1_input: 14_000_000, in1_input: 12_000, curr1_input: 1_166 }
      const known = { name, device: '0-0040', files: { ...files, label: 'VDD_IN' } }
      expect(await powersOf(hwmonMachine([known]))).toEqual({ 'board/vdd-in': 14 })
      expect(await problemOf(hwmonMachine([{ ...known, files }]))).toMatchObject({ code: 'absent' })
    }
  })

  test('of two power supplies is their sum, and only as long as both tell it', async () => {
    const supplyOf = (device: string, uw: number): HwmonChip => ({
      name: 'cffps2',
      device,
      files: { ...power(1, 'pin', uw), ...power(2, 'pout1', uw / 2) },
    })
    const machine = hwmonMachine([supplyOf('5-005b', 300_000_000), supplyOf('5-005a', 0)])
    expect(await powersOf(machine)).toEqual({ 'wall/supplies': 300 })
    const source = await open(machine)
    tick(machine, source)
    machine.host.write(`${hwmonPath(0)}/power1_input`, { fault: 'broken' })
    tick(machine, source)
    expect(tick(machine, source)).toEqual([])
    expect(tick(machine, source)).toEqual([])
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', domain: 'wall/supplies' }])
  })

  test('of a processor stands in only where nothing better measures processors', async () => {
    const chips: HwmonChip[] = [
      {
        name: 'zenpower',
        device: '0000:00:18.3',
        files: { ...power(1, 'SVI2_P_Core', 31_000_000), ...power(2, 'SVI2_P_SoC', 9_500_000) },
      },
    ]
    expect(await powersOf(hwmonMachine(chips))).toEqual({ 'cpu/0': 40.5 })
    const machine = hwmonMachine(chips)
    machine.measuredKinds = new Set(['cpu'])
    expect((await problemOf(machine)).reason).toMatch(/measured better elsewhere/)
    const fam15h = hwmonMachine([
      { name: 'fam15h_power', device: '0000:00:18.4', files: { power1_input: 65_000_000, power1_average: 1 } },
      { name: 'fam15h_power', device: '0000:00:1a.4', files: { power1_input: 61_000_000 } },
    ])
    expect(await powersOf(fam15h)).toEqual({ 'cpu/0': 65, 'cpu/1': 61 })
  })

  test('stays in after its own kind is among the measured ones', async () => {
    const machine = hwmonMachine([
      { name: 'fam15h_power', device: '0000:00:18.4', files: { power1_input: 65_000_000 } },
    ])
    const source = await open(machine)
    machine.measuredKinds.add('cpu')
    expect(source.refresh()).toBe(false)
    expect(source.domains).toHaveLength(1)
  })
})

test('every chip of the table is tried above or has another’s rule', () => {
  const tried = ['i915', 'xe', 'power_meter', 'macsmc_hwmon', 'corsairpsu', 'cffps2', 'ina3221', 'ina226', 'ltc2945']
  for (const { names } of CHIPS) {
    expect(names.some((name) => [...tried, 'fam15h_power', 'zenpower'].includes(name))).toBe(true)
  }
})

test('chips that are not in the table, and amdgpu, are skipped', async () => {
  const machine = hwmonMachine([
    { name: 'amdgpu', device: '0000:03:00.0', files: { power1_average: 30_000_000, power1_label: 'PPT' } },
    { name: 'mlx5', device: '0000:04:00.0', files: { power1_input: 9_000_000 } },
  ])
  expect(await problemOf(machine)).toMatchObject({ code: 'absent', remedy: null })
})

test('a card is named every tick, so that one that nothing holds open can teach its floor', async () => {
  const machine = hwmonMachine([
    intelCard('0000:03:00.0'),
    { name: 'power_meter', device: 'ACPI000D:00', files: { power1_average: 9_000_000 } },
  ])
  const source = await open(machine)
  tick(machine, source)
  source.uses?.()
  tick(machine, source)
  expect(source.uses?.()).toMatchObject([{ device: '0000:03:00.0', busyMs: null, processes: [] }])
  source.close()
})

describe('a card that sleeps', () => {
  const device = '0000:03:00.0'

  test('is never read: it is asleep, and counts anew when it wakes', async () => {
    const machine = hwmonMachine([intelCard(device)])
    powerState(machine.host, device, 'suspended')
    const source = await open(machine)
    const { read } = machine.host.calls
    for (let second = 0; second < 5; second++) {
      expect(tick(machine, source)).toMatchObject([{ kind: 'asleep', domain: `gpu/${device}` }])
    }
    powerState(machine.host, device, 'suspending')
    expect(tick(machine, source)).toMatchObject([{ kind: 'asleep' }])
    expect(machine.host.calls.read).toBe(read)
    powerState(machine.host, device, 'active')
    expect(tick(machine, source)).toMatchObject([{ kind: 'counter' }])
    source.close()
    expect(machine.host.openDescriptors).toBe(0)
  })

  test('is left alone once a minute while it is quiet, so that it can fall asleep; a busy one is not', async () => {
    const machine = hwmonMachine([intelCard(device)])
    powerState(machine.host, device, 'active')
    const source = await open(machine)
    let energyUj = 1_000_000
    const draw = (powerW: number) => {
      energyUj += powerW * 1e6
      machine.host.write(`${hwmonPath(0)}/energy1_input`, `${energyUj}\n`)
      return tick(machine, source).length
    }
    const read = (seconds: number, powerW: number) =>
      Array.from({ length: seconds }, () => draw(powerW)).reduce((sum, count) => sum + count, 0)
    expect(read(62, 8)).toBe(62)
    expect(read(14, 8)).toBe(0)
    expect(read(10, 8)).toBe(10)
    expect(read(300, 120)).toBe(300)
  })

  test('that never may is read every second', async () => {
    const machine = hwmonMachine([intelCard(device)])
    powerState(machine.host, device, 'active', 'on')
    const source = await open(machine)
    let read = 0
    for (let second = 1; second <= 200; second++) {
      machine.host.write(`${hwmonPath(0)}/energy1_input`, `${second * 8e6}\n`)
      read += tick(machine, source).length
    }
    expect(read).toBe(200)
  })

  test('that is awake and counts nothing for half a minute is broken', async () => {
    const machine = hwmonMachine([intelCard(device)])
    const source = await open(machine)
    for (let second = 0; second < 30; second++) expect(tick(machine, source)).toMatchObject([{ kind: 'counter' }])
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    machine.host.write(`${hwmonPath(0)}/energy1_input`, '2000000\n')
    expect(tick(machine, source)).toMatchObject([{ kind: 'counter' }])
  })
})

describe('hwmon numbers change', () => {
  test('and a domain stays what it was, on the chip where that now is', async () => {
    const machine = hwmonMachine([intelCard('0000:03:00.0', 'xe', 100), intelCard('0000:07:00.0', 'xe', 200)])
    const source = await open(machine)
    const ids = source.domains.map(({ id }) => id)
    expect(ids).toEqual(['gpu/0000:03:00.0', 'gpu/0000:07:00.0'])
    for (const number of [0, 1]) removeChip(machine.host, number)
    addChip(machine.host, 0, intelCard('0000:07:00.0', 'xe', 201))
    addChip(machine.host, 4, intelCard('0000:03:00.0', 'xe', 101))
    expect(tick(machine, source)).toMatchObject([
      { kind: 'fault', problem: { code: 'absent' } },
      { kind: 'fault', problem: { code: 'absent' } },
    ])
    expect(source.refresh()).toBe(false)
    expect(tick(machine, source)).toMatchObject([
      { domain: 'gpu/0000:03:00.0', raw: 101n },
      { domain: 'gpu/0000:07:00.0', raw: 201n },
    ])
    source.close()
    expect(machine.host.openDescriptors).toBe(0)
  })

  test('and without a device link the path of the class’s own link names the device', async () => {
    const machine = hwmonMachine([intelCard('0000:0B:00.0')])
    machine.host.links.delete(`${hwmonPath(0)}/device`)
    expect((await open(machine)).domains).toMatchObject([{ id: 'gpu/0000:0b:00.0', device: '0000:0b:00.0' }])
  })

  test('while a look keeps the descriptors of what is still there', async () => {
    const machine = hwmonMachine([intelCard()])
    const source = await open(machine)
    tick(machine, source)
    expect(source.refresh()).toBe(false)
    expect(machine.host.openDescriptors).toBe(1)
    removeChip(machine.host, 0)
    expect(source.refresh()).toBe(true)
    expect(source.domains).toEqual([])
    expect(machine.host.openDescriptors).toBe(0)
  })
})

describe('a sensor', () => {
  const meter = (uw: number | { fault: 'broken' | 'gone' | 'denied' } = 90_000_000): HwmonChip => ({
    name: 'corsairpsu',
    device: '0003:1B1C:1C05.0001',
    files: { power1_label: 'power total', power1_input: uw },
  })
  const path = `${hwmonPath(0)}/power1_input`

  test('is asked off the tick no more often than it changes, and hands each answer over once', async () => {
    const machine = hwmonMachine([meter()])
    const source = await open(machine)
    const counts = Array.from({ length: 8 }, () => tick(machine, source).length)
    expect(counts).toEqual([0, 1, 0, 1, 0, 1, 0, 1])
  })

  test('that is slow holds nothing up: its answer counts when it comes, dated to the middle of its way', async () => {
    const machine = hwmonMachine([meter()])
    const answers = holdAnswers(machine.host)
    const source = await open(machine)
    for (let second = 1; second <= 4; second++) expect(tick(machine, source)).toEqual([])
    answers.letGo()
    expect(tick(machine, source)).toEqual([{ kind: 'sensor', domain: 'board/corsair', atMs: 2_500, powerW: 90 }])
  })

  test('that does not answer at all is broken once, and what comes too late is nothing', async () => {
    const machine = hwmonMachine([meter()])
    const answers = holdAnswers(machine.host)
    const source = await open(machine)
    const readings = Array.from({ length: 30 }, () => tick(machine, source)).flat()
    expect(readings).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    answers.letGo()
    expect(tick(machine, source)).toEqual([])
    answers.letGo()
    expect(tick(machine, source)).toMatchObject([{ kind: 'sensor' }])
  })

  test('that is busy now and then is asked again; three times in a row are a fault', async () => {
    const machine = hwmonMachine([meter()])
    const source = await open(machine)
    const next = () => [...tick(machine, source), ...tick(machine, source)]
    machine.host.write(path, { fault: 'broken' })
    expect([...next(), ...next()]).toEqual([])
    machine.host.write(path, '90000000\n')
    expect([...next(), ...next()].at(-1)).toMatchObject({ kind: 'sensor', powerW: 90 })
    machine.host.write(path, { fault: 'broken' })
    expect([...next(), ...next(), ...next(), ...next()].at(-1)).toMatchObject({
      kind: 'fault',
      problem: { code: 'broken' },
    })
  })

  test('that gives 0, a negative, too much or no number gives no power', async () => {
    for (const text of ['0', '-5000000', '2500000001', '99999999999999999999', '', 'nan', '1.5e7', '0x10', '12 34']) {
      const machine = hwmonMachine([meter()])
      machine.host.write(path, `${text}\n`)
      const source = await open(machine)
      tick(machine, source)
      expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    }
  })

  test('of a rail may rest a little below 0, which is 0', async () => {
    const rails = (ma: number) =>
      hwmonMachine([{ name: 'ina3221', device: '1-0040', files: rail(1, 'GPU', 5_000, ma) }])
    expect(await powersOf(rails(-8))).toEqual({ 'gpu/soc': 0 })
    expect(await powersOf(rails(0))).toEqual({ 'gpu/soc': 0 })
    expect(await powersOf(rails(-400))).toEqual({ 'gpu/soc': Number.NaN })
  })

  test('that was taken away is absent or denied, with a remedy', async () => {
    const machine = hwmonMachine([meter()])
    const source = await open(machine)
    tick(machine, source)
    machine.host.write(path, { fault: 'denied' })
    tick(machine, source)
    tick(machine, source)
    const [reading] = tick(machine, source)
    expect(reading).toMatchObject({ kind: 'fault', problem: { code: 'denied' } })
    if (reading?.kind === 'fault' && reading.problem.remedy !== null) {
      expect(remedyText(reading.problem.remedy)).toBe(`sudo chmod a+r ${path}`)
    }
    expect(source.refresh()).toBe(true)
    expect(source.domains).toEqual([])
  })

  test('says nothing any more once it is closed', async () => {
    const machine = hwmonMachine([meter()])
    const answers = holdAnswers(machine.host)
    const source = await open(machine)
    tick(machine, source)
    source.close()
    answers.letGo()
    expect(tick(machine, source)).toEqual([])
  })
})

test('whatever a chip says, a reading is a power that can be or a fault', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
    fc.constantFrom('', '\n', 'NaN', 'Infinity', '1e30', '-0', '007', '18446744073709551615', '\u0000'),
  )
  await fc.assert(
    fc.asyncProperty(text, text, text, async (first, second, third) => {
      const machine = hwmonMachine([
        { ...intelCard(), files: { energy1_input: first } },
        {
          name: 'power_meter',
          device: 'ACPI000D:00',
          files: { power1_average: second, power1_average_interval: third },
        },
        { name: 'ina3221', device: '1-0040', files: { in1_label: 'VDD_IN', in1_input: first, curr1_input: second } },
      ])
      const source = await open(machine)
      for (let second = 0; second < 3; second++) {
        for (const reading of tick(machine, source)) {
          if (reading.kind === 'sensor') {
            const most = source.domains.find(({ id }) => id === reading.domain)?.plausibleMaxW ?? 0
            expect(reading.powerW > 0 && reading.powerW <= most).toBe(true)
            expect(reading.atMs <= machine.host.clock.monotonicMs()).toBe(true)
          } else if (reading.kind === 'counter') {
            expect(reading.raw).toBe(BigInt(first.trim()))
          } else expect(reading.kind).toBe('fault')
        }
      }
      source.close()
      expect(machine.host.openDescriptors).toBe(0)
    }),
    fcOptions('hwmon', 300, 30_000),
  )
})
