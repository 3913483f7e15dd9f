import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { nvml } from '../../../engine/sources/nvml.ts'
import type { Reading } from '../../../engine/sources/source.ts'
import { createVendorPort } from '../../../engine/vendor/client.ts'
import { vendorUnderNode } from '../../../engine/vendor/vendor-process.ts'
import { NvmlSimulator, type SimulatedCard } from '../../support/nvml/nvml-scenario.ts'
import { NvmlMachine, PCI } from '../sources/nvml-machine.ts'

/** The whole way, with a real vendor process that loads a real library through koffi: only the card is not real. */
const onLinux = test.runIf(process.platform === 'linux')
const CARD: SimulatedCard = { pci: PCI, watts: 300 }
const CHILD = new URL('../../../engine/vendor/child.ts', import.meta.url)

let simulator: NvmlSimulator
const pathBefore = process.env.LD_LIBRARY_PATH

beforeAll(() => {
  simulator = new NvmlSimulator()
  // The vendor process finds the simulator where it looks for NVIDIA's library first.
  process.env.LD_LIBRARY_PATH = simulator.directory
})
afterAll(() => {
  if (pathBefore === undefined) delete process.env.LD_LIBRARY_PATH
  else process.env.LD_LIBRARY_PATH = pathBefore
  rmSync(simulator.directory, { recursive: true })
})

async function start(card: SimulatedCard = CARD) {
  simulator.play({ cards: [card] })
  const machine = new NvmlMachine()
  const port = createVendorPort({ start: vendorUnderNode(CHILD, machine.host.clock), clock: machine.host.clock })
  machine.host.vendor = (driver) => port.session(driver)
  const probed = await nvml.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  const source = probed.value
  onTestFinished(() => source.close())
  /** Ticks until one brings what is waited for. */
  const until = (isIt: (reading: Reading) => boolean, stepMs = 100) =>
    vi.waitFor(
      () => {
        machine.host.clock.advance(stepMs)
        const found = source.sample().find(isIt)
        expect(found).toBeDefined()
        return found as Reading
      },
      { timeout: 15_000, interval: 20 },
    )
  return { machine, port, source, until }
}

const isCounter = (reading: Reading) => reading.kind === 'counter'
const isFault = (reading: Reading) => reading.kind === 'fault'

onLinux('a card is described and counted, and who runs on it is told', async () => {
  const processes = [
    { pid: process.pid, bytes: 2 ** 30 },
    { pid: process.ppid, bytes: 2 ** 20, kind: 'graphics' as const },
  ]
  const { source, until } = await start({ ...CARD, name: 'NVIDIA H100 PCIe', gpuPct: 50, processes })
  expect(source.domains).toMatchObject([{ id: `gpu/${PCI}`, name: 'NVIDIA H100 PCIe', gainRatio: 0.05 }])
  const first = await until(isCounter)
  const next = await until((reading) => reading.kind === 'counter' && reading.atMs > first.atMs)
  expect(next.kind === 'counter' && first.kind === 'counter' && next.raw > first.raw).toBe(true)
  expect(source.uses?.()).toMatchObject([
    {
      device: PCI,
      processes: [
        { pid: process.pid, isResident: true },
        { pid: process.ppid, isResident: false },
      ],
    },
  ])
})

onLinux('a library that crashes takes its own process with it alone, and is loaded again', async () => {
  const { machine, until } = await start()
  await until(isCounter)
  simulator.play({ cards: [CARD], crashes: 'nvmlDeviceGetPowerUsage' })
  expect(await until(isFault)).toMatchObject({ problem: { code: 'broken' } })
  simulator.play({ cards: [CARD] })
  machine.host.clock.advance(600_000)
  await until(isCounter)
})

onLinux('a library that hangs holds up no tick, is killed, and is loaded again', async () => {
  const { machine, until } = await start()
  await until(isCounter)
  simulator.play({ cards: [CARD], hangs: { name: 'nvmlDeviceGetPowerUsage', forMs: 60_000 } })
  expect(await until(isFault, 500)).toMatchObject({ problem: { code: 'broken' } })
  simulator.play({ cards: [CARD] })
  machine.host.clock.advance(600_000)
  await until(isCounter)
})

onLinux('a card that may sleep and has nothing to do leaves no process behind that holds it', async () => {
  const { machine, port, source, until } = await start()
  await until(isCounter)
  expect(port.pid).not.toBe(null)
  machine.power(PCI, 'active', 'auto')
  source.refresh()
  for (let second = 0; second < 16; second++) {
    machine.host.clock.advance(1_000)
    source.sample()
  }
  await vi.waitFor(() => expect(port.pid).toBe(null), { timeout: 10_000 })
})

onLinux('a driver that was updated says so at the start, with its remedy, and leaves no process', async () => {
  simulator.play({ cards: [CARD], fails: [{ name: 'nvmlInit_v2', code: 18 }] })
  const machine = new NvmlMachine()
  const port = createVendorPort({ start: vendorUnderNode(CHILD, machine.host.clock), clock: machine.host.clock })
  machine.host.vendor = (driver) => port.session(driver)
  expect(await nvml.probe(machine.context)).toMatchObject({ ok: false, remedy: { argv: ['reboot'] } })
  await vi.waitFor(() => expect(port.pid).toBe(null), { timeout: 10_000 })
})
