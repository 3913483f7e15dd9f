import { spawnSync } from 'node:child_process'
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SIMULATOR = fileURLToPath(new URL('nvml-simulator.c', import.meta.url))

/** A card of the simulator; -1 where its driver does not support a value. */
export type SimulatedCard = {
  readonly pci: string
  readonly name?: string
  readonly uuid?: string
  readonly architecture?: number
  readonly limitMw?: number
  readonly memoryBytes?: number
  readonly isSplit?: boolean
  readonly energyMj?: number
  /** By which the energy grows in real time. */
  readonly watts?: number
  readonly averageMw?: number
  readonly instantMw?: number
  readonly usageMw?: number
  readonly gpuPct?: number
  readonly processes?: readonly {
    readonly pid: number
    readonly bytes: number | bigint
    readonly kind?: 'compute' | 'graphics' | 'mps'
    readonly instance?: number
  }[]
  readonly samples?: readonly { readonly pid: number; readonly atUs: bigint; readonly smPct: number }[]
}

export type Scenario = {
  readonly cards?: readonly SimulatedCard[]
  readonly strideBytes?: 16 | 24 | 32
  /** Return codes by function, of one card or, without it, of all. */
  readonly fails?: readonly { readonly name: string; readonly code: number; readonly card?: number }[]
  readonly hangs?: { readonly name: string; readonly forMs: number }
  readonly crashes?: string
  /** The kernel module that runs: a process that began with another one gets NVML_ERROR_LIB_RM_VERSION_MISMATCH from every call. */
  readonly driver?: number
}

/** A library that can be loaded as NVIDIA's, and the file that tells it what to answer. */
export class NvmlSimulator {
  readonly directory = mkdtempSync(join(tmpdir(), 'perwatt-nvml-'))
  /** By the name under which drivers are looked for. */
  readonly library = join(this.directory, 'libnvidia-ml.so.1')
  readonly #scenario = join(this.directory, 'scenario')

  /** @throws where there is no C compiler. */
  constructor() {
    const compiler = process.env.CC ?? 'cc'
    const args = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', this.library, SIMULATOR]
    const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' })
    if (error !== undefined) throw new Error(`needs a C compiler, and ${compiler} cannot be run (${error.message})`)
    if (status !== 0) throw new Error(`${compiler} refused nvml-simulator.c: ${stderr.trim()}`)
    this.play({})
    process.env.PERWATT_NVML_SCENARIO = this.#scenario
  }

  /** From the next call on. */
  play({ cards = [], strideBytes = 24, fails = [], hangs, crashes, driver = 1 }: Scenario): void {
    const lines = [`stride ${strideBytes}`, `driver ${driver}`, ...cards.flatMap(linesOf)]
    for (const { name, code, card = -1 } of fails) lines.push(`fail ${card} ${name} ${code}`)
    if (hangs !== undefined) lines.push(`hang ${hangs.name} ${hangs.forMs}`)
    if (crashes !== undefined) lines.push(`crash ${crashes}`)
    // Whole at once: the driver's process may be reading it.
    writeFileSync(`${this.#scenario}.next`, `${lines.join('\n')}\n`)
    renameSync(`${this.#scenario}.next`, this.#scenario)
  }
}

function linesOf(card: SimulatedCard, index: number): string[] {
  const values = [
    card.pci,
    card.uuid ?? `GPU-${index}`,
    card.architecture ?? 8,
    card.limitMw ?? 450_000,
    card.memoryBytes ?? 24 * 2 ** 30,
    card.isSplit === true ? 1 : 0,
    card.energyMj ?? 1_000,
    card.watts ?? 0,
    card.averageMw ?? -1,
    card.instantMw ?? -1,
    card.usageMw ?? 100_000,
    card.gpuPct ?? 0,
    card.name ?? 'NVIDIA GeForce RTX 4090',
  ]
  return [
    `card ${index} ${values.join(' ')}`,
    ...(card.processes ?? []).map(
      ({ pid, bytes, kind = 'compute', instance = -1 }) => `process ${index} ${kind} ${instance} ${pid} ${bytes}`,
    ),
    ...(card.samples ?? []).map(({ pid, atUs, smPct }) => `sample ${index} ${pid} ${atUs} ${smPct}`),
  ]
}
