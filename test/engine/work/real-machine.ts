import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import type { InputOf, OutputOf } from '../../../contract/define.ts'
import type { Contract, PerwattMethod } from '../../../contract/index.ts'
import { systemClock } from '../../../engine/clock/system.ts'
import { realHost } from '../../../engine/host/real.ts'
import { type Serving, serveEngine } from '../../../engine/serve.ts'
import { type Attached, attach } from '../../../engine/socket/client.ts'
import { createVendorPort } from '../../../engine/vendor/client.ts'
import { vendorUnderNode } from '../../../engine/vendor/vendor-process.ts'
import { BARE_FACTS } from '../../support/memory-host.ts'
import type { NvmlSimulator } from '../../support/nvml/nvml-scenario.ts'
import { ended } from '../../support/tiny-model/run.ts'

const PCI = '0000:01:00.0'
export const GPU = `gpu/${PCI}`
export const CPU = 'cpu/0'
const CARD_W = 200
const PACKAGE_W = 40
const FEED_MS = 100
const VENDOR_CHILD = new URL('../../../engine/vendor/child.ts', import.meta.url)
const METER_CHILD = join(import.meta.dirname, '..', '..', '..', 'engine', 'meter', 'child.ts')
const PATIENCE = { timeout: 60_000, interval: 50 }

/**
 * This machine with a processor and a card that draw known energy, and the engine that measures it: processes, sockets, the vendor process, the
 * ledger and the clock are real. The counters of RAPL are files, the driver of the card is the simulated one.
 */
export class RealMachine {
  /** What the two have drawn since the start; nothing until `work`. */
  readonly drawnMj = { [CPU]: 0, [GPU]: 0 }
  readonly dataDir = mkdtempSync(join(tmpdir(), 'perwatt-real-'))
  readonly #fromS = Math.floor(Date.now() / 1_000)
  readonly #simulator: NvmlSimulator
  readonly #computing: number
  #serving: Serving | null = null
  #attached: Attached | null = null
  #feed: NodeJS.Timeout | null = null

  /** @param computing process that uses the card. */
  constructor(simulator: NvmlSimulator, computing: number) {
    this.#simulator = simulator
    this.#computing = computing
  }

  async start(): Promise<void> {
    this.#build()
    this.#tell(0)
    onTestFinished(() => this.#stop())
    const clock = systemClock()
    const port = createVendorPort({ start: vendorUnderNode(VENDOR_CHILD, clock), clock })
    // The server is a child of this process, and no part of what measures it.
    const host = { ...realHost({ sysfs: this.#path('') }), clock, selfPid: null, vendor: port.session }
    const options = { version: 'test', timeZone: 'UTC', dataDir: this.dataDir, onBug: fail }
    const started = await serveEngine({ ...host, facts: async () => BARE_FACTS }, options)
    if (!started.ok) throw new Error(started.reason)
    this.#serving = started.value
    const attached = await attach(this.dataDir)
    if (!attached.ok) throw new Error(attached.reason)
    this.#attached = attached.value
    await vi.waitFor(async () => {
      const { domains } = await this.answer('now', {})
      if (![CPU, GPU].every((id) => domains.some((one) => one.id === id && one.powerW === 0)))
        throw new Error(JSON.stringify(domains))
    }, PATIENCE)
  }

  /** Over its socket, as every view asks. */
  readonly answer = async <M extends PerwattMethod>(
    method: M,
    input: InputOf<Contract[M]>,
  ): Promise<OutputOf<Contract[M]>> => {
    const told = await this.#attached?.client.call(method, input)
    if (told?.ok !== true) throw new Error(told?.reason ?? 'the engine was not started')
    return told.value
  }

  /** All of its time. */
  get range(): { fromS: number; toS: number } {
    return { fromS: this.#fromS, toS: Math.ceil(Date.now() / 1_000) }
  }

  /** From now on both draw, and the one process computes. */
  work(): void {
    let toldMs = performance.now()
    this.#feed = setInterval(() => {
      const ms = Math.round(performance.now() - toldMs)
      toldMs += ms
      this.#tell(ms)
    }, FEED_MS)
  }

  /** Nothing is drawn any more. */
  rest(): void {
    if (this.#feed !== null) clearInterval(this.#feed)
    this.#feed = null
  }

  /** The metering proxy as the engine starts it, in a process of its own; gives its port. */
  async meter(target: number): Promise<number> {
    const args = ['--target', `http://127.0.0.1:${target}`, '--listen', '0', '--data-dir', this.dataDir]
    const child = spawn(process.execPath, [METER_CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => ended(child))
    const [line] = await once(child.stdout, 'data')
    return Number(JSON.parse(String(line)).listening.listen.split(':')[1])
  }

  async #stop(): Promise<void> {
    this.rest()
    this.#attached?.close()
    await this.#serving?.stop('The test is over.')
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  #build(): void {
    const card = `bus/pci/devices/${PCI}`
    this.#write(`${card}/vendor`, '0x10de\n')
    this.#write(`${card}/class`, '0x030000\n')
    this.#write(`${card}/power/runtime_status`, 'active\n')
    this.#write(`${card}/power/control`, 'on\n')
    symlinkSync('../../../../bus/pci/drivers/nvidia', this.#path(`${card}/driver`))
    this.#write('class/powercap/intel-rapl:0/name', 'package-0\n')
    this.#write('class/powercap/intel-rapl:0/max_energy_range_uj', '999999999999999\n')
  }

  /** @param ms for so long both have worked since they were last told of. */
  #tell(ms: number): void {
    const drawn = this.drawnMj
    drawn[CPU] += PACKAGE_W * ms
    drawn[GPU] += CARD_W * ms
    this.#write('class/powercap/intel-rapl:0/energy_uj', `${1_000_000 + 1_000 * drawn[CPU]}\n`)
    const pid = this.#computing
    const samples = ms === 0 ? [] : [{ pid, atUs: BigInt(Date.now()) * 1_000n, smPct: 80 }]
    const processes = [{ pid, bytes: 14_704_544 }]
    const gpuPct = ms === 0 ? 0 : 80
    const usageMw = ms === 0 ? 0 : 1_000 * CARD_W
    this.#simulator.play({ cards: [{ pci: PCI, energyMj: 1_000 + drawn[GPU], gpuPct, usageMw, processes, samples }] })
  }

  #path(name: string): string {
    return join(this.dataDir, 'sys', name)
  }

  #write(name: string, text: string): void {
    mkdirSync(dirname(this.#path(name)), { recursive: true })
    writeFileSync(this.#path(name), text)
  }
}

function fail(where: string, error: unknown): void {
  throw new Error(`a bug in ${where}`, { cause: error })
}
