import type { HostFiles } from '../host/host.ts'
import { isAsleep } from '../sources/runtime-status.ts'
import type { DeviceUse, GpuTimeInterface, GpuTimeReader, ProcessUse } from './gpu-time.ts'
import { kfdGpus } from './kfd-topology.ts'

const PROCESSES = '/sys/class/kfd/kfd/proc'
const GPUS_AGAIN_MS = 60_000
const MEMORY_AGAIN_MS = 5_000
/** Each stops the card for a look at its waves. */
const OCCUPANCIES_AT_ONCE = 16

/**
 * Processes that compute with ROCm on AMD's GPUs. Their queues are the card's own and no driver sees what they submit, so there is memory but no
 * time: `busyMs` is `null`, and whoever folds them shares the card's time by memory. Kernel: drivers/gpu/drm/amd/amdkfd/kfd_process.c.
 */
export const gpuKfd: GpuTimeInterface = {
  id: 'kfd',
  platforms: ['linux'],
  open: ({ host }) => (kfdGpus(host.files).size === 0 ? null : new KfdReader(host.files)),
}

type Held = { readMs: number; readonly bytesByGpu: Map<string, number> }
type Holder = { readonly pid: number; readonly gpuIds: string[]; bytes: number }

class KfdReader implements GpuTimeReader {
  readonly #files: HostFiles
  readonly #held = new Map<number, Held>()
  #gpus: ReadonlyMap<string, string> = new Map()
  #gpusUntilMs = Number.NEGATIVE_INFINITY
  #sampledMs: number | null = null

  constructor(files: HostFiles) {
    this.#files = files
  }

  sample(nowMs: number): readonly DeviceUse[] {
    const fromMs = this.#sampledMs
    this.#sampledMs = nowMs
    this.#readMemory(nowMs)
    if (fromMs === null || fromMs >= nowMs) return []
    const uses: DeviceUse[] = []
    for (const [device, holders] of this.#holdersByDevice()) {
      if (isAsleep(this.#files, device)) continue
      uses.push({
        device,
        fromMs,
        toMs: nowMs,
        busyMs: null,
        processes: this.#processes(device, holders, nowMs - fromMs),
      })
    }
    return uses
  }

  close(): void {
    this.#held.clear()
  }

  #readMemory(nowMs: number): void {
    const names = this.#files.list(PROCESSES)
    const pids = new Set(names.ok ? names.value.filter((name) => /^\d{1,10}$/.test(name)).map(Number) : [])
    for (const pid of this.#held.keys()) if (!pids.has(pid)) this.#held.delete(pid)
    if (pids.size > 0 && this.#gpusUntilMs <= nowMs) {
      this.#gpus = kfdGpus(this.#files)
      this.#gpusUntilMs = nowMs + GPUS_AGAIN_MS
    }
    for (const pid of pids) {
      const held = this.#held.get(pid)
      if (held !== undefined && nowMs - held.readMs < MEMORY_AGAIN_MS) continue
      this.#held.set(pid, { readMs: nowMs, bytesByGpu: this.#bytesOf(pid) })
    }
  }

  /** A GPU that the process does not use, or that a container may not see, is left out. */
  #bytesOf(pid: number): Map<string, number> {
    const bytesByGpu = new Map<string, number>()
    for (const gpuId of this.#gpus.keys()) {
      const bytes = this.#count(`${PROCESSES}/${pid}/vram_${gpuId}`)
      if (bytes !== null && bytes > 0) bytesByGpu.set(gpuId, bytes)
    }
    return bytesByGpu
  }

  #holdersByDevice(): Map<string, Holder[]> {
    const byDevice = new Map<string, Holder[]>()
    for (const [pid, { bytesByGpu }] of this.#held) {
      for (const [gpuId, bytes] of bytesByGpu) {
        const device = this.#gpus.get(gpuId)
        if (device === undefined) continue
        const holders = byDevice.get(device) ?? []
        byDevice.set(device, holders)
        const own = holders.find((holder) => holder.pid === pid)
        if (own === undefined) holders.push({ pid, gpuIds: [gpuId], bytes })
        else {
          own.gpuIds.push(gpuId)
          own.bytes += bytes
        }
      }
    }
    return byDevice
  }

  #processes(device: string, holders: readonly Holder[], intervalMs: number): ProcessUse[] {
    const times = this.#times(device, holders, intervalMs)
    return holders.map(({ pid, bytes }, index) => ({
      pid,
      busyMs: times?.[index] ?? null,
      memoryBytes: bytes,
      isResident: true,
    }))
  }

  /**
   * Compute units that each process occupies at this moment divide the time that the card worked (`gpu_busy_percent`; all of it where that is not
   * told, because a snapshot finds a card at work as often as it works). Only where there is something to divide, and every process tells.
   */
  #times(device: string, holders: readonly Holder[], intervalMs: number): number[] | null {
    const files = holders.flatMap(({ gpuIds }) => gpuIds).length
    if (holders.length < 2 || files > OCCUPANCIES_AT_ONCE) return null
    const units: number[] = []
    for (const { pid, gpuIds } of holders) {
      const counts = gpuIds.map((gpuId) => this.#count(`${PROCESSES}/${pid}/stats_${gpuId}/cu_occupancy`))
      if (counts.includes(null)) return null
      units.push(counts.reduce<number>((sum, count) => sum + (count ?? 0), 0))
    }
    const all = units.reduce((sum, own) => sum + own, 0)
    if (all === 0) return null
    const percent = this.#count(`/sys/bus/pci/devices/${device}/gpu_busy_percent`)
    const busyMs = intervalMs * (percent === null || percent > 100 ? 1 : percent / 100)
    return units.map((own) => (busyMs * own) / all)
  }

  #count(path: string): number | null {
    const text = this.#files.text(path)
    if (!text.ok || !/^\d{1,16}\n?$/.test(text.value)) return null
    const count = Number(text.value)
    return Number.isSafeInteger(count) ? count : null
  }
}
