import { rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CardRecord, NvmlRecord, type NvmlRequest } from '../../../engine/sources/nvml-record.ts'
import type { VendorLibrary } from '../../../engine/vendor/driver.ts'
import { loadLibrary } from '../../../engine/vendor/library.ts'
import { nvmlDriver } from '../../../engine/vendor/nvml.ts'
import { NvmlSimulator } from '../../support/nvml/nvml-scenario.ts'

const PCI = '0000:01:00.0'
const OTHER = '0000:41:00.0'

let simulator: NvmlSimulator
let library: VendorLibrary

beforeAll(() => {
  simulator = new NvmlSimulator()
})
afterAll(() => rmSync(simulator.directory, { recursive: true }))

beforeEach(() => {
  const opened = nvmlDriver.open({ library: (_, prototypes) => loadLibrary(simulator.library, prototypes) })
  if (!opened.ok) throw new Error(opened.reason)
  library = opened.value
  return () => library.close()
})

/** As it arrives on the other side of the process boundary. */
function read(request: Partial<NvmlRequest> = {}): NvmlRecord {
  const asked = { pcis: [PCI], sinceUs: {}, isSlow: true, ...request }
  return NvmlRecord.parse(JSON.parse(JSON.stringify(library.read(asked))))
}

function card(request: Partial<NvmlRequest> = {}): CardRecord {
  const [first] = read(request).cards
  if (first === undefined) throw new Error('no card was read')
  return first
}

describe('a card', () => {
  test('tells its energy to the last bit, its name and its limits', () => {
    simulator.play({ cards: [{ pci: PCI, energyMj: 9_007_199_254_740_991, gpuPct: 7, limitMw: 450_000 }] })
    expect(read()).toEqual({
      init: 0,
      isSlow: true,
      cards: [
        {
          pci: PCI,
          code: 0,
          codes: {},
          energyMj: '9007199254740991',
          powerAverageMw: null,
          powerInstantMw: null,
          powerUsageMw: 100_000,
          gpuPct: 7,
          isSplit: false,
          lists: ['compute', 'graphics', 'mps'].map((kind) => ({ kind, count: 0, bytes: '' })),
          samples: [],
          description: {
            name: 'NVIDIA GeForce RTX 4090',
            uuid: 'GPU-0',
            architecture: 8,
            enforcedLimitMw: 450_000,
            defaultLimitMw: 450_000,
            memoryBytes: String(24 * 2 ** 30),
          },
        },
      ],
    })
  })

  test('without a counter tells its powers, each that it has', () => {
    simulator.play({ cards: [{ pci: PCI, energyMj: -1, averageMw: 81_000, usageMw: -1 }] })
    expect(card()).toMatchObject({
      energyMj: null,
      powerAverageMw: 81_000,
      powerInstantMw: null,
      codes: { energyMj: 3, powerInstantMw: 3, powerUsageMw: 3 },
    })
  })

  test('is described only when asked slowly, and what it does not support is asked again only then', () => {
    simulator.play({ cards: [{ pci: PCI, energyMj: -1 }] })
    expect(card().codes.energyMj).toBe(3)
    simulator.play({ cards: [{ pci: PCI, energyMj: 5 }] })
    expect(card({ isSlow: false })).toMatchObject({ energyMj: null, description: null, codes: { energyMj: 3 } })
    expect(card()).toMatchObject({ energyMj: '5', description: { uuid: 'GPU-0' } })
  })

  test('counts in real time', () => {
    simulator.play({ cards: [{ pci: PCI, watts: 1e6 }] })
    const before = BigInt(card().energyMj ?? 0)
    expect(BigInt(card().energyMj ?? 0) > before).toBe(true)
  })

  test('that is not named is not touched', () => {
    const fails = [{ name: 'nvmlDeviceGetHandleByIndex_v2', code: 15 }]
    simulator.play({ cards: [{ pci: OTHER }, { pci: PCI, name: 'Second' }], fails })
    expect(read().cards.map(({ pci, description }) => [pci, description?.name])).toEqual([[PCI, 'Second']])
  })

  test('is found by the library where nobody names it, even where another may not be used', () => {
    const fails = [{ name: 'nvmlDeviceGetHandleByIndex_v2', code: 4, card: 0 }]
    simulator.play({ cards: [{ pci: OTHER }, { pci: '00010000:0A:00.0' }], fails })
    expect(read({ pcis: null }).cards.map(({ pci, code }) => [pci, code])).toEqual([['10000:0a:00.0', 0]])
  })

  test('gives each code of its own wherever it fails, and never an exception', () => {
    const names = [
      'nvmlDeviceGetTotalEnergyConsumption',
      'nvmlDeviceGetPowerUsage',
      'nvmlDeviceGetFieldValues',
      'nvmlDeviceGetUtilizationRates',
      'nvmlDeviceGetMigMode',
      'nvmlDeviceGetComputeRunningProcesses_v3',
      'nvmlDeviceGetGraphicsRunningProcesses_v3',
      'nvmlDeviceGetMPSComputeRunningProcesses_v3',
      'nvmlDeviceGetProcessUtilization',
      'nvmlDeviceGetName',
      'nvmlDeviceGetUUID',
      'nvmlDeviceGetArchitecture',
      'nvmlDeviceGetEnforcedPowerLimit',
      'nvmlDeviceGetPowerManagementDefaultLimit',
      'nvmlDeviceGetMemoryInfo',
    ]
    for (const code of [1, 2, 3, 4, 8, 10, 11, 14, 17, 18, 19, 20, 21, 23, 25, 26, 27, 28, 29, 999]) {
      simulator.play({ cards: [{ pci: PCI }], fails: names.map((name) => ({ name, code })) })
      const { codes, ...record } = card()
      expect(record).toMatchObject({ code: 0, energyMj: null, gpuPct: null, lists: [], samples: null, isSplit: false })
      expect(new Set(Object.values(codes))).toEqual(new Set([code]))
      expect(Object.keys(codes)).toHaveLength(16)
    }
  })
})

describe('a card that is lost', () => {
  test('is told as lost until a slow reading finds it again', () => {
    for (const code of [15, 16]) {
      simulator.play({ cards: [{ pci: PCI }] })
      expect(card().code).toBe(0)
      const fails = [{ name: 'nvmlDeviceGetTotalEnergyConsumption', code }]
      simulator.play({ cards: [{ pci: PCI }], fails })
      expect(card({ isSlow: false })).toMatchObject({ code, energyMj: null })
      simulator.play({ cards: [{ pci: PCI }] })
      expect(card({ isSlow: false }).code).toBe(code)
      expect(card()).toMatchObject({ code: 0, energyMj: '1000' })
    }
  })
})

describe('the library', () => {
  test('tells why it cannot start, and starts once it can', () => {
    for (const init of [4, 9, 12, 17, 18, 999]) {
      simulator.play({ cards: [{ pci: PCI }], fails: [{ name: 'nvmlInit_v2', code: init }] })
      expect(read()).toEqual({ init, isSlow: true, cards: [] })
    }
    simulator.play({ cards: [{ pci: PCI }] })
    expect(read().init).toBe(0)
  })

  test('that is not installed is absent, one that cannot be loaded is broken', () => {
    const refusing = (code: 'absent' | 'broken') =>
      nvmlDriver.open({ library: () => ({ ok: false, code, reason: 'No.', remedy: null }) })
    expect(refusing('absent')).toMatchObject({ ok: false, code: 'absent' })
    expect(refusing('broken')).toMatchObject({ ok: false, code: 'broken' })
  })

  test('of an old driver lacks functions, which is told as a code', () => {
    const old = loadLibrary(simulator.library, ['int nvmlInit_v2()', 'int nvmlShutdown()'])
    const opened = nvmlDriver.open({ library: () => old })
    if (!opened.ok) throw new Error(opened.reason)
    expect(opened.value.read({ pcis: [PCI], sinceUs: {}, isSlow: false })).toMatchObject({ cards: [{ code: 13 }] })
    opened.value.close()
  })
})

describe('processes', () => {
  const processes = Array.from({ length: 300 }, (_, index) => ({ pid: 1_000 + index, bytes: 2 ** 20 }))

  test('are handed over as written, however many and however long their records', () => {
    for (const strideBytes of [16, 24, 32] as const) {
      simulator.play({ cards: [{ pci: PCI, processes }], strideBytes })
      const list = card().lists.find(({ kind }) => kind === 'compute')
      expect(list?.count).toBe(300)
      expect(Buffer.from(list?.bytes ?? '', 'base64')).toHaveLength(300 * strideBytes)
    }
  })

  test('are read by an older function where the newest says that it is none', () => {
    const fails = ['_v3', '_v2'].map((version) => ({
      name: `nvmlDeviceGetComputeRunningProcesses${version}`,
      code: 13,
    }))
    simulator.play({ cards: [{ pci: PCI, processes: processes.slice(0, 2) }], fails })
    const list = card().lists.find(({ kind }) => kind === 'compute')
    expect(Buffer.from(list?.bytes ?? '', 'base64')).toHaveLength(32)
  })

  test('of a split card are those of its instances', () => {
    const split = [0, 3].map((instance) => ({ pid: 50 + instance, bytes: 4_096, instance }))
    simulator.play({ cards: [{ pci: PCI, isSplit: true, processes: split }] })
    const record = card()
    const counts = record.lists.filter(({ kind }) => kind === 'compute').map(({ count }) => count)
    expect(record).toMatchObject({ isSplit: true, samples: null, codes: { samples: 3 } })
    expect(counts).toEqual([0, 1, 1])
  })

  test('have samples newer than those seen, and none at all is nobody at work', () => {
    const samples = [1n, 2n, 3n].map((atUs) => ({ pid: 7, atUs, smPct: 30 }))
    simulator.play({ cards: [{ pci: PCI, samples }] })
    expect(card({ sinceUs: { [PCI]: '1' } }).samples).toEqual([
      { pid: 7, atUs: '2', smPct: 30 },
      { pid: 7, atUs: '3', smPct: 30 },
    ])
    expect(card({ sinceUs: { [PCI]: '3' } }).samples).toEqual([])
  })
})
