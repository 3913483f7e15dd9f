import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Now } from '../../../contract/now.ts'
import { problem } from '../../../contract/result.ts'
import { type VirtualClock, virtualClock } from '../../../engine/clock/virtual.ts'
import type { Host, VendorAnswer, VendorSession } from '../../../engine/host/host.ts'
import { realHost } from '../../../engine/host/real.ts'
import { type Engine, startEngine } from '../../../engine/index.ts'
import { createVendorPort, type VendorPort } from '../../../engine/vendor/client.ts'
import { vendorUnderNode } from '../../../engine/vendor/vendor-process.ts'
import { runs } from '../../support/counts.ts'
import { BARE_FACTS } from '../../support/memory-host.ts'
import { NvmlSimulator, type Scenario } from '../../support/nvml/nvml-scenario.ts'
import { hasEnded } from '../vendor/has-ended.ts'
import { NvmlMachine, PCI } from './nvml-machine.ts'

/**
 * What becomes of everything else while NVIDIA's driver hangs, crashes, or is exchanged under the running engine. First with all that is real
 * here: files, processes, the vendor process, a library that is loaded through koffi; only the card and the clock are not. Then, for what adds
 * up over many cycles, with a vendor session that answers by script, because a real process takes a tenth of a second to start.
 */
const CPU_W = 42
const GPU_W = 300
const CHILD = new URL('../../../engine/vendor/child.ts', import.meta.url)
const VERSION_MISMATCH = 18
/** Fewer descriptors than there are outages after the warm-up: one that leaked with each would show. */
const RUNNERS_OWN = 2
const SIMULATED = { version: 'test', timeZone: 'UTC', mode: 'simulated' } as const

const onLinux = test.runIf(process.platform === 'linux')
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

let simulator: NvmlSimulator
let app: string
const pathBefore = process.env.LD_LIBRARY_PATH

beforeAll(() => {
  if (process.platform !== 'linux') return
  simulator = new NvmlSimulator()
  process.env.LD_LIBRARY_PATH = simulator.directory
  app = join(simulator.directory, 'ollama')
  const source = '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n'
  const built = spawnSync(process.env.CC ?? 'cc', ['-x', 'c', '-o', app, '-'], { input: source, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stderr)
})
afterAll(() => {
  if (pathBefore === undefined) delete process.env.LD_LIBRARY_PATH
  else process.env.LD_LIBRARY_PATH = pathBefore
  if (process.platform === 'linux') rmSync(simulator.directory, { recursive: true })
})

/** This machine with a RAPL package of 42 W and a card of 300 W on which one real process computes; its sysfs is a real tree of files. */
class OutageMachine {
  readonly clock: VirtualClock = virtualClock({ wallMs: Date.now() })
  readonly port: VendorPort = createVendorPort({ start: vendorUnderNode(CHILD, this.clock), clock: this.clock })
  readonly pids = new Set<number>()
  readonly computing: ChildProcess
  readonly dataDir = mkdtempSync(join(tmpdir(), 'perwatt-outage-'))
  scenario: Omit<Scenario, 'cards' | 'driver'> = {}
  driver = 1
  now: Now | null = null
  ticks = 0
  elapsedMs = 0
  #engine: Engine | null = null
  #session: VendorSession | null = null
  #seen: { latest: VendorAnswer | null; problem: unknown } = { latest: null, problem: null }

  constructor() {
    this.computing = spawn(app, ['runner'], { stdio: 'ignore' })
    const card = `bus/pci/devices/${PCI}`
    this.#write(`${card}/vendor`, '0x10de\n')
    this.#write(`${card}/class`, '0x030000\n')
    this.#write(`${card}/power/runtime_status`, 'active\n')
    this.#write(`${card}/power/control`, 'on\n')
    symlinkSync('../../../../bus/pci/drivers/nvidia', this.#path(`${card}/driver`))
    this.#write('class/powercap/intel-rapl:0/name', 'package-0\n')
    this.#write('class/powercap/intel-rapl:0/max_energy_range_uj', '999999999999999\n')
    this.#play()
  }

  async start(): Promise<void> {
    const host: Host = {
      ...realHost({ sysfs: this.#path('') }),
      clock: this.clock,
      selfPid: null,
      facts: async () => BARE_FACTS,
      vendor: (driver) => this.#follow(this.port.session(driver)),
    }
    const started = await startEngine(host, { ...SIMULATED, dataDir: this.dataDir })
    if (!started.ok) throw new Error(started.reason)
    this.#engine = started.value
    this.#engine.on('tick', (now) => {
      this.now = now
    })
    // The first reading begins the first interval.
    this.#engine.tick()
    await this.#answered()
  }

  /** A tick after `forMs`. The processor is measured by every one of them, whatever the driver does. */
  async tick(options: { isAnswerAwaited?: boolean; forMs?: number } = {}): Promise<void> {
    const { isAnswerAwaited = true, forMs = 1_000 } = options
    this.clock.advance(forMs)
    this.elapsedMs += forMs
    this.#play()
    this.#seen = { latest: this.#session?.latest ?? null, problem: this.#session?.problem ?? null }
    this.#engine?.tick()
    this.ticks += 1
    if (this.port.pid !== null) this.pids.add(this.port.pid)
    expect(this.domain('cpu/0')).toMatchObject({ state: 'measuring', powerW: CPU_W })
    if (isAnswerAwaited) await this.#answered()
  }

  async tickUntilMeasured(): Promise<void> {
    for (let tick = 0; tick < 40; tick++) {
      await this.tick()
      if (this.domain(`gpu/${PCI}`)?.powerW === GPU_W) return
    }
    throw new Error(`the card stays dark: ${this.domain(`gpu/${PCI}`)?.reason}`)
  }

  domain(id: string) {
    return this.now?.domains.find((domain) => domain.id === id)
  }

  async energyMj(by: 'domain' | 'app'): Promise<{ gaps: number; rows: Record<string, number> }> {
    const toS = Math.ceil(this.clock.wallMs() / 1_000)
    const fromS = toS - Math.ceil(this.elapsedMs / 1_000) - 10
    const history = await this.#engine?.handlers.history({ fromS, toS, by })
    if (history?.ok !== true) throw new Error(history?.reason)
    const rows = history.value.rows.map((row) => [row.key, row.energyMj])
    return { gaps: history.value.gaps.length, rows: Object.fromEntries(rows) }
  }

  async stop(): Promise<void> {
    await this.#engine?.stop()
    this.#engine = null
    this.computing.kill()
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  /** Until the question of this tick has its answer or its problem, or until there is no process that could answer. */
  async #answered(): Promise<void> {
    // What the kernel has to tell of a process is heard between two ticks, as in an engine that waits for the next.
    await setImmediate()
    const { latest, problem } = this.#seen
    const has = () => {
      const session = this.#session
      return this.port.pid === null || session?.latest !== latest || session?.problem !== problem
    }
    await vi.waitFor(() => expect(has()).toBe(true), { timeout: 10_000, interval: 2 })
  }

  #follow(session: VendorSession): VendorSession {
    this.#session = session
    this.#seen = { latest: session.latest, problem: session.problem }
    return session
  }

  #play(): void {
    const { clock, elapsedMs, computing } = this
    this.#write('class/powercap/intel-rapl:0/energy_uj', `${1_000_000 + CPU_W * 1_000 * elapsedMs}\n`)
    const pid = computing.pid ?? 0
    simulator.play({
      ...this.scenario,
      driver: this.driver,
      cards: [
        {
          pci: PCI,
          energyMj: 1_000 + GPU_W * elapsedMs,
          gpuPct: 80,
          processes: [{ pid, bytes: 8 * 2 ** 30 }],
          samples: [{ pid, atUs: BigInt(Math.round(clock.wallMs())) * 1_000n, smPct: 80 }],
        },
      ],
    })
  }

  #path(name: string): string {
    return join(this.dataDir, 'sys', name)
  }

  #write(name: string, text: string): void {
    mkdirSync(dirname(this.#path(name)), { recursive: true })
    writeFileSync(this.#path(name), text)
  }
}

async function killed(machine: OutageMachine): Promise<void> {
  const pid = machine.port.pid ?? 0
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(machine.port.pid).not.toBe(pid), { timeout: 10_000, interval: 2 })
  await machine.tick()
  expect(machine.domain(`gpu/${PCI}`)).toMatchObject({ state: 'failing', powerW: null })
}

async function hung(machine: OutageMachine): Promise<void> {
  const pid = machine.port.pid ?? 0
  machine.scenario = { hangs: { name: 'nvmlDeviceGetPowerUsage', forMs: 5_000 } }
  for (let second = 0; second < 5; second++) await machine.tick({ isAnswerAwaited: false })
  expect(machine.domain(`gpu/${PCI}`)).toMatchObject({ state: 'failing', powerW: null })
  await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 10_000, interval: 2 })
  machine.scenario = {}
}

/** First the kernel's module and the loaded library differ, then the new library and the old module; then both are new. */
async function updated(machine: OutageMachine): Promise<void> {
  machine.driver += 1
  machine.scenario = { fails: [{ name: 'nvmlInit_v2', code: VERSION_MISMATCH }] }
  for (let second = 0; second < 14; second++) await machine.tick()
  // Longer than the engine waits before it gives up sources that another could stand in for.
  await machine.tick({ forMs: 61_000 })
  const reason = expect.stringContaining('driver was updated')
  expect(machine.domain(`gpu/${PCI}`)).toMatchObject({ state: 'failing', powerW: null, reason })
  machine.scenario = {}
}

const realCycles = runs('nvml-outages-real', 3, 200)
onLinux(
  `${realCycles} × killed, hung and updated under load: the processor loses no tick, the card comes back, and nothing is left behind`,
  async () => {
    const machine = new OutageMachine()
    onTestFinished(() => machine.stop())
    await machine.start()
    await machine.tickUntilMeasured()
    // What is opened and compiled once is no leak.
    const warm = Math.max(1, Math.floor(realCycles / 3))
    let before = { heapBytes: 0, rssBytes: 0, descriptors: 0 }
    for (let cycle = 0; cycle < realCycles; cycle++) {
      if (cycle === warm) before = kept()
      for (const outage of [killed, hung, updated]) {
        await outage(machine)
        await machine.tickUntilMeasured()
        // An accident after a good minute is a new one: the pause does not double.
        await machine.tick({ forMs: 61_000 })
        // An answer is handed over by the tick after its question.
        await machine.tick()
      }
    }
    // The channel of a process that has ended is closed a moment later, and the test runner may have opened something of its own.
    const most = before.descriptors + RUNNERS_OWN
    await vi.waitFor(() => expect(kept().descriptors).toBeLessThanOrEqual(most), { timeout: 10_000 })
    const after = kept()
    expect(after.heapBytes - before.heapBytes).toBeLessThan(8_000_000)
    expect(after.rssBytes - before.rssBytes).toBeLessThan(48_000_000)

    const byDomain = await machine.energyMj('domain')
    expect(byDomain.gaps).toBe(0)
    expect(byDomain.rows['cpu/0']).toBe(CPU_W * machine.elapsedMs)
    // The card: what it counted outside of its outages, and all of that by the one process that computed.
    const cardMj = byDomain.rows[`gpu/${PCI}`] ?? 0
    expect(cardMj).toBeGreaterThan(GPU_W * 61_000 * 3 * realCycles)
    expect(cardMj).toBeLessThan(GPU_W * machine.elapsedMs)
    const byApp = await machine.energyMj('app')
    expect(byApp.rows.ollama).toBeGreaterThan(0.5 * cardMj)
    await machine.stop()
    expect(machine.pids.size).toBeGreaterThan(3 * realCycles)
    await vi.waitFor(() => expect([...machine.pids].filter((pid) => !hasEnded(pid))).toEqual([]), { timeout: 10_000 })
  },
  600_000,
)

/** The same machine, whose vendor process answers at once as it is told to. */
async function scripted() {
  const machine = new NvmlMachine()
  const { host } = machine
  machine.add('0', { name: 'package-0', range: '999999999999999\n' })
  const started = await startEngine(host, { ...SIMULATED, dataDir: null })
  if (!started.ok) throw new Error(started.reason)
  onTestFinished(() => started.value.stop())
  const seen: { now: Now | null } = { now: null }
  started.value.on('tick', (now) => {
    seen.now = now
  })
  const domain = (id: string) => seen.now?.domains.find((each) => each.id === id)
  const tick = (forMs = 1_000) => {
    host.clock.advance(forMs)
    const nowMs = host.clock.monotonicMs()
    machine.count('0', `${1_000 + CPU_W * 1_000 * nowMs}\n`)
    machine.set(PCI, { energyMj: machine.isHung ? null : String(1_000 + GPU_W * nowMs) })
    started.value.tick()
    machine.requests.length = 0
    if (domain('cpu/0')?.powerW !== CPU_W && nowMs > 1_000) throw new Error(`a tick was lost at ${nowMs} ms`)
  }
  return { machine, tick, domain, card: () => domain(`gpu/${PCI}`)?.powerW ?? null }
}

const cycles = runs('nvml-outages', 200, 10_000)
test(`${cycles} cycles of no answer, a fault, a lost driver and an exchanged one keep nothing in memory`, async () => {
  const { machine, tick, card } = await scripted()
  let before = kept()
  const opened: number[] = []
  for (let cycle = 0; cycle < cycles; cycle++) {
    if (cycle === Math.floor(cycles / 3)) before = kept()
    machine.isHung = true
    for (let second = 0; second < 4; second++) tick()
    machine.isHung = false
    machine.fault = problem(
      'broken',
      'The driver library nvml did not answer for 4 s; it is tried again after a pause.',
    )
    tick()
    expect(card()).toBeNull()
    machine.fault = null
    for (const code of [VERSION_MISMATCH, 999]) {
      machine.init = code
      machine.set(PCI, { code })
      tick(11_000)
      tick()
      expect(card()).toBeNull()
      machine.init = 0
      machine.set(PCI, { code: 0 })
      for (let second = 0; second < 3; second++) tick(11_000)
      expect(card()).toBe(GPU_W)
    }
    opened.push(machine.opened - machine.closed)
  }
  expect(new Set(opened)).toEqual(new Set([1]))
  const after = kept()
  expect(after.heapBytes - before.heapBytes).toBeLessThan(4_000_000)
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + RUNNERS_OWN)
})

/** What this process holds, after everything that nobody needs was let go. */
function kept(): { heapBytes: number; rssBytes: number; descriptors: number } {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return { heapBytes: heapUsed, rssBytes: rss, descriptors }
}
