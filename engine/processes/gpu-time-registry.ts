import type { GpuTimeInterface } from './gpu-time.ts'

/** In any order: what two of them tell of one process is not added up (device-activity.ts). */
export const gpuTimeInterfaces: readonly GpuTimeInterface[] = []
