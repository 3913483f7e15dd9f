import { AppId } from '../../contract/ids.ts'
import type { ProcessKey } from '../host/host.ts'
import type { MachineLoad } from '../sources/source.ts'

/** Perwatt in its own list. */
export const SELF = AppId.parse('perwatt')

/** What an app's processes did in one sample. */
export type AppActivity = {
  readonly app: AppId
  /** CPU time in the interval, weighted by the capacity of the core it ran on (1 on machines with equal cores), ms. */
  readonly cpuMs: number
  /** The same unweighted: what a person calls "cores busy" times the interval. */
  readonly plainCpuMs: number
  /** Living processes folded into the app. */
  readonly processes: number
}

/** Who was busy between the last sample and this one. */
export type ActivitySample = {
  readonly atMs: number
  readonly intervalMs: number
  /** Busy CPU time of the whole machine in the interval, weighted like `cpuMs`; everything not in `apps` is by difference. */
  readonly busyMs: number
  readonly logicalCpus: number
  /** Apps with living processes or with CPU time in the interval. */
  readonly apps: readonly AppActivity[]
}

/** A heavy process without a name, offered as "name this app". Never its arguments. */
export type UnnamedProcess = { readonly exe: string; readonly cpuCores: number; readonly processes: number }

/** Credit that was dropped or processes that could not be read; counted, shown on *Sources*. */
export type SamplerFinding = {
  readonly code: 'childrenOverBusy' | 'unreadable' | 'noDescriptor'
  readonly count: number
}

export interface ProcessSampler {
  /** Performance and efficiency cores: a millisecond on one is not a millisecond on the other. */
  readonly coresDiffer: boolean
  /** Reads the machine's cumulative load first; sources that model from load use the same figures. */
  readLoad(): MachineLoad | null
  /** Reads the known processes; call it right after the sources. `null` where the machine shows no load at all. */
  sample(): ActivitySample | null
  /** The next sample starts anew: after a gap nothing that happened in it is booked. */
  restart(): void
  /** The rules have changed: every known process is recognised anew. Slow (a look at each), so only when somebody changed them. */
  lookAgain(): void
  /** The app that a process belongs to now; `null` where it is none, or is not known. */
  appOf(pid: number): AppId | null
  /** The living processes that belong to an app. */
  tracked(): Iterable<ProcessKey>
  unnamed(): readonly UnnamedProcess[]
  findings(): readonly SamplerFinding[]
  close(): void
}
