import type { Host, VendorAnswer, VendorSession } from '../host/host.ts'
import type { DeviceUse, GpuTimeInterface, GpuTimeReader, ProcessUse } from './gpu-time.ts'
import { parseInstance } from './pdh-instances.ts'
import { type PdhLook, readPdhLook } from './pdh-look.ts'

/** Hundreds of instances: 5–30 ms of the vendor process each time. */
const ASK_EVERY_MS = 2_000
/** After this the two looks tell nothing of who worked when. */
const LONGEST_MS = 30_000
/** An engine cannot run longer than the time that passed, but the two are not read in the same moment. */
const SLACK_MS = 50
/** Every window holds some memory of the GPU; a model that is worth its name holds more. */
const RESIDENT_BYTES = 256 * 2 ** 20

/** Time of engines and memory by process, from Windows' counters "GPU Engine" and "GPU Process Memory" (Windows 10 1709 and later). */
export const gpuPdh: GpuTimeInterface = {
  id: 'pdh',
  platforms: ['win32'],
  open: ({ host }) => new PdhReader(host),
}

class PdhReader implements GpuTimeReader {
  readonly #session: VendorSession
  #answer: VendorAnswer | null = null
  #look: PdhLook | null = null
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(host: Host) {
    this.#session = host.vendor('pdh')
  }

  sample(nowMs: number): readonly DeviceUse[] {
    const { latest } = this.#session
    if (nowMs - this.#askedMs >= ASK_EVERY_MS) {
      this.#askedMs = nowMs
      this.#session.ask()
    }
    if (latest === null || latest === this.#answer) return []
    this.#answer = latest
    const before = this.#look
    this.#look = readPdhLook(latest.value, (latest.askedMs + latest.answeredMs) / 2)
    return before === null || this.#look === null ? [] : usesBetween(before, this.#look)
  }

  close(): void {
    this.#session.close()
  }
}

/** What was done between two looks on each device that Windows knows an address of. */
export function usesBetween(before: PdhLook, after: PdhLook): DeviceUse[] {
  const lengthMs = after.atMs - before.atMs
  if (!(lengthMs > 0) || lengthMs > LONGEST_MS) return []
  const uses = new Map<string, { engines: Map<number, number>; processes: Map<number, ProcessUse> }>()
  for (const [luid, device] of after.devices) {
    if (!uses.has(device)) uses.set(device, { engines: new Map(), processes: new Map() })
    const use = uses.get(device)
    if (use !== undefined) addTimes(use, luid, before, after)
    if (use !== undefined) addMemory(use.processes, luid, after)
  }
  return Array.from(uses, ([device, { engines, processes }]) => ({
    device,
    fromMs: before.atMs,
    toMs: after.atMs,
    busyMs: Math.min(lengthMs, Math.max(0, ...engines.values())),
    processes: [...processes.values()],
  }))
}

type Use = { readonly engines: Map<number, number>; readonly processes: Map<number, ProcessUse> }

/** Shares are by the sum over a process's engines; the device is as busy as its busiest engine. */
function addTimes({ engines, processes }: Use, luid: string, before: PdhLook, after: PdhLook): void {
  for (const [name, runningMs] of after.runningMs) {
    const instance = parseInstance(name)
    if (instance === null || instance.luid !== luid || instance.engine === null) continue
    const busyMs = deltaMs(before, name, runningMs, after.atMs - before.atMs)
    engines.set(instance.engine, (engines.get(instance.engine) ?? 0) + busyMs)
    const known = processes.get(instance.pid)
    const sumMs = (known?.busyMs ?? 0) + busyMs
    processes.set(instance.pid, { pid: instance.pid, busyMs: sumMs, memoryBytes: null, isResident: false })
  }
}

/** An instance that was not there has begun since; one that shows less is another process's of the same number. A jump is no time. */
function deltaMs(before: PdhLook, name: string, runningMs: number, lengthMs: number): number {
  const earlierMs = before.runningMs.get(name) ?? 0
  const grownMs = runningMs >= earlierMs ? runningMs - earlierMs : runningMs
  return grownMs <= lengthMs + SLACK_MS ? grownMs : 0
}

function addMemory(processes: Map<number, ProcessUse>, luid: string, after: PdhLook): void {
  for (const [name, bytes] of after.bytes ?? []) {
    const instance = parseInstance(name)
    if (instance === null || instance.luid !== luid) continue
    const known = processes.get(instance.pid)
    const memoryBytes = (known?.memoryBytes ?? 0) + bytes
    const isResident = memoryBytes >= RESIDENT_BYTES
    // A process that holds memory and never ran an engine did nothing: that is known, not unknown.
    processes.set(instance.pid, { pid: instance.pid, busyMs: known?.busyMs ?? 0, memoryBytes, isResident })
  }
}
