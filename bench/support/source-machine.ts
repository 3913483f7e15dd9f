import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { NvmlSimulator } from '../../test/support/nvml/nvml-scenario.ts'
import { moveSourceTree, NVIDIA_CARD, writeSourceTree } from './source-tree.ts'

const MOVES_EACH_MS = 500
const PLUG_W = 180

/** A machine of made-up parts: files for the kernel's interfaces, a library for NVIDIA's, a server for the plug in front of it. */
export type SourceMachine = {
  readonly sysfs: string
  /** One without any of it. */
  readonly emptySysfs: string
  readonly meterAddress: string
  /** Counters and sensors move as long as this runs. */
  move(): () => void
  end(): void
}

/** @throws where there is no C compiler. */
export async function startSourceMachine(directory: string): Promise<SourceMachine> {
  const [sysfs, emptySysfs] = [join(directory, 'sys'), join(directory, 'empty-sys')]
  mkdirSync(emptySysfs)
  writeSourceTree(sysfs)
  const simulator = new NvmlSimulator()
  simulator.play({
    cards: [{ pci: NVIDIA_CARD, watts: 90, gpuPct: 35, processes: [{ pid: process.pid, bytes: 2 ** 30 }] }],
  })
  const pathBefore = process.env.LD_LIBRARY_PATH
  // What is started from now on finds the simulator where it looks for NVIDIA's library first.
  process.env.LD_LIBRARY_PATH = simulator.directory
  const plug = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ active_power_w: PLUG_W + Math.sin(performance.now()) }))
  })
  plug.listen(0, '127.0.0.1')
  await once(plug, 'listening')
  const address = plug.address()
  if (address === null || typeof address === 'string') throw new Error('the plug has no port')
  return {
    sysfs,
    emptySysfs,
    meterAddress: `http://127.0.0.1:${address.port}`,
    move() {
      const startMs = performance.now()
      const timer = setInterval(() => moveSourceTree(sysfs, (performance.now() - startMs) / 1_000), MOVES_EACH_MS)
      return () => clearInterval(timer)
    },
    end() {
      plug.closeAllConnections()
      plug.close()
      if (pathBefore === undefined) delete process.env.LD_LIBRARY_PATH
      else process.env.LD_LIBRARY_PATH = pathBefore
      rmSync(simulator.directory, { recursive: true })
    },
  }
}
