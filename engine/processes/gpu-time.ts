import type { Host, ProcessKey } from '../host/host.ts'

/** What one process did on a device between two looks. */
export type ProcessUse = {
  readonly pid: number
  /** Time of an engine or of the SMs, ms; `null` where the driver shows the process and not its time. */
  readonly busyMs: number | null
  /** Memory of the device that it holds; `null` where the driver does not tell. */
  readonly memoryBytes: number | null
  /** It holds a context that keeps the device from its deep idle: a compute context, a model in memory. */
  readonly isResident: boolean
}

/** What was done on one device between two looks, by process. */
export type DeviceUse = {
  /** As in `Domain.device`. */
  readonly device: string
  readonly fromMs: number
  readonly toMs: number
  /** Time in which the device worked, in terms of its busiest engine, ms; `null` where the driver does not tell. */
  readonly busyMs: number | null
  readonly processes: readonly ProcessUse[]
}

export type GpuTimeContext = {
  readonly host: Host
  /** The processes that belong to an app now: nobody else's descriptors are looked through. */
  readonly tracked: () => Iterable<ProcessKey>
}

export interface GpuTimeReader {
  /**
   * What was done since the last look: called once a tick, right after the processes were read. Must not block, must not wake a device that
   * sleeps (sources/runtime-status.ts) and keeps no descriptor of `/dev/dri`, `/dev/nvidia*` or `/dev/accel` open.
   */
  sample(nowMs: number): readonly DeviceUse[]
  close(): void
}

/** One interface that tells what processes do on GPUs and NPUs. One file, one line in gpu-time-registry.ts. */
export type GpuTimeInterface = {
  readonly id: string
  readonly platforms: readonly Host['platform'][]
  /** `null` where this machine does not have it. */
  open(context: GpuTimeContext): GpuTimeReader | null
}
