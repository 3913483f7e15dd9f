import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rigTruth } from '../../../../engine/host/rig/truth.ts'
import { drmNode } from '../../../../engine/processes/drm-nodes.ts'
import { parseFdinfo } from '../../../../engine/processes/fdinfo-text.ts'
import { listAmdGpus, npuAddress } from '../../../../engine/sources/amdgpu-devices.ts'
import { CardFiles } from '../../../../engine/sources/amdgpu-files.ts'
import { parseGpuMetrics } from '../../../../engine/sources/gpu-metrics.ts'
import { listedProcesses } from '../../../../engine/sources/nvml-processes.ts'
import { NvmlRecord } from '../../../../engine/sources/nvml-record.ts'
import { fcOptions } from '../../../support/counts.ts'
import { hostWith, rigWith, textOf } from '../../../support/rigs.ts'

const GPU = '0000:c4:00.0'
const NPU = '0000:c5:00.1'
const GIB = 2 ** 30

function graphics(metrics: string) {
  const place = { pci: GPU, vendor: 'amd', name: 'Radeon', inside: 'package-0', metrics }
  return { ...place, floorW: 1, wattsPerEngine: 20 }
}
const NEURAL = { pci: NPU, vendor: 'amd', kind: 'npu', name: 'XDNA', inside: 'package-0', floorW: 0, wattsPerEngine: 2 }

/** 4 W at rest with 5 W a core; one process on each part. */
function apu(metrics: string, more: Record<string, unknown> = {}) {
  return {
    domains: [{ zone: 'package-0', floorW: 4, wattsPerCore: 5 }],
    gpus: metrics === '3.0' ? [graphics(metrics), NEURAL] : [graphics(metrics)],
    processes: [
      { name: 'draws', app: 'a', pid: 41, load: 0.2, gpu: 0.5, gpuMemoryBytes: GIB },
      ...(metrics === '3.0' ? [{ name: 'thinks', app: 'b', pid: 42, gpu: 0.8, gpuOf: NPU, gpuMemoryBytes: GIB }] : []),
    ],
    ...more,
  }
}

const CORES_W = 4 + 0.2 * 5
const GRAPHICS_W = 1 + 0.5 * 20
const NEURAL_W = 0.8 * 2

function metricsOf(host: ReturnType<typeof hostWith>) {
  const bytes = Buffer.from(textOf(host, '/sys/class/drm/card0/device/gpu_metrics'), 'latin1')
  return parseGpuMetrics(bytes, bytes.length)
}

test('a processor with graphics and NPU tells of its parts in a table of format 3.0, and its counter holds them all', () => {
  const host = hostWith(apu('3.0'))
  host.clock.advance(100_000)
  const wholeW = CORES_W + GRAPHICS_W + NEURAL_W
  expect(metricsOf(host)).toEqual({
    isApu: true,
    busyRatio: 0.5,
    powerW: expect.closeTo(wholeW, 3),
    gfxPowerW: GRAPHICS_W,
    isGfxByDifference: false,
    npuPowerW: NEURAL_W,
    energyUnits: null,
  })
  const energyUj = Number(textOf(host, '/sys/class/powercap/intel-rapl:0/energy_uj'))
  expect(energyUj / 100e6).toBeCloseTo(wholeW, 5)
  const files = new CardFiles(host.files, '/sys/class/drm/card0/device')
  expect(files.isApuByName).toBe(true)
  expect(files.powerW()).toBeCloseTo(wholeW, 5)
})

test('in format 2.4 the rail of the cores stands beside that of the graphics, and there is no NPU', () => {
  const host = hostWith(apu('2.4'))
  host.clock.advance(100_000)
  expect(metricsOf(host)).toMatchObject({
    isApu: true,
    powerW: null,
    gfxPowerW: GRAPHICS_W,
    isGfxByDifference: false,
    npuPowerW: null,
  })
})

test('an NPU is no graphics card: it has a driver, an accelerator’s node, and clients whose time is told', () => {
  const host = hostWith(apu('3.0'))
  host.clock.advance(10_000)
  expect(listAmdGpus(host.files).map(({ address }) => address)).toEqual([GPU])
  expect(npuAddress(host.files)).toBe(NPU)
  const link = host.files.link('/proc/42/fd/7')
  expect(link).toMatchObject({ value: '/dev/accel/accel0' })
  expect(link.ok && drmNode(host.files, link.value)).toMatchObject({ pci: NPU, isAccel: true })
  expect(parseFdinfo(textOf(host, '/proc/42/fdinfo/7'))).toMatchObject({
    driver: 'amdxdna_accel_driver',
    pdev: NPU,
    engines: new Map([['npu-amdxdna', { kind: 'time', busyNs: 8e9, capacity: 1 }]]),
    memoryBytes: GIB,
  })
  expect(parseFdinfo(textOf(host, '/proc/41/fdinfo/7'))).toMatchObject({ driver: 'amdgpu', pdev: GPU, cardBytes: 0 })
  const untold = hostWith(apu('3.0', { gpus: [graphics('3.0'), { ...NEURAL, counter: false }] }))
  expect(parseFdinfo(textOf(untold, '/proc/42/fdinfo/7'))?.engines.size).toBe(0)
})

test('a battery gives what a chip draws once, not its parts again', () => {
  const host = hostWith(apu('3.0', { battery: { floorW: 3, fullWh: 50, startsAtPercent: 50 } }))
  host.clock.advance(3_600_000)
  const usedWh = 25 - Number(textOf(host, '/sys/class/power_supply/BAT0/energy_now')) / 1e6
  expect(usedWh).toBeCloseTo(CORES_W + GRAPHICS_W + NEURAL_W + 3, 4)
})

test('the truth of a chip holds its parts, is nobody’s twice, and is what counter and table show, for random loads', () => {
  const share = fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10)
  const load = fc.record({ wave: fc.record({ period: fc.constant('40s'), high: share, low: share }) })
  fc.assert(
    fc.property(load, load, load, fc.integer({ min: 2, max: 3_000 }), (cpu, gpu, npu, atS) => {
      const processes = [
        { name: 'cores', app: 'a', load: cpu },
        { name: 'draws', app: 'b', gpu, gpuMemoryBytes: GIB },
        { name: 'thinks', gpu: npu, gpuOf: NPU },
      ]
      const host = hostWith(apu('3.0', { processes }))
      host.clock.advance(atS * 1_000)
      const truth = rigTruth(host.rig, 0, host.elapsedMs())
      const energyUj = Number(textOf(host, '/sys/class/powercap/intel-rapl:0/energy_uj'))
      expect(Math.abs(energyUj / 1_000 - truth.energyMj)).toBeLessThan(0.01)
      const appsMj = truth.apps.reduce((sum, app) => sum + app.energyMj, 0)
      expect(appsMj + truth.floorMj + truth.otherMj).toBeCloseTo(truth.energyMj, 3)
      const before = rigTruth(host.rig, host.elapsedMs() - 1_000, host.elapsedMs())
      const partW = (domain: string) => (before.zones.find((zone) => zone.domain === domain)?.energyMj ?? 0) / 1_000
      const shown = metricsOf(host)
      if (typeof shown === 'string') throw new Error(shown)
      expect(shown.gfxPowerW).toBeCloseTo(partW(`gpu/${GPU}`), 2)
      expect(shown.npuPowerW).toBeCloseTo(partW(`npu/${NPU}`), 2)
      expect(shown.powerW).toBeCloseTo(partW('cpu/0'), 2)
    }),
    fcOptions('rig-chips', 40, 2_000),
  )
})

const SPLIT = {
  pci: '0000:ca:00.0',
  vendor: 'nvidia',
  name: 'NVIDIA A100 80GB PCIe',
  floorW: 40,
  wattsPerEngine: 200,
  memoryBytes: 80 * GIB,
  slices: ['3g.40gb', '1g.10gb'],
}

test('a split card tells its energy, who holds which slice, and nobody’s time', async () => {
  const user = (pid: number, gpuSlice: number) => ({
    ...{ name: `p${pid}`, app: 'a', pid, gpu: 0.1, gpuSlice },
    gpuMemoryBytes: pid * GIB,
  })
  const host = hostWith({ gpus: [SPLIT], processes: [user(3, 0), user(5, 0), user(7, 1)] })
  host.clock.advance(10_000)
  const answer = await host.vendor('nvml').answer({ pcis: [SPLIT.pci], isSlow: true })
  const card = answer.ok ? NvmlRecord.parse(answer.value.value).cards[0] : undefined
  expect(card).toMatchObject({ isSplit: true, gpuPct: null, samples: null, codes: { gpuPct: 3, samples: 3 } })
  expect(Number(card?.energyMj) % 1e9).toBe(10_000 * (40 + 0.3 * 200))
  expect(card?.lists.map(({ kind, count }) => [kind, count])).toEqual([
    ['compute', 3],
    ['graphics', 0],
    ['compute', 2],
    ['compute', 1],
  ])
  const listed = listedProcesses(card?.lists ?? [], { memoryBytes: 80 * GIB, isProcess: () => true })
  expect(listed.map(({ pid, memoryBytes }) => [pid, memoryBytes])).toEqual([3, 5, 7].map((pid) => [pid, pid * GIB]))
})

test.each<[string, Record<string, unknown>, string]>([
  [
    'graphics of a processor without its package',
    { gpus: [{ ...graphics('3.0'), inside: undefined }] },
    'gpus[0].inside: expected the package',
  ],
  ['a card within a package', { gpus: [{ ...graphics('1.3') }] }, 'gpus[0].inside: expected none'],
  [
    'a package that is not there',
    { gpus: [{ ...graphics('3.0'), inside: 'package-1' }] },
    'gpus[0].inside: expected a package of domains',
  ],
  ['tables of others', { gpus: [{ ...graphics('2.4'), vendor: 'intel' }] }, 'gpus[0].metrics: expected 1.3'],
  [
    'graphics that sleep alone',
    { gpus: [{ ...graphics('3.0'), sleeps: { after: '5s' } }] },
    'gpus[0].sleeps: expected none',
  ],
  [
    'an NPU whose power nobody tells',
    { gpus: [graphics('2.4'), NEURAL] },
    'gpus[1].kind: expected one NPU beside graphics',
  ],
  [
    'an NPU of another maker',
    { gpus: [graphics('3.0'), { ...NEURAL, vendor: 'intel' }] },
    'gpus[1].kind: expected gpu',
  ],
  [
    'an instance of no shape',
    { gpus: [{ ...SPLIT, slices: ['half'] }] },
    'gpus[0].slices[0]: expected an instance such as "3g.40gb"',
  ],
  [
    'more slices than a card has',
    { gpus: [{ ...SPLIT, slices: ['4g.40gb', '4g.40gb'] }] },
    'gpus[0].slices: expected at most 7g in all, but there are 8g',
  ],
  [
    'more memory than a card has',
    { gpus: [{ ...SPLIT, slices: ['3g.90gb'] }] },
    'gpus[0].slices: expected at most 85899345920 bytes in all',
  ],
  ['a split card of another maker', { gpus: [{ ...SPLIT, vendor: 'amd' }] }, 'gpus[0].slices: expected none'],
  [
    'a process that says no slice',
    { gpus: [SPLIT], processes: [{ name: 'p', gpu: 0.1 }] },
    'processes[0].gpuSlice: expected a slice of its card, 0 to 1',
  ],
  [
    'a slice of a whole card',
    { gpus: [graphics('3.0')], processes: [{ name: 'p', gpu: 0.1, gpuSlice: 0 }] },
    'processes[0].gpuSlice: expected a card with slices',
  ],
  [
    'a slice that works too hard',
    { gpus: [SPLIT], processes: [{ name: 'p', gpu: 0.2, gpuSlice: 1 }] },
    'expected at most 0.142857 busy engine on slice 1 of 0000:ca:00.0',
  ],
  [
    'a slice that is too full',
    { gpus: [SPLIT], processes: [{ name: 'p', gpuSlice: 1, gpuMemoryBytes: 11 * GIB }] },
    'expected at most 10737418240 bytes held on slice 1',
  ],
])('%s is a mistake that says what was expected', (_, fields, expected) => {
  const whole = { domains: [{ zone: 'package-0', floorW: 4 }], ...fields }
  expect(() => rigWith(whole)).toThrow(expected)
})
