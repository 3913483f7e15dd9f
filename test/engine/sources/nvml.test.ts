import { describe, expect, test } from 'vitest'
import { problem, remedyText } from '../../../contract/result.ts'
import { nvml } from '../../../engine/sources/nvml.ts'
import type { OpenSource } from '../../../engine/sources/source.ts'
import { NvmlMachine, PCI, type ScriptedCard } from './nvml-machine.ts'

const OTHER = '0000:41:00.0'

async function open(machine: NvmlMachine): Promise<OpenSource> {
  const probed = await nvml.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

async function problemOf(machine: NvmlMachine) {
  const probed = await nvml.probe(machine.context)
  if (probed.ok) throw new Error('probe found a source')
  expect(machine.isLoaded).toBe(false)
  return { code: probed.code, reason: probed.reason, remedy: probed.remedy === null ? null : remedyText(probed.remedy) }
}

/** One second later. */
function tick(machine: NvmlMachine, source: OpenSource, forMs = 1_000) {
  machine.host.clock.advance(forMs)
  return source.sample()
}

const domainOf = async (card: ScriptedCard) => (await open(new NvmlMachine({ [PCI]: card }))).domains[0]

function described(description: Partial<NonNullable<ScriptedCard['description']>>): ScriptedCard {
  return { description: description as NonNullable<ScriptedCard['description']> }
}

describe('a card', () => {
  test('is a domain of its own by its PCI address, counted where it counts', async () => {
    expect(await domainOf({})).toEqual({
      id: `gpu/${PCI}`,
      kind: 'gpu',
      parent: null,
      source: 'nvml',
      provenance: 'counter',
      name: 'NVIDIA GeForce RTX 4090',
      gainRatio: 0.025,
      plausibleMaxW: 675,
      activity: 'gpu',
      tableFloorW: null,
      device: PCI,
    })
  })

  test('of a kind that samples a quarter of the time is twice as uncertain', async () => {
    const gains = await Promise.all(
      [
        { name: 'NVIDIA A100-SXM4-80GB', architecture: 7 },
        { name: 'NVIDIA A30', architecture: null },
        { name: 'NVIDIA H100 PCIe', architecture: 9 },
        { name: 'Something new', architecture: 9 },
        { name: 'NVIDIA RTX A3000 Laptop GPU', architecture: 7 },
        { name: 'NVIDIA A10', architecture: 7 },
      ].map(async (description) => (await domainOf(described(description)))?.gainRatio),
    )
    expect(gains).toEqual([0.05, 0.05, 0.05, 0.05, 0.025, 0.025])
  })

  test('may draw half more than its highest limit, and 2 kW where it names none', async () => {
    const limits = [
      [100_000, 450_000],
      [300_000, 250_000],
      [null, null],
      [0, 0],
      [4_294_967_295, 0],
    ] as const
    const most = await Promise.all(
      limits.map(
        async ([enforcedLimitMw, defaultLimitMw]) =>
          (await domainOf(described({ enforcedLimitMw, defaultLimitMw })))?.plausibleMaxW,
      ),
    )
    expect(most).toEqual([675, 450, 2_000, 2_000, 2_000])
  })

  test('has its address in its name where there are two of its model', async () => {
    const source = await open(new NvmlMachine({ [PCI]: {}, [OTHER]: {} }))
    expect(source.domains.map(({ name }) => name)).toEqual([
      `NVIDIA GeForce RTX 4090 (${PCI})`,
      `NVIDIA GeForce RTX 4090 (${OTHER})`,
    ])
  })

  test('comes and goes with its plug', async () => {
    const machine = new NvmlMachine()
    const source = await open(machine)
    machine.plug(OTHER)
    source.refresh()
    tick(machine, source)
    tick(machine, source, 60_000)
    tick(machine, source)
    expect(source.refresh()).toBe(true)
    expect(source.domains).toHaveLength(2)
    machine.unplug(PCI)
    expect(source.refresh()).toBe(true)
    expect(source.domains.map(({ device }) => device)).toEqual([OTHER])
    expect(source.refresh()).toBe(false)
  })

  test('is named by the library where there is no sysfs: Windows and WSL', async () => {
    const machine = new NvmlMachine({}, { virtualisation: 'wsl' })
    machine.cards.set(PCI, {})
    const source = await open(machine)
    expect(source.domains.map(({ id }) => id)).toEqual([`gpu/${PCI}`])
    expect(machine.requests[0]?.pcis).toBe(null)
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'counter', domain: `gpu/${PCI}` }])
  })
})

describe('a reading', () => {
  test('is the counter in mJ, each answer once, at the middle of its question and answer', async () => {
    const machine = new NvmlMachine({ [PCI]: { energyMj: '18446744073709' } })
    const source = await open(machine)
    expect(source.sample()).toEqual([
      {
        kind: 'counter',
        domain: `gpu/${PCI}`,
        atMs: 0,
        raw: 18_446_744_073_709n,
        unitNj: 1_000_000n,
        wrapsAfter: null,
      },
    ])
    machine.isHung = true
    expect(tick(machine, source)).toMatchObject([{ atMs: 0 }])
    expect(tick(machine, source)).toEqual([])
    expect(tick(machine, source)).toEqual([])
  })

  test('is a power where nothing counts: the mean of a second, shifted by half of it, before that of an instant', async () => {
    const powers: readonly [ScriptedCard, number, number][] = [
      [{ powerAverageMw: 81_500, powerInstantMw: 90_000, powerUsageMw: 70_000 }, 81.5, -500],
      [{ powerInstantMw: 90_000, powerUsageMw: 70_000 }, 90, 0],
      [{ powerUsageMw: 70_000, ...described({ architecture: 4 }) }, 70, 0],
      [{ powerUsageMw: 70_000, ...described({ architecture: 8 }) }, 70, -500],
      [{ powerUsageMw: 70_000, ...described({ architecture: 7, name: 'NVIDIA A100' }) }, 70, 0],
    ]
    for (const [card, powerW, atMs] of powers) {
      const machine = new NvmlMachine({ [PCI]: { energyMj: null, codes: { energyMj: 3 }, ...card } })
      const source = await open(machine)
      expect(source.domains[0]?.provenance).toBe('sensor')
      expect(source.sample()).toEqual([{ kind: 'sensor', domain: `gpu/${PCI}`, atMs, powerW }])
    }
  })

  test('of a counter that says 0 is the power: a card that counts has drawn something', async () => {
    const source = await open(new NvmlMachine({ [PCI]: { energyMj: '0', powerUsageMw: 9_000 } }))
    expect(source.domains[0]?.provenance).toBe('sensor')
  })

  test('is a fault, never a number, where it is nonsense', async () => {
    const machine = new NvmlMachine()
    const source = await open(machine)
    tick(machine, source)
    machine.set(PCI, { energyMj: '18446744073709551615' })
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    const sensor = new NvmlMachine({ [PCI]: { energyMj: null, powerUsageMw: 9_000 } })
    const power = await open(sensor)
    for (const powerUsageMw of [0, 4_294_967_295]) {
      sensor.set(PCI, { powerUsageMw })
      tick(sensor, power)
      expect(tick(sensor, power)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
    }
  })

  test('of a counter that stands still while power flows is a fault, and none while little does', async () => {
    const machine = new NvmlMachine({ [PCI]: { powerUsageMw: 60_000 } })
    const source = await open(machine)
    const kinds = Array.from({ length: 8 }, () => tick(machine, source)[0]?.kind)
    expect(kinds).toEqual(['counter', 'counter', 'counter', 'counter', 'counter', 'fault', 'fault', 'fault'])
    machine.set(PCI, { energyMj: '2000' })
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'counter', raw: 2_000n }])
    machine.set(PCI, { powerUsageMw: 3_000 })
    for (let count = 0; count < 10; count++) tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'counter' }])
  })

  test('is left out while the driver hiccups; after five in a row it is a fault, and the library is loaded anew', async () => {
    for (const code of [1, 10, 999]) {
      const machine = new NvmlMachine()
      const source = await open(machine)
      machine.set(PCI, { energyMj: null, codes: { energyMj: code } })
      tick(machine, source)
      const kinds = Array.from({ length: 5 }, () => tick(machine, source).map(({ kind }) => kind))
      expect(kinds).toEqual([[], [], [], [], ['fault']])
      expect([machine.opened, machine.closed]).toEqual([2, 1])
      machine.set(PCI, { energyMj: '7000', codes: {} })
      tick(machine, source)
      expect(tick(machine, source)).toMatchObject([{ kind: 'counter', raw: 7_000n }])
    }
  })

  test('that fails for good keeps the domain and its provenance, and says why', async () => {
    const machine = new NvmlMachine({ [PCI]: {}, [OTHER]: {} })
    const source = await open(machine)
    machine.set(OTHER, { code: 15 })
    tick(machine, source)
    const [first, second] = tick(machine, source)
    expect(first?.kind).toBe('counter')
    expect(second).toMatchObject({ kind: 'fault', problem: { code: 'broken', remedy: { argv: ['reboot'] } } })
    expect(machine.closed).toBe(0)
    machine.set(OTHER, { code: 0 })
    tick(machine, source)
    expect(tick(machine, source).map(({ kind }) => kind)).toEqual(['counter', 'counter'])
  })

  test('of a machine whose cards are all lost comes from a library that is loaded anew once a minute', async () => {
    const machine = new NvmlMachine()
    const source = await open(machine)
    machine.set(PCI, { code: 15 })
    for (let second = 0; second < 200; second++) tick(machine, source)
    expect(machine.closed).toBeGreaterThan(1)
    expect(machine.closed).toBeLessThan(5)
  })

  test('is a fault while the driver does not answer, and when it answers nonsense', async () => {
    const machine = new NvmlMachine()
    const source = await open(machine)
    machine.fault = problem('broken', 'The NVIDIA driver did not answer for 4 s.')
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: machine.fault }])
    machine.fault = null
    machine.answer = { cards: 'many' }
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
  })

  test('says that the driver was updated under the running app, and comes back when it can be read', async () => {
    const machine = new NvmlMachine()
    const source = await open(machine)
    machine.init = 18
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'fault', problem: { remedy: { argv: ['reboot'] } } }])
    const asked = machine.requests.length
    for (let second = 0; second < 9; second++) expect(tick(machine, source)).toEqual([])
    expect(machine.requests).toHaveLength(asked)
    machine.init = 0
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'counter' }])
  })
})

describe('a card that sleeps', () => {
  test('is never asked, nor is the library loaded, and its domain says so', async () => {
    const machine = new NvmlMachine()
    machine.power(PCI, 'suspended', 'auto')
    const source = await open(machine)
    expect(source.domains).toMatchObject([{ id: `gpu/${PCI}`, name: `NVIDIA GPU ${PCI}`, provenance: 'counter' }])
    expect(tick(machine, source)).toEqual([{ kind: 'asleep', domain: `gpu/${PCI}`, atMs: 1_000 }])
    expect([machine.opened, machine.requests.length]).toEqual([0, 0])
    machine.power(PCI, 'active', 'auto')
    tick(machine, source)
    expect(tick(machine, source)).toMatchObject([{ kind: 'counter' }])
    expect(source.refresh()).toBe(true)
    expect(source.domains).toMatchObject([{ name: 'NVIDIA GeForce RTX 4090' }])
  })

  test('is let go after 15 quiet seconds, and asked again when it wakes', async () => {
    const machine = new NvmlMachine()
    machine.power(PCI, 'active', 'auto')
    const source = await open(machine)
    for (let second = 0; second < 14; second++) tick(machine, source)
    expect(machine.isLoaded).toBe(true)
    tick(machine, source)
    expect(machine.isLoaded).toBe(false)
    const asked = machine.requests.length
    tick(machine, source)
    machine.power(PCI, 'suspended', 'auto')
    for (let second = 0; second < 100; second++)
      expect(tick(machine, source).map(({ kind }) => kind)).toEqual(['asleep'])
    expect(machine.requests).toHaveLength(asked)
    machine.power(PCI, 'active', 'auto')
    tick(machine, source)
    expect(machine.isLoaded).toBe(true)
  })

  test('is held while something computes on it', async () => {
    const machine = new NvmlMachine({ [PCI]: { processes: [{ pid: 7 }] } })
    machine.power(PCI, 'active', 'auto')
    const source = await open(machine)
    for (let second = 0; second < 100; second++) tick(machine, source)
    expect([machine.opened, machine.closed]).toEqual([1, 0])
    machine.set(PCI, { processes: [{ pid: 9, kind: 'graphics' }] })
    for (let second = 0; second < 18; second++) tick(machine, source)
    expect(machine.isLoaded).toBe(false)
  })

  test('that somebody else keeps awake is looked at less and less often let go', async () => {
    const machine = new NvmlMachine()
    machine.power(PCI, 'active', 'auto')
    const source = await open(machine)
    let loaded = 0
    for (let second = 0; second < 3_600; second++) {
      tick(machine, source)
      if (machine.isLoaded) loaded += 1
    }
    expect(loaded / 3_600).toBeGreaterThan(0.8)
    expect(machine.closed).toBeLessThan(12)
  })

  test('does not keep one that is awake from being read', async () => {
    const machine = new NvmlMachine({ [PCI]: {}, [OTHER]: {} })
    machine.power(PCI, 'suspended', 'auto')
    const source = await open(machine)
    tick(machine, source)
    expect(tick(machine, source).map(({ kind }) => kind)).toEqual(['asleep', 'counter'])
    expect(machine.requests.every(({ pcis }) => pcis?.join() === OTHER)).toBe(true)
  })

  test('that is let go beside one that is read gives its handle back', async () => {
    const machine = new NvmlMachine({ [PCI]: {}, [OTHER]: {} })
    machine.power(PCI, 'active', 'auto')
    const source = await open(machine)
    for (let second = 0; second < 17; second++) tick(machine, source)
    expect([machine.opened, machine.closed]).toEqual([2, 1])
    expect(machine.requests.at(-1)?.pcis).toEqual([OTHER])
  })

  test('never does where power management is off for it', async () => {
    const machine = new NvmlMachine()
    const source = await open(machine)
    for (let second = 0; second < 100; second++) tick(machine, source)
    expect([machine.opened, machine.closed]).toEqual([1, 0])
  })
})

describe('why it does not read', () => {
  const container = { virtualisation: 'container' } as const

  test('is that there is no card, or that another driver runs it', async () => {
    expect(await problemOf(new NvmlMachine({}))).toMatchObject({ code: 'absent' })
    const drivers = [
      ['nouveau', 'absent'],
      ['vfio-pci', 'hidden'],
      ['nova_core', 'absent'],
      ['something', 'absent'],
    ] as const
    for (const [driver, code] of drivers) {
      const machine = new NvmlMachine({})
      machine.plug(PCI, {}, driver)
      expect(await problemOf(machine)).toMatchObject({ code })
      expect(machine.requests).toEqual([])
    }
  })

  test('is that the driver is not loaded, or the library not installed', async () => {
    const unbound = new NvmlMachine({})
    unbound.plug(PCI, {}, null)
    unbound.fault = problem('absent', 'No library.')
    expect(await problemOf(unbound)).toMatchObject({ code: 'absent', remedy: 'sudo modprobe nvidia' })
    const bound = new NvmlMachine()
    bound.fault = problem('absent', 'No library.')
    expect(await problemOf(bound)).toMatchObject({ code: 'absent', remedy: null })
    const hidden = new NvmlMachine({ [PCI]: {} }, container)
    hidden.fault = problem('absent', 'No library.')
    expect((await problemOf(hidden)).remedy).toMatch(/^docker run --gpus all/)
  })

  test('is what the library says of itself', async () => {
    const codes = [
      [4, 'denied', /^sudo sh -c/],
      [9, 'absent', /^sudo modprobe nvidia$/],
      [12, 'absent', null],
      [17, 'denied', /^sudo sh -c/],
      [18, 'broken', /^sudo reboot$/],
      [999, 'broken', null],
    ] as const
    for (const [init, code, remedy] of codes) {
      const machine = new NvmlMachine()
      machine.init = init
      const told = await problemOf(machine)
      expect(told.code).toBe(code)
      if (remedy === null) expect(told.remedy).toBe(null)
      else expect(told.remedy).toMatch(remedy)
    }
  })

  test('is what the library says of the only card', async () => {
    const codes = [
      [4, {}, 'denied'],
      [6, {}, 'absent'],
      [6, container, 'hidden'],
      [17, container, 'hidden'],
      [15, {}, 'broken'],
      [16, {}, 'broken'],
    ] as const
    for (const [code, facts, expected] of codes)
      expect(await problemOf(new NvmlMachine({ [PCI]: { code } }, facts))).toMatchObject({ code: expected })
  })

  test('is that the card tells neither energy nor power', async () => {
    const codes = { energyMj: 3, powerUsageMw: 3 }
    const machine = new NvmlMachine({ [PCI]: { energyMj: null, powerUsageMw: null, codes } })
    expect(await problemOf(machine)).toMatchObject({ code: 'absent' })
  })

  test('is not one card of several that may not be read', async () => {
    const source = await open(new NvmlMachine({ [PCI]: { code: 4 }, [OTHER]: {} }))
    expect(source.domains.map(({ device }) => device)).toEqual([OTHER])
  })
})
