import { gpuAccelerators } from './gpu-accelerators.ts'
import { gpuFdinfo } from './gpu-fdinfo.ts'
import { gpuKfd } from './gpu-kfd.ts'
import { gpuPdh } from './gpu-pdh.ts'
import type { GpuTimeInterface } from './gpu-time.ts'

/** In any order: what two of them tell of one process is not added up (device-activity.ts). */
export const gpuTimeInterfaces: readonly GpuTimeInterface[] = [gpuAccelerators, gpuFdinfo, gpuKfd, gpuPdh]
