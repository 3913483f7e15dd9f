import type { ProcessKey } from '../../../engine/host/host.ts'
import { gpuFdinfo } from '../../../engine/processes/gpu-fdinfo.ts'
import type { DeviceUse, GpuTimeReader, ProcessUse } from '../../../engine/processes/gpu-time.ts'
import { type MemoryFile, MemoryHost } from '../../support/memory-host.ts'

/** What every descriptor's text begins with (fs/proc/fd.c). */
const HEAD = 'pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t685\n'

/** Text of a descriptor, written as the kernel's documentation and drivers print it. */
export function fdinfo(lines: Readonly<Record<string, string | number>>): string {
  return (
    HEAD +
    Object.entries(lines)
      .map(([key, value]) => `${key}:\t${value}\n`)
      .join('')
  )
}

/** The same with the keys that every driver prints. */
export function drmText(driver: string, client: number, lines: Readonly<Record<string, string | number>> = {}): string {
  return fdinfo({ 'drm-driver': driver, 'drm-client-id': client, 'drm-pdev': CARD, ...lines })
}

export const CARD = '0000:03:00.0'
export const RENDER = '/dev/dri/renderD128'
export const ACCEL = '/dev/accel/accel0'

/** A machine with one card, and processes whose descriptors are written one by one. */
export class DrmMachine {
  readonly host = new MemoryHost()
  readonly tracked: ProcessKey[] = []
  readonly reader: GpuTimeReader
  #fdinfoReads = 0

  constructor(node = RENDER, device: string = `../../../${CARD}`) {
    const [, , kind, name] = node.split('/') as [string, string, 'dri' | 'accel', string]
    const folder = `/sys/class/${kind === 'dri' ? 'drm' : 'accel'}/${name}`
    this.host.write(`${folder}/dev`, '226:128\n')
    this.host.links.set(`${folder}/device`, device)
    const reader = gpuFdinfo.open({ host: this.host, tracked: () => this.tracked })
    if (reader === null) throw new Error('the machine has no device')
    this.reader = reader
  }

  start(pid: number, startTicks = pid): void {
    this.tracked.push({ pid, startTicks })
    this.host.links.set(`/proc/${pid}/fd/0`, '/dev/null')
  }

  open(pid: number, descriptor: number, text: MemoryFile, node = RENDER): void {
    this.host.links.set(`/proc/${pid}/fd/${descriptor}`, node)
    this.host.write(`/proc/${pid}/fdinfo/${descriptor}`, () => {
      this.#fdinfoReads++
      const now = typeof text === 'function' ? text() : text
      return now instanceof Uint8Array ? Buffer.from(now).toString('latin1') : now
    })
  }

  closeDescriptor(pid: number, descriptor: number): void {
    this.host.links.delete(`/proc/${pid}/fd/${descriptor}`)
    this.host.remove(`/proc/${pid}/fdinfo/${descriptor}`)
  }

  end(pid: number): void {
    this.tracked.splice(
      this.tracked.findIndex((key) => key.pid === pid),
      1,
    )
    for (const path of [...this.host.links.keys()]) if (path.startsWith(`/proc/${pid}/`)) this.host.links.delete(path)
    for (const path of [...this.host.memory.keys()]) if (path.startsWith(`/proc/${pid}/`)) this.host.remove(path)
  }

  /** `power/runtime_status`, and whether the driver may let it sleep. */
  power(status: 'active' | 'suspended', control: 'auto' | 'on' = 'auto'): void {
    this.host.write(`/sys/bus/pci/devices/${CARD}/power/runtime_status`, `${status}\n`)
    this.host.write(`/sys/bus/pci/devices/${CARD}/power/control`, `${control}\n`)
  }

  tick(ms = 1_000): readonly DeviceUse[] {
    this.host.clock.advance(ms)
    return this.reader.sample(this.host.clock.monotonicMs())
  }

  /** What processes did on the one device in this tick, by pid. */
  used(ms = 1_000): Record<number, Omit<ProcessUse, 'pid'>> {
    const uses = this.tick(ms).flatMap(({ processes }) => processes)
    return Object.fromEntries(uses.map(({ pid, ...use }) => [pid, use]))
  }

  /** How often text of a descriptor was asked for since the last time that this was. */
  fdinfoReads(): number {
    const reads = this.#fdinfoReads
    this.#fdinfoReads = 0
    return reads
  }
}

export const MIB = 1_024 ** 2
