import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { realHost } from '../engine/host/real.ts'

/** Where the figures come from: they are of no use without it. */
export type BenchMachine = {
  readonly cpu: string | null
  readonly logicalCpus: number
  readonly memoryBytes: number
  readonly os: string | null
  readonly kernel: string
  readonly virtualisation: string | null
  readonly node: string
}

export async function describeMachine(): Promise<BenchMachine> {
  const { cpuModel, osName, virtualisation } = await realHost().facts()
  return {
    cpu: cpuModel ?? cpus()[0]?.model ?? null,
    logicalCpus: availableParallelism(),
    memoryBytes: totalmem(),
    os: osName,
    kernel: `${type()} ${release()}`,
    virtualisation,
    node: process.version,
  }
}

export function machineText({ cpu, logicalCpus, memoryBytes, os, kernel, node }: BenchMachine): string {
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`
  return [`${logicalCpus} × ${cpu ?? 'unknown CPU'}`, memory, os ?? kernel, kernel, `Node ${node}`].join(', ')
}
