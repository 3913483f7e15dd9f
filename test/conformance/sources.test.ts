import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Problem, remedyText } from '../../contract/result.ts'
import { sources } from '../../engine/sources/registry.ts'
import type { Reading, Source } from '../../engine/sources/source.ts'
import { AmdMachine } from '../engine/sources/amdgpu-machine.ts'
import { gpuMetricsTable } from '../engine/sources/gpu-metrics-tables.ts'
import { NPU_BUSY, npuMachine } from '../engine/sources/npu-machine.ts'
import { PowercapMachine } from '../engine/sources/powercap.ts'
import { answered } from '../engine/sources/wall/meters.ts'
import { fcOptions } from '../support/counts.ts'
import { ioreportTrial, smartBatteryTrial, smcTrial } from './mac-trials.ts'
import { nvidiaSmiTrial, nvmlTrial } from './nvml-trial.ts'
import { batteryTrial, hwmonTrial } from './sensor-trials.ts'
import { wallTrial } from './wall-trial.ts'
import { batteryWindowsTrial, emiTrial } from './windows-trials.ts'

/** What each source of the registry is tried on. A source without an entry fails. */
type Trial = {
  /** A machine where it reads. */
  readonly reads: () => PowercapMachine
  /** Machines where it does not, by the code of the problem that it tells. */
  readonly fails: Readonly<Record<string, () => PowercapMachine>>
  /** Files whose content is fuzzed, on the machine where it reads. */
  readonly files: readonly string[]
}

const rapl = () =>
  new PowercapMachine({
    '0': { name: 'package-0' },
    '0:0': { name: 'core' },
    '0:1': { name: 'dram' },
    '1': { name: 'psys' },
  })

const AMD_CARD = '0000:03:00.0'

const trials: Readonly<Record<string, Trial>> = {
  nvml: nvmlTrial,
  'nvidia-smi': nvidiaSmiTrial,
  rapl: {
    reads: rapl,
    fails: {
      absent: () => new PowercapMachine(),
      hidden() {
        const machine = rapl()
        machine.hide()
        return machine
      },
      denied: () => new PowercapMachine({ '0': { name: 'package-0', uj: { fault: 'denied' } } }),
      broken: () => new PowercapMachine({ '0': { name: 'nonsense' } }),
    },
    files: ['name', 'energy_uj', 'max_energy_range_uj', 'constraint_0_max_power_uw'].flatMap((file) =>
      ['intel-rapl:0', 'intel-rapl:0:1'].map((zone) => `/sys/class/powercap/${zone}/${file}`),
    ),
  },
  npu: {
    reads: npuMachine,
    fails: {
      absent: () => npuMachine('1\n', 'amdxdna'),
      denied: () => npuMachine({ fault: 'denied' }),
    },
    files: [NPU_BUSY],
  },
  amdgpu: {
    reads: () =>
      new AmdMachine({
        [AMD_CARD]: {
          average: '43000000\n',
          input: '45000000\n',
          capMax: '300000000\n',
          busy: '12\n',
          control: 'auto',
          metrics: gpuMetricsTable('1.3', { watts: 43, energy: 77, busy: 12 }),
        },
      }),
    fails: {
      absent: () => new AmdMachine(),
      denied: () => new AmdMachine({ [AMD_CARD]: { average: { fault: 'denied' } } }),
      broken: () => new AmdMachine({ [AMD_CARD]: { average: 'nonsense' } }),
    },
    files: [
      ...['uevent', 'gpu_metrics', 'gpu_busy_percent', 'product_name', 'hwmon/hwmon3/power1_average'].map(
        (file) => `/sys/class/drm/card0/device/${file}`,
      ),
      `/sys/bus/pci/devices/${AMD_CARD}/power/runtime_status`,
    ],
  },
  hwmon: hwmonTrial,
  battery: batteryTrial,
  emi: emiTrial,
  'battery-windows': batteryWindowsTrial,
  wall: wallTrial,
  ioreport: ioreportTrial,
  smc: smcTrial,
  'smart-battery': smartBatteryTrial,
  estimate: {
    reads: () => new PowercapMachine({}, { cpuModel: 'AMD EPYC', virtualisation: 'vm' }),
    fails: {
      absent() {
        const machine = rapl()
        machine.measuredKinds = new Set(['cpu', 'dram'])
        return machine
      },
      broken() {
        const machine = rapl()
        machine.load = null
        return machine
      },
    },
    files: [],
  },
}

function trialOf({ id }: Source): Trial {
  const trial = trials[id]
  if (trial === undefined) throw new Error(`source ${id} has no trial: add one to test/conformance/sources.test.ts`)
  return trial
}

/** Says what is the matter in a sentence, and how to mend it, or expressly that nothing does. */
function expectTold(problem: Problem): void {
  expect(problem.reason).toMatch(/^\p{Lu}.{15,}[.]$/su)
  expect(problem.remedy === null || remedyText(problem.remedy).length > 0).toBe(true)
}

async function open(source: Source, machine: PowercapMachine) {
  const probed = await source.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

function work(machine: PowercapMachine): void {
  machine.host.clock.advance(1_000)
  const atMs = machine.host.clock.monotonicMs()
  machine.load = { atMs, busyMs: atMs, logicalCpus: 4 }
}

function isSane(reading: Reading): boolean {
  switch (reading.kind) {
    case 'counter':
      return (
        reading.raw >= 0n && reading.unitNj > 0n && (reading.wrapsAfter === null || reading.raw <= reading.wrapsAfter)
      )
    case 'sensor':
      return Number.isFinite(reading.powerW) && reading.powerW >= 0
    case 'modelled':
      return Number.isFinite(reading.powerW) && reading.powerW >= 0 && reading.atMs > reading.fromMs
    case 'asleep':
      return true
    case 'unavailable':
      return /^\p{Lu}.{15,}[.]$/su.test(reading.reason)
    case 'fault':
      expectTold(reading.problem)
      return true
  }
}

test('ids are unique, and the estimate is last: it stands in for what no other measures', () => {
  const ids = sources.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.at(-1)).toBe('estimate')
})

describe.each(sources.map((source) => [source.id, source] as const))('source %s', (_, source) => {
  test('reads where it can: each domain once, within its parent, and each with a reading', async () => {
    const machine = trialOf(source).reads()
    const opened = await open(source, machine)
    const ids = opened.domains.map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(0)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { parent, gainRatio, plausibleMaxW, name, source: of } of opened.domains) {
      expect(parent === null || ids.includes(parent)).toBe(true)
      expect(gainRatio > 0 && gainRatio <= 0.5).toBe(true)
      expect(plausibleMaxW).toBeGreaterThan(0)
      expect(name).not.toBe('')
      expect(of).toBe(source.id)
    }
    work(machine)
    opened.sample()
    work(machine)
    await answered()
    const readings = opened.sample()
    expect(readings.map(({ domain }) => domain)).toEqual(ids)
    expect(readings.every((reading) => reading.kind !== 'fault' && isSane(reading))).toBe(true)
    opened.close()
    expect(machine.host.openDescriptors).toBe(0)
  })

  test('says why where it cannot, and how to mend it; and leaves nothing open', async () => {
    for (const [code, make] of Object.entries(trialOf(source).fails)) {
      const machine = make()
      const probed = await source.probe(machine.context)
      expect(probed).toMatchObject({ ok: false, code })
      if (!probed.ok) expectTold(probed)
      expect(machine.host.openDescriptors).toBe(0)
    }
  })

  test('allows everything that can be wrong, at the start or later: a problem, never an exception or a wrong number', async () => {
    const { reads, files } = trialOf(source)
    const content = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 40 }),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((number) => `${number}\n`),
      fc.constantFrom('', '\n', '0\n', '1e9\n', '0x10\n', 'package-0', 'package-99999999', 'psys\n', 'core\n'),
      fc.constantFrom('absent', 'denied', 'gone', 'broken', 'exhausted').map((fault) => ({ fault }) as const),
    )
    const damage = fc.record({ file: fc.nat(), content, isLater: fc.boolean() })
    const loads = fc.option(fc.record({ busyMs: fc.double(), atMs: fc.double() }), { nil: null })
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { maxLength: 4 }), loads, async (damages, load) => {
        const machine = reads()
        const apply = (isLater: boolean) => {
          for (const each of damages) {
            const path = files[each.file % Math.max(1, files.length)]
            if (path !== undefined && each.isLater === isLater) machine.host.write(path, each.content)
          }
        }
        apply(false)
        const probed = await source.probe(machine.context)
        if (!probed.ok) return expectTold(probed)
        apply(true)
        for (let tick = 0; tick < 3; tick++) {
          work(machine)
          if (load !== null && tick === 1) machine.load = { ...load, logicalCpus: 4 }
          for (const reading of probed.value.sample()) expect(isSane(reading)).toBe(true)
        }
        probed.value.refresh()
        for (const reading of probed.value.sample()) expect(isSane(reading)).toBe(true)
        probed.value.close()
        expect(machine.host.openDescriptors).toBe(0)
      }),
      fcOptions('sources', 150, 15_000),
    )
  })
})
